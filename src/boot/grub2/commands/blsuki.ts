/**
 * `blscfg` and `uki` by upstream's rules (GRUB 2.14): menu entries out of Boot Loader Specification files and of unified kernel
 * images. Each call reads its directory anew; files are ordered by their names, the newest version first.
 */
import { TygrubError } from '../../../errors.js';
import type { GuestVolume } from '../../../guest/guest.js';
import { parseOsRelease } from '../../os-release.js';
import { readUki, sectionText } from '../../uki/image.js';
import { allValues, firstValue } from '../bls/entry-file.js';
import { compareFileVersions } from '../bls/order.js';
import { bareDeviceName, type Device } from '../devices.js';
import { attempt, parseFileName } from '../files.js';
import type { BlsEntry, Machine } from '../machine.js';
import { parseUnsigned } from '../numbers.js';
import { type OptionSpec, parseOptions } from '../options.js';
import { ScriptText } from '../script-text.js';
import { Status } from '../status.js';
import { addBlsEntry, expanded, insertNewest, readBlsEntry, type Selection, tellNoKernel } from './bls-entries.js';
import { redHatBlscfg } from './blscfg.js';
import type { Call, Command } from './command.js';
import { addEntry } from './menu-entries.js';

/** A file that makes an entry. */
interface Candidate {
  readonly fileName: string;
  readonly title: string | null;
  /** Puts it into the menu. */
  create(): void;
}

/** What one of the two commands looks for. */
interface Kind {
  readonly extension: string;
  readonly directory: string;
  /** Where the directory is looked for when no device is named. */
  device(machine: Machine): Device | null;
  /** Reads a file; null with a warning where it makes no entry. */
  read(machine: Machine, device: Device, volume: GuestVolume, path: string): Promise<Candidate | null>;
}

const OPTIONS: readonly OptionSpec[] = [
  { long: 'path', short: 'p', value: 'required' },
  { long: 'enable-fallback', short: 'f', value: 'none' },
  { long: 'show-default', short: 'd', value: 'none' },
  { long: 'show-non-default', short: 'n', value: 'none' },
  { long: 'entry', short: 'e', value: 'required' },
];

function rootDevice(machine: Machine): Device | null {
  return machine.surroundings.devices.resolve(bareDeviceName(machine.get('root') ?? ''));
}

const ENTRY_FILES: Kind = {
  extension: '.conf',
  directory: '/loader/entries/',
  device: rootDevice,
  read: async (machine, _device, volume, path) => {
    const entry = await readBlsEntry(machine, volume, path);
    if (entry === null) return null;
    const title = firstValue(entry.file, 'title');
    return { fileName: `${entry.file.id}.conf`, title, create: () => createEntry(machine, entry) };
  },
};

function createEntry(machine: Machine, entry: BlsEntry): void {
  const { file } = entry;
  const linux = firstValue(file, 'linux');
  if (linux === null) {
    tellNoKernel(machine, entry);
    return;
  }
  const options = expanded(machine, firstValue(file, 'options'));
  const initrds = allValues(file, 'initrd');
  const devicetree = expanded(machine, firstValue(file, 'devicetree'));
  addBlsEntry(machine, entry, linux, [
    ...savingDefault(machine),
    `linux ${linux}${options === null ? '' : ` ${options}`}`,
    ...(initrds.length === 0 ? [] : [`initrd ${initrds.join(' ')}`]),
    ...(devicetree === null ? [] : [`devicetree ${devicetree}`]),
  ]);
}

function savingDefault(machine: Machine): string[] {
  const saving = machine.get('blsuki_save_default');
  return saving === 'true' || saving === '1' ? ['savedefault'] : [];
}

/** Bytes of a section that GRUB reads: command lines end at 4096, an os-release is not five times as long. */
const SECTION_SIZE = 5 * 4096;

const IMAGES: Kind = {
  extension: '.efi',
  directory: '/EFI/Linux',
  device: systemPartition,
  read: async (machine, device, volume, path) => {
    const { files, limits } = machine.surroundings;
    const where = `${volume.name}:${path}`;
    const refuse = (message: string): null => {
      machine.surroundings.warn('uki.no-entry', message, { file: where, line: 1 });
      return null;
    };
    try {
      const source = await files.open(volume, path);
      const sections = (await readUki(source, limits, (bytes) => files.count(bytes)))?.profiles[0]?.sections;
      if (sections === undefined) return refuse('the file is no unified kernel image');
      const text = async (name: string): Promise<string | null> => {
        const section = sections.get(name);
        return section === undefined ? null : sectionText(source, section, limits, (bytes) => files.count(bytes));
      };
      if ([...sections].some(([name, { size }]) => ['.osrel', '.cmdline'].includes(name) && size > SECTION_SIZE))
        return refuse(`GRUB takes no sections of more than ${SECTION_SIZE} bytes`);
      const title = parseOsRelease((await text('.osrel')) ?? '').get('PRETTY_NAME');
      if (title === undefined || title === '')
        return refuse('the image has no PRETTY_NAME in its .osrel section, which GRUB needs for the title');
      const options = await text('.cmdline');
      const lines = [...savingDefault(machine), `chainloader (${device.name})${path}${options === null ? '' : ` ${options}`}`];
      machine.surroundings.budget.charge(lines.join().length);
      const fileName = path.slice(path.lastIndexOf('/') + 1);
      const create = (): void =>
        addEntry(machine, {
          title,
          id: fileName,
          args: [title],
          source: ScriptText.ofString(`${lines.join('\n')}\n`, where, 1),
          submenu: false,
          users: null,
          place: { file: where, line: 1 },
        });
      // The words of `.osrel` are no fields of an entry: its title is not asked for the default.
      return { fileName, title: null, create };
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'limit') throw error;
      return refuse(error.summary);
    }
  },
};

