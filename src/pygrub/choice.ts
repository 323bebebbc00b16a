/** What is to be booted: the entry that the config, the arguments or a person at the menu chose. */

import { missingFile } from '../boot/assemble.js';
import { GuestFiles } from '../boot/dialect.js';
import { type BootEntry, type BootFile, type BootMenu, readBootMenu } from '../boot/index.js';
import { notFound } from '../errors.js';
import { Guest, GuestVolume } from '../guest/guest.js';
import { SliceSource } from '../source/slice.js';
import { type Arguments, wishOf } from './arguments.js';
import { namedEntry, numberedAsPygrub } from './numbering.js';

/** A person left the menu without booting; the exit status is `EXIT_QUIT`. */
export class MenuQuit extends Error {}

/** The terminal of the menu went away. */
export class MenuHangup extends Error {}

/** Exit status when a person left the menu, the same as of `tygrub menu`. */
export const EXIT_QUIT = 8;

/**
 * Chooses.
 * @returns the entry with its final arguments
 * @throws TygrubError; MenuQuit, MenuHangup from the menu
 */
export async function chooseEntry(guest: Guest, args: Arguments): Promise<BootEntry> {
  if (args.kernel !== null) return namedKernel(guest, args.kernel, args);
  let menu: BootMenu;
  try {
    menu = await readEntries(guest, args);
  } catch (error) {
    const netWare = await findNetWare(guest, null, args);
    if (netWare !== null) return netWare;
    throw error;
  }
  return (await findNetWare(guest, menu, args)) ?? chosenOf(menu, guest, args);
}

/**
 * The menu, numbered as `--entry` and `-l` are to count. Where a config's default names no entry, the first one boots.
 * @param config the config to read instead of searching
 */
export async function readEntries(guest: Guest, args: Arguments, config?: string): Promise<BootMenu> {
  const read = await onConfigVolume(await readBootMenu(guest, config === undefined ? {} : { config }), guest);
  const first = read.config === null ? undefined : read.entries.find(({ guess }) => !guess);
  const menu = { ...read, default: read.default ?? first?.index ?? null };
  return args.pygrubCompat ? numberedAsPygrub(menu, guest) : menu;
}

/** Chooses from a menu. @returns the entry with its final arguments */
export async function chosenOf(menu: BootMenu, guest: Guest, args: Arguments): Promise<BootEntry> {
  const chosen = args.interactive ? await askPerson(guest, menu, args) : defaultOrNamed(menu, args.entry);
  return { ...chosen, args: args.args === '' ? chosen.args : `${chosen.args} ${args.args}` };
}

/** The loader of NetWare, which has no boot config. */
const NETWARE = '/nwserver/xnloader.sys';

/** NetWare on the volume with the boot config, where there is one, or on any: pygrub looks for it before a config. */
async function findNetWare(guest: Guest, menu: BootMenu | null, args: Arguments): Promise<BootEntry | null> {
  const files = new GuestFiles(guest, guest.limits);
  for (const volume of guest.volumes) {
    if (menu !== null && menu.config !== null && volume.name !== menu.config.volume) continue;
    const { filesystem } = await volume.inspect();
    if (filesystem !== null && (await files.stat(volume, NETWARE)) !== null) return entryOf(files, volume, NETWARE, args);
  }
  return null;
}

/**
 * Looks for files that are not where the config says on the volume of the config itself. pygrub ignores root devices, and
 * guests rely on it: the disk that an administrator made of one partition still has a config that says `hd0,msdos1`.
 */
export async function onConfigVolume(menu: BootMenu, guest: Guest): Promise<BootMenu> {
  const volume = guest.volumes.find(({ name }) => name === menu.config?.volume);
  if (volume === undefined) return menu;
  const files = new GuestFiles(guest, guest.limits);
  const isLost = (file: BootFile): boolean => file.size === null && file.part === null && file.volume !== volume.name;
  const look = async (file: BootFile): Promise<BootFile> => {
    if (!isLost(file)) return file;
    const beside = await files.bootFile(volume, file.path);
    return beside.size === null ? file : beside;
  };
  const found = async (entry: BootEntry): Promise<BootEntry> => {
    const { kernel, initrds } = entry;
    if (kernel === null || entry.hypervisor !== null || ![kernel, ...initrds].some(isLost)) return entry;
    const moved = { kernel: await look(kernel), initrds: await Promise.all(initrds.map(look)) };
    return { ...entry, ...moved, problem: missingFile([moved.kernel, ...moved.initrds]) };
  };
  const entries: BootEntry[] = [];
  for (const entry of menu.entries) entries.push(await found(entry));
  return { ...menu, entries, run: async (commands, like) => found(await menu.run(commands, like)) };
}

