/** Reading a config file: into the menu of the running context (`source`) or into a menu of its own (`configfile`). */
import { TygrubError } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import { readAll } from '../../source/read-all.js';
import { directoryOf, openFile } from './files.js';
import { runFile } from './interpreter.js';
import type { Machine, OpenedMenu } from './machine.js';
import { ScriptText } from './script-text.js';

/** A config file that was read: where it is. */
export interface ReadConfig {
  readonly volume: GuestVolume | null;
  readonly path: string;
}

/**
 * Runs a file in the machine's context; null when it cannot be opened.
 * @throws TygrubError limit
 */
export async function runConfigFile(machine: Machine, name: string): Promise<ReadConfig | null> {
  const { surroundings } = machine;
  const opened = await openFile(machine, name);
  if (!opened.ok) {
    surroundings.warn('grub2.config-missing', opened.problem.message, machine.place);
    return null;
  }
  surroundings.budget.include();
  const { device, path } = opened.name;
  const where = `${device?.volume?.name ?? device?.name ?? ''}:${path}`;
  let bytes: Uint8Array;
  try {
    bytes = await readAll(opened.source, surroundings.limits.configSize, 'configSize', where);
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind === 'limit') throw error;
    surroundings.warn(error.code, error.summary, machine.place);
    return null;
  }
  const full = name.startsWith('(') ? name : `(${opened.name.deviceName ?? ''})${name}`;
  const saved = ['config_file', 'config_directory'].map((variable) => [variable, machine.get(variable)] as const);
  machine.variables.set('config_file', full, machine.place);
  machine.variables.set('config_directory', directoryOf(full), machine.place);
  machine.variables.export('config_file', null);
  machine.variables.export('config_directory', null);
  await runFile(machine, ScriptText.ofFile(bytes, where));
  for (const [variable, value] of saved) {
    if (value === undefined) machine.variables.unset(variable);
    else machine.variables.set(variable, value, machine.place);
  }
  return { volume: device?.volume ?? null, path };
}

/** A context that a config was run in, and the config; null where the file could not be read. */
export interface ConfigContext {
  readonly machine: Machine;
  readonly read: ReadConfig | null;
}

/**
 * Runs a file in a new context with an empty menu. What it does beyond variables and the menu stays done in `machine`.
 * @throws TygrubError limit
 */
export async function runInContext(machine: Machine, name: string): Promise<ConfigContext> {
  const inner = machine.fork();
  inner.variables = machine.variables.context(machine.surroundings.flavour === 'redhat');
  inner.menu = [];
  inner.parameters = machine.parameters;
  inner.loaded = machine.loaded;
  const read = await runConfigFile(inner, name);
  machine.functions = inner.functions;
  machine.environmentBlocks = inner.environmentBlocks;
  machine.passwords = inner.passwords;
  machine.searches = inner.searches;
  machine.depth = inner.depth;
  machine.blscfg ||= inner.blscfg;
  machine.blsEntries = inner.blsEntries;
  machine.loaded = inner.loaded;
  if (inner.ended !== null) machine.ended = inner.ended;
  return { machine: inner, read };
}

/** The menu that a context would show; null when it has no entries. */
export function menuOfContext({ machine, read }: ConfigContext): OpenedMenu | null {
  if (machine.ended?.kind === 'menu') return machine.ended.menu;
  if (read === null || machine.menu.length === 0) return null;
  return { machine, definitions: machine.menu, config: read.volume === null ? null : { volume: read.volume, path: read.path } };
}