/** The EFI system partition that GRUB was started from: `$cmdpath`, else the first one of the guest, else `$root`. */
function systemPartition(machine: Machine): Device | null {
  const { devices, files } = machine.surroundings;
  const started = parseFileName(machine, machine.get('cmdpath') ?? '');
  if (machine.get('cmdpath') !== undefined && started?.device?.volume != null) return started.device;
  const volume = files.guest.volumes.find(({ volume: { type } }) => type !== null && SYSTEM_PARTITION_TYPES.has(type.toLowerCase()));
  return volume === undefined ? rootDevice(machine) : devices.of(volume);
}

const SYSTEM_PARTITION_TYPES: ReadonlySet<string> = new Set(['c12a7328-f81f-11d2-ba4b-00a0c93ec93b', '0xef']);

/** Reads a directory's files; those that are equal to one before are left out. */
async function readDirectory(machine: Machine, kind: Kind, device: Device, directory: string): Promise<readonly Candidate[]> {
  const { files, budget } = machine.surroundings;
  const { volume } = device;
  if (volume === null) return [];
  const names = (await attempt(machine, () => files.list(volume, directory === '' ? '/' : directory))) ?? [];
  budget.step(Math.ceil(names.length / 16));
  let found: readonly Candidate[] = [];
  for (const name of names) {
    if (!name.endsWith(kind.extension)) continue;
    const candidate = await kind.read(machine, device, volume, `${directory.endsWith('/') ? directory : `${directory}/`}${name}`);
    if (candidate === null) continue;
    found = insertNewest(machine, found, candidate, (a, b) => compareFileVersions(a.fileName, b.fileName)) ?? found;
  }
  return found;
}

/** The files that `--path` means; a status where it means nothing. */
async function candidates(
  machine: Machine,
  kind: Kind,
  given: string | undefined,
  fallback: boolean,
): Promise<readonly Candidate[] | number> {
  const name = given === undefined ? null : parseFileName(machine, given);
  const unknown = (): number => machine.fail(Status.UNKNOWN_DEVICE, 'grub2.no-device', `there is no device for ${given ?? kind.directory}`);
  if (given?.endsWith(kind.extension) === true) {
    const { device, path } = name ?? {};
    if (device?.volume == null || path === undefined) return unknown();
    const one = await kind.read(machine, device, device.volume, path);
    return one === null ? [] : [one];
  }
  const device = given?.startsWith('(') === true ? (name?.device ?? null) : kind.device(machine);
  if (device === null) return unknown();
  const directory = given?.startsWith('(') === true ? (name?.path ?? '') : given?.startsWith('/') === true ? given : kind.directory;
  const found = await readDirectory(machine, kind, device, directory);
  return found.length > 0 || !fallback ? found : readDirectory(machine, kind, device, kind.directory);
}

/** `[-p DIRECTORY] [-f] [-d] [-n] [-e FILE]` */
async function importEntries(machine: Machine, call: Call, kind: Kind): Promise<number> {
  const parsed = parseOptions(OPTIONS, call.args);
  if (!parsed.ok || parsed.rest.length > 0) {
    return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${call.name}: ${parsed.ok ? 'it takes options only' : parsed.message}`);
  }
  const { options } = parsed;
  const found = await candidates(machine, kind, options.get('path')?.at(-1), options.has('enable-fallback'));
  if (typeof found === 'number') return found;
  const only = options.get('entry')?.at(-1) ?? null;
  const chosen = only !== null || options.has('show-default') || options.has('show-non-default');
  const selection: Selection = {
    defaults: !chosen || options.has('show-default'),
    others: !chosen || options.has('show-non-default'),
    only,
  };
  for (const [index, candidate] of found.entries()) {
    const wanted = isDefault(machine, candidate, index) ? selection.defaults : selection.others;
    if (wanted || only === candidate.fileName) candidate.create();
  }
  return Status.OK;
}

function isDefault(machine: Machine, { fileName, title }: Candidate, index: number): boolean {
  const wanted = machine.get('default') ?? '';
  if (wanted === '') return false;
  if (wanted === fileName || wanted === title) return true;
  const number = parseUnsigned(wanted, 0);
  return number.found && number.end === wanted.length && number.value === index;
}

export const blscfg: Command = {
  run(machine, call) {
    machine.blscfg = true;
    return machine.surroundings.flavour === 'redhat' ? redHatBlscfg(machine, call) : importEntries(machine, call, ENTRY_FILES);
  },
};

export const uki: Command = { run: (machine, call) => importEntries(machine, call, IMAGES) };
