/** All entries of the boot partitions: type 1 files and type 2 unified kernel images. */
import { limitReached, TygrubError } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import { absolutePath, checkFileCount, configText, type EntryDraft, missingFile, type StepCounter, type WarningList } from '../assemble.js';
import type { GuestFiles } from '../dialect.js';
import { isLinuxKernel } from '../linux-header.js';
import type { BootFile } from '../menu.js';
import { osName } from '../os-release.js';
import { bootUki, readUki, type Uki } from '../uki/image.js';
import { type Sortable, splitCounters } from './order.js';
import { editableText, parseType1, type Type1 } from './type1.js';

/** A partition that holds entries. */
export interface BootPartition {
  readonly volume: GuestVolume;
  /** The directory that the partition is to the guest's system: empty for a partition of its own, `/boot` inside a root. */
  readonly base: string;
}

/** An entry of the menu before it is sorted. */
export interface SystemdEntry extends Sortable {
  readonly partition: BootPartition;
  readonly title: string;
  readonly architecture: string | null;
  readonly draft: Pick<EntryDraft, 'kernel' | 'args' | 'initrds' | 'problem'>;
  readonly commands: string;
  /** False where systemd-boot would not show it: nothing to boot, or made for another machine. */
  readonly shown: boolean;
}

/** What the reading of a menu shares. */
export interface EntrySources {
  readonly files: GuestFiles;
  readonly warnings: WarningList;
  readonly steps: StepCounter;
}

const TYPE1_DIRECTORY = '/loader/entries';
const TYPE2_DIRECTORY = '/EFI/Linux';

/**
 * Reads the entries of a partition, unsorted. A file that cannot be read is a warning.
 * @throws TygrubError limit
 */
export async function readPartition(partition: BootPartition, sources: EntrySources): Promise<SystemdEntry[]> {
  const { files } = sources;
  const { volume, base } = partition;
  const entries: SystemdEntry[] = [];
  for (const name of await files.list(volume, base + TYPE1_DIRECTORY)) {
    if (!name.toLowerCase().endsWith('.conf') || name.startsWith('.')) continue;
    const path = `${base}${TYPE1_DIRECTORY}/${name}`;
    entries.push(...(await readOne(partition, path, sources, () => readType1(partition, path, name, sources))));
  }
  for (const name of await files.list(volume, base + TYPE2_DIRECTORY)) {
    if (!name.toLowerCase().endsWith('.efi') || name.startsWith('.')) continue;
    const path = `${base}${TYPE2_DIRECTORY}/${name}`;
    entries.push(...(await readOne(partition, path, sources, () => readType2(partition, path, name, sources))));
  }
  return entries;
}

async function readOne(
  { volume }: BootPartition,
  path: string,
  { warnings, steps }: EntrySources,
  read: () => Promise<SystemdEntry[]>,
): Promise<SystemdEntry[]> {
  steps.step();
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind === 'limit') throw error;
    warnings.add(error.code, error.summary, `${volume.name}:${path}`);
    return [];
  }
}

async function readType1(partition: BootPartition, path: string, fileName: string, sources: EntrySources): Promise<SystemdEntry[]> {
  const text = configText(await sources.files.readConfig(partition.volume, path));
  const type1 = parseType1(text);
  const { name, triesLeft, triesDone } = splitCounters(fileName);
  const draft = await bootType1(type1, partition, sources);
  const empty = draft === null;
  return [
    {
      id: name,
      idWithoutProfile: name,
      profile: 0,
      sortKey: type1.sortKey,
      machineId: type1.machineId,
      version: type1.version,
      triesLeft,
      triesDone,
      partition,
      title: type1.title ?? name,
      architecture: type1.architecture,
      draft: draft ?? { problem: { code: 'systemd-boot.nothing-to-boot', message: 'the entry has no linux, efi or uki key' } },
      commands: editableText(text),
      shown: !empty,
    },
  ];
}

