/** `load_env`, `save_env`, `list_env`: the environment block. It is never written; what was saved is remembered. */
import { TygrubError } from '../../../errors.js';
import { readAll } from '../../../source/read-all.js';
import { openFile } from '../files.js';
import { type EnvironmentBlock, parseEnvironmentBlock } from '../grubenv.js';
import type { Machine } from '../machine.js';
import { type OptionSpec, parseOptions } from '../options.js';
import { Status } from '../status.js';
import type { Call, Command } from './command.js';

const OPTIONS: readonly OptionSpec[] = [
  { long: 'file', short: 'f', value: 'required' },
  { long: 'skip-sig', short: 's', value: 'none' },
];

interface OpenedBlock {
  readonly key: string;
  readonly block: EnvironmentBlock;
}

async function openBlock(machine: Machine, file: string | undefined): Promise<OpenedBlock | number> {
  const { limits } = machine.surroundings;
  let name = file;
  if (name === undefined) {
    const prefix = machine.get('prefix');
    if (prefix === undefined) return machine.fail(Status.FILE_NOT_FOUND, 'grub2.environment', 'there is no $prefix to look for grubenv in');
    name = `${prefix}/grubenv`;
  }
  const opened = await openFile(machine, name);
  if (!opened.ok) return machine.fail(opened.status, 'grub2.environment-missing', opened.problem.message);
  const key = `${opened.name.device?.name ?? ''}:${opened.name.path}`;
  const saved = machine.environmentBlocks.get(key);
  if (saved !== undefined) return { key, block: saved };
  try {
    const bytes = await readAll(opened.source, limits.environmentSize, 'environmentSize', name);
    const block = parseEnvironmentBlock(bytes, limits.environmentSize);
    machine.surroundings.noteEnvironment(`${opened.name.device?.volume?.name ?? ''}:${opened.name.path}`, block);
    return { key, block };
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    return machine.fail(error.kind === 'corrupt' ? Status.BAD_FILE_TYPE : Status.FILE_READ_ERROR, error.code, `${name}: ${error.summary}`);
  }
}

async function withBlock(machine: Machine, call: Call, use: (opened: OpenedBlock, names: readonly string[]) => number): Promise<number> {
  const parsed = parseOptions(OPTIONS, call.args);
  if (!parsed.ok) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${call.name}: ${parsed.message}`);
  if (call.name === 'save_env' && parsed.rest.length === 0)
    return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'save_env needs the name of a variable');
  const opened = await openBlock(machine, parsed.options.get('file')?.at(-1));
  return typeof opened === 'number' ? opened : use(opened, parsed.rest);
}

const loadEnv: Command = {
  run: (machine, call) =>
    withBlock(machine, call, ({ block }, names) => {
      for (const [name, value] of block) if (names.length === 0 || names.includes(name)) machine.set(name, value);
      return Status.OK;
    }),
};

const saveEnv: Command = {
  run: (machine, call) =>
    withBlock(machine, call, ({ key, block }, names) => {
      const changed = new Map(block);
      for (const name of names) {
        const value = machine.get(name);
        machine.surroundings.budget.charge(name.length + (value?.length ?? 0));
        if (value === undefined) changed.delete(name);
        else changed.set(name, value);
      }
      machine.environmentBlocks = new Map(machine.environmentBlocks).set(key, changed);
      return Status.OK;
    }),
};

const listEnv: Command = { run: (machine, call) => withBlock(machine, call, () => Status.OK) };

export const ENVIRONMENT_COMMANDS: readonly (readonly [string, Command])[] = [
  ['load_env', loadEnv],
  ['save_env', saveEnv],
  ['list_env', listEnv],
];