/** The default entry, or the one that was asked for. @throws TygrubError not-found, usage */
export function defaultOrNamed(menu: BootMenu, wanted: string | null): BootEntry {
  if (wanted !== null) return namedEntry(menu, wanted);
  const entry = menu.entries.find(({ index }) => index === menu.default);
  if (entry !== undefined) return entry;
  if (menu.config === null) {
    const attempts = menu.warnings.map(({ message }) => message);
    throw notFound('boot.no-config', 'no boot configuration was found, only kernels', { attempts, hint: 'choose one with --entry' });
  }
  throw notFound('pygrub.no-default', 'the boot menu has no entry that boots by default', {
    hint: `choose one of ${menu.entries.length} with --entry; -l lists them`,
  });
}

async function askPerson(guest: Guest, menu: BootMenu, args: Arguments): Promise<BootEntry> {
  const wanted = args.entry;
  const { describeEntry, runMenu, startPolicy } = await import('../menu/index.js');
  const result = await runMenu({
    menu,
    guest,
    policy: startPolicy(menu, wanted === null ? null : namedEntry(menu, wanted).index),
    input: process.stdin,
    output: process.stdout,
    environment: process.env,
    describe: (entry, isWanted) => describeEntry(guest, entry, { ...wishOf(args), kernels: 'notes' }, isWanted),
  });
  switch (result.kind) {
    case 'boot':
      return { ...result.entry, args: result.args };
    case 'quit':
      throw new MenuQuit('the menu was left without booting');
    case 'hangup':
      throw new MenuHangup('the terminal was closed while the menu was shown');
    case 'no-default':
      return defaultOrNamed(menu, null);
  }
}

/**
 * `--kernel`: no config is read; kernel and ramdisk lie on the first volume whose filesystem can be read.
 * @throws TygrubError not-found when there is no such volume
 */
async function namedKernel(guest: Guest, kernel: string, args: Arguments): Promise<BootEntry> {
  const files = new GuestFiles(guest, guest.limits);
  const attempts: string[] = [];
  for (const volume of guest.volumes) {
    const { filesystem, reason } = await volume.inspect();
    if (filesystem === null) {
      attempts.push(`${volume.name}: ${reason}`);
      continue;
    }
    return entryOf(files, volume, kernel, args);
  }
  throw notFound('pygrub.no-filesystem', 'there is no filesystem to look for the kernel on', { attempts });
}

/** An entry for a kernel that no config names, with the ramdisk and the arguments that were given beside it. */
async function entryOf(files: GuestFiles, volume: GuestVolume, kernel: string, args: Arguments): Promise<BootEntry> {
  return {
    index: -1,
    id: null,
    title: kernel,
    submenus: [],
    path: [],
    kind: 'linux',
    args: args.args,
    kernel: await files.bootFile(volume, kernel),
    initrds: args.ramdisk === null ? [] : [await files.bootFile(volume, args.ramdisk)],
    hypervisor: null,
    problem: null,
    commands: '',
    users: null,
    guess: false,
  };
}

/**
 * `--offset`: the guest as one filesystem that starts at a byte of the disk, whatever its partition table says. What lies
 * there is a filesystem or nothing: neither a container nor a partition table is looked for in it.
 * @throws TygrubError not-found when the disk ends before
 */
export function guestAtOffset(guest: Guest, offset: number): Guest {
  const source = guest.disks[0]?.container.disk;
  if (source === undefined || !(offset >= 0 && offset < source.size)) {
    throw notFound('pygrub.offset', `the disk has no byte ${offset}: it has ${source?.size ?? 0} bytes`);
  }
  const size = source.size - offset;
  const volume = new GuestVolume(
    {
      name: 'whole',
      start: offset,
      size,
      type: null,
      active: false,
      uuid: null,
      label: null,
      source: new SliceSource(source, offset, size),
      problem: null,
    },
    { index: 0 },
    { limits: guest.limits, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] },
  );
  return Guest.ofVolume(volume, guest.limits);
}
