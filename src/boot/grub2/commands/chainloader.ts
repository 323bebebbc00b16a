/**
 * `chainloader` and its like: programs of other systems, which boot no Linux, and the EFI programs that do: unified kernel
 * images, and kernels that are EFI programs themselves.
 */
import { problemOf, TygrubError } from '../../../errors.js';
import type { GuestVolume } from '../../../guest/guest.js';
import { absolutePath, checkFileCount, WarningList } from '../../assemble.js';
import { isLinuxKernel } from '../../linux-header.js';
import { bootUki, readUki } from '../../uki/image.js';
import { type OpenedFile, openFile } from '../files.js';
import type { EfiBoot, Loaded, LoadedFile, Machine } from '../machine.js';
import { parseUnsigned } from '../numbers.js';
import { Status } from '../status.js';
import type { Command } from './command.js';

/** What an EFI program boots; null where it is no Linux. @throws TygrubError */
async function efiBoot(machine: Machine, volume: GuestVolume, path: string, args: readonly string[]): Promise<EfiBoot | null> {
  const { files, limits } = machine.surroundings;
  const uki = await readUki(await files.open(volume, path), limits, (bytes) => files.count(bytes));
  if (uki !== null) return unifiedImage(machine, volume, path, args);
  const kernel = await files.bootFile(volume, path);
  if (path.endsWith('.lkrn') || (await isLinuxKernel(kernel)) !== true) return null;
  // The kernel's own EFI stub loads these, from the partition that it came from.
  const names = args.filter((arg) => arg.startsWith('initrd=')).map((arg) => arg.slice('initrd='.length));
  checkFileCount(names.length, limits);
  const initrds = [];
  for (const name of names) initrds.push(await files.bootFile(volume, absolutePath(name.replaceAll('\\', '/'), '')));
  return { kernel, initrds, args: args.join(' ') };
}

/** Arguments replace the image's own; `@N` before them chooses a profile. */
async function unifiedImage(machine: Machine, volume: GuestVolume, path: string, args: readonly string[]): Promise<EfiBoot | null> {
  const { files, limits } = machine.surroundings;
  const uki = await readUki(await files.open(volume, path), limits, (bytes) => files.count(bytes));
  const chosen = args[0]?.startsWith('@') === true ? parseUnsigned(args[0], 10, 1) : null;
  const selects = chosen?.found === true && chosen.end === args[0]?.length;
  const profile = uki?.profiles[selects ? chosen.value : 0];
  if (profile === undefined) return null;
  const own = (selects ? args.slice(1) : args).join(' ');
  const warnings = new WarningList(limits);
  const boot = await bootUki(files, volume, path, profile, warnings, own === '' ? null : own);
  for (const { code, message, file } of warnings.warnings)
    machine.surroundings.warn(code, message, file === null ? null : { file, line: 1 });
  return { kernel: boot.kernel, initrds: boot.initrds, args: boot.commandLine };
}

function loadedFile(opened: OpenedFile, text: string): LoadedFile {
  return {
    device: opened.name?.device?.name ?? opened.name?.deviceName ?? '',
    volume: opened.name?.device?.volume ?? null,
    path: opened.name?.path ?? text,
    size: opened.ok ? opened.source.size : null,
    problem: opened.ok ? null : opened.problem,
    archivePath: null,
  };
}

const chainloader: Command = {
  async run(machine, { name, args }) {
    const at = args.findIndex((arg) => !arg.startsWith('--'));
    const text = args[at];
    if (text === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs a file name`);
    const opened = await openFile(machine, text);
    const loaded: Loaded = {
      kind: 'other',
      command: name,
      image: { file: loadedFile(opened, text), args: args.slice(at + 1) },
      initrds: [],
      modules: [],
      efi: null,
    };
    if (!opened.ok) {
      machine.attempted = loaded;
      machine.loaded = null;
      return machine.fail(Status.FILE_NOT_FOUND, opened.problem.code, opened.problem.message);
    }
    const volume = opened.name.device?.volume ?? null;
    if (volume === null || !opened.name.path.startsWith('/')) {
      machine.loaded = loaded;
      return Status.OK;
    }
    try {
      machine.loaded = { ...loaded, efi: await efiBoot(machine, volume, opened.name.path, args.slice(at + 1)) };
      return Status.OK;
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'limit') throw error;
      machine.attempted = { ...loaded, image: { ...loaded.image, file: { ...loaded.image.file, problem: problemOf(error) } } };
      machine.loaded = null;
      return machine.fail(Status.BAD_FILE_TYPE, error.code, error.summary);
    }
  },
};

const NAMES =
  'chainloader ntldr truecrypt freedos pxechainloader kfreebsd knetbsd kopenbsd appleloader xnu_kernel xnu_kernel64 plan9 efi_chainload';

export const CHAINLOADER_COMMANDS: readonly (readonly [string, Command])[] = NAMES.split(' ').map((name) => [name, chainloader] as const);