async function readType2(partition: BootPartition, path: string, fileName: string, sources: EntrySources): Promise<SystemdEntry[]> {
  const { files, warnings } = sources;
  const uki = await readUki(await files.open(partition.volume, path), files.limits, (bytes) => files.count(bytes));
  return uki === null ? [] : ukiEntries(uki, partition, path, fileName, files, warnings);
}

/** The entries of a unified kernel image, one for each profile. */
export async function ukiEntries(
  uki: Uki,
  partition: BootPartition,
  path: string,
  fileName: string,
  files: GuestFiles,
  warnings: WarningList,
): Promise<SystemdEntry[]> {
  const { name, triesLeft, triesDone } = splitCounters(fileName);
  const entries: SystemdEntry[] = [];
  if (uki.profiles.length > files.limits.menuEntries) throw limitReached('menuEntries', `${path} has ${uki.profiles.length} profiles`);
  for (const profile of uki.profiles) {
    const boot = await bootUki(files, partition.volume, path, profile, warnings);
    const os = osName(boot.osRelease);
    const title = os.title ?? name;
    const options = boot.commandLine === '' ? [] : [`options ${boot.commandLine}`];
    entries.push({
      id: profile.number === 0 ? name : `${name}@${profile.number}`,
      idWithoutProfile: name,
      profile: profile.number,
      sortKey: os.sortKey,
      machineId: null,
      version: os.version ?? boot.release,
      triesLeft,
      triesDone,
      partition,
      title: profile.title === null ? title : `${title} (${profile.title})`,
      architecture: uki.architecture,
      draft: { kernel: boot.kernel, args: boot.commandLine, initrds: boot.initrds },
      commands: [`uki ${path}`, ...(profile.number === 0 ? [] : [`profile ${profile.number}`]), ...options].join('\n'),
      shown: true,
    });
  }
  return entries;
}

/**
 * What a type 1 entry boots.
 * @returns null where it names nothing to boot
 */
export async function bootType1(
  type1: Type1,
  partition: BootPartition,
  { files, warnings }: Pick<EntrySources, 'files' | 'warnings'>,
): Promise<SystemdEntry['draft'] | null> {
  checkFileCount(type1.initrds.length, files.limits);
  const program = type1.linux ?? type1.uki ?? type1.efi;
  if (program === null) {
    if (type1.ukiUrl === null) return null;
    return { problem: { code: 'systemd-boot.network', message: `the image comes from the network: ${type1.ukiUrl}` } };
  }
  const file = await findFile(program, partition, files);
  const initrds: BootFile[] = [];
  for (const name of type1.initrds) initrds.push(await findFile(name, partition, files));
  const plain = { kernel: file, args: type1.options ?? '', initrds };
  if (file.size === null) {
    // What an EFI program was can only be guessed: unified kernel images have their own directory.
    const unified = type1.uki !== null || file.path.toLowerCase().includes(TYPE2_DIRECTORY.toLowerCase());
    if (type1.linux !== null || unified) return plain;
    return { problem: missingFile([file]) };
  }
  if (type1.linux === null || file.path.toLowerCase().endsWith('.efi')) {
    const uki = await readUki(await file.open(), files.limits, (bytes) => files.count(bytes));
    const profile = uki?.profiles[type1.profile];
    if (profile !== undefined) {
      const boot = await bootUki(files, partition.volume, file.path, profile, warnings, type1.options);
      return { kernel: boot.kernel, args: boot.commandLine, initrds: [...boot.initrds, ...initrds] };
    }
    if (uki !== null) {
      return { problem: { code: 'uki.no-profile', message: `${file.path} has ${uki.profiles.length} profiles, none is ${type1.profile}` } };
    }
    if (type1.linux === null && (await isLinuxKernel(file)) !== true) return {};
  }
  return plain;
}

/** Paths start at the partition's root, with or without a slash; backslashes are slashes. */
async function findFile(name: string, { volume, base }: BootPartition, files: GuestFiles): Promise<BootFile> {
  const path = absolutePath(name.replaceAll('\\', '/'), '');
  const file = await files.bootFile(volume, path);
  if (file.size !== null || base === '') return file;
  const inside = await files.bootFile(volume, base + path);
  return inside.size === null ? file : inside;
}
