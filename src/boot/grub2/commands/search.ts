/** `search` in all its spellings: which device has a file, a label or a UUID. */
import type { Device } from '../devices.js';
import { attempt } from '../files.js';
import type { Machine } from '../machine.js';
import { type OptionSpec, parseOptions } from '../options.js';
import { Status } from '../status.js';
import type { Command } from './command.js';

type Kind = 'file' | 'label' | 'fs-uuid' | 'part-uuid';

/** Where several are given, the first of these counts. */
const KINDS: readonly Kind[] = ['label', 'fs-uuid', 'part-uuid', 'file'];

const OPTIONS: readonly OptionSpec[] = [
  { long: 'file', short: 'f', value: 'none' },
  { long: 'label', short: 'l', value: 'none' },
  { long: 'fs-uuid', short: 'u', value: 'none' },
  { long: 'part-uuid', short: 'U', value: 'none' },
  { long: 'set', short: 's', value: 'optional' },
  { long: 'no-floppy', short: 'n', value: 'none' },
  { long: 'efidisk-only', value: 'none' },
  { long: 'cryptodisk-only', value: 'none' },
  { long: 'root-dev-only', short: 'r', value: 'none' },
  { long: 'hint', short: 'h', value: 'required' },
  { long: 'hint-ieee1275', value: 'required' },
  { long: 'hint-bios', value: 'required' },
  { long: 'hint-baremetal', value: 'required' },
  { long: 'hint-efi', value: 'required' },
  { long: 'hint-arc', value: 'required' },
];

/** The hints that a platform's GRUB looks at beside those for all. */
const PLATFORM_HINTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['pc', ['hint-bios']],
  ['efi', ['hint-efi']],
  ['ieee1275', ['hint-ieee1275']],
  ['arc', ['hint-arc']],
]);

async function hasKey(machine: Machine, device: Device, kind: Kind, key: string): Promise<boolean> {
  const { volume } = device;
  if (volume === null) return false;
  machine.surroundings.budget.step();
  if (kind === 'part-uuid') return volume.volume.uuid?.toLowerCase() === key.toLowerCase();
  const { filesystem } = await volume.inspect();
  if (filesystem === null) return false;
  if (kind === 'fs-uuid') return filesystem.uuid?.toLowerCase() === key.toLowerCase();
  if (kind === 'label') return key !== '' && filesystem.label === key;
  if (!key.startsWith('/')) return false;
  return (await attempt(machine, () => machine.surroundings.files.stat(volume, key)))?.type === 'f';
}

/** A device to look at, and what the variable is set to where it has the key. */
interface Candidate {
  readonly device: Device;
  readonly name: string;
}

function candidate(device: Device): Candidate {
  return { device, name: device.name };
}

/** Hints are only looked at first, and keep their spelling; one that ends in a comma stands for the partitions of its disk too. */
function hinted(machine: Machine, hint: string): Candidate[] {
  const { devices } = machine.surroundings;
  const name = hint.endsWith(',') ? hint.slice(0, -1) : hint;
  const device = devices.resolve(name);
  return [...(device === null ? [] : [{ device, name }]), ...(hint.endsWith(',') ? devices.partitionsOf(name).map(candidate) : [])];
}

/** Sets `variable` to the first device that has the key; leaves it alone when there is none. */
async function search(machine: Machine, kind: Kind, key: string, variable: string | null, hints: readonly string[]): Promise<number> {
  const { devices } = machine.surroundings;
  const cacheKey = `${kind}:${key}`;
  const before = machine.searches.get(cacheKey);
  const known = before === undefined ? [] : hinted(machine, before);
  for (const { device, name } of [...known, ...hints.flatMap((hint) => hinted(machine, hint)), ...devices.all().map(candidate)]) {
    if (!(await hasKey(machine, device, kind, key))) continue;
    if (before === undefined) {
      machine.surroundings.budget.charge(cacheKey.length + name.length);
      machine.searches = new Map(machine.searches).set(cacheKey, name);
    }
    if (variable !== null) machine.set(variable, name);
    return Status.OK;
  }
  return machine.fail(Status.FILE_NOT_FOUND, 'grub2.search', `no device has the ${kind} ${key}`);
}

const searchCommand: Command = {
  extractor: true,
  async run(machine, { name, args }) {
    const parsed = parseOptions(OPTIONS, args, true);
    if (!parsed.ok) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name}: ${parsed.message}`);
    const { options, rest } = parsed;
    const kind = KINDS.find((option) => options.has(option));
    if (kind === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs to know what to look for`);
    const set = options.get('set')?.at(-1);
    let [key] = rest;
    let variable = set === undefined ? null : parsed.bare.has('set') ? 'root' : set;
    // `--set KEY` with nothing behind it: the option took the key, and means root.
    if (key === undefined && set !== undefined && !parsed.bare.has('set')) {
      key = set;
      variable = 'root';
    }
    if (key === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs to know what to look for`);
    const own = PLATFORM_HINTS.get(machine.get('grub_platform') ?? '') ?? [];
    const hints = ['hint', ...own, 'hint-baremetal'].flatMap((option) => options.get(option) ?? []);
    return search(machine, kind, key, variable, hints);
  },
};

function searchFor(kind: Kind): Command {
  return {
    extractor: true,
    run(machine, { name, args }) {
      const [key, variable, ...hints] = args;
      if (key === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs to know what to look for`);
      return search(machine, kind, key, variable ?? null, hints);
    },
  };
}

export const SEARCH_COMMANDS: readonly (readonly [string, Command])[] = [
  ['search', searchCommand],
  ['search.file', searchFor('file')],
  ['search.fs_label', searchFor('label')],
  ['search.fs_uuid', searchFor('fs-uuid')],
];
