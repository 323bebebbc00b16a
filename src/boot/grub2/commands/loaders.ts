/** The commands that load what `boot` starts: kernels, initrds, multiboot modules, other boot loaders. */
import { openFile } from '../files.js';
import type { Loaded, LoadedFile, Machine } from '../machine.js';
import { Status } from '../status.js';
import type { Command } from './command.js';

/** `/DATASET@/path`, or with a snapshot's name behind the `@`: how GRUB writes what lies in a ZFS pool. */
const ZFS_PATH = /^\/[^@]*[^@/]@[^/]*\//;

/** Looks a file up; one that is not there is told as GRUB does and kept with its problem. */
async function lookUp(machine: Machine, text: string, code: string): Promise<LoadedFile> {
  const opened = await openFile(machine, text);
  const common = {
    device: opened.name?.device?.name ?? opened.name?.deviceName ?? '',
    volume: opened.name?.device?.volume ?? null,
    // Scripts put slashes together freely; for a filesystem they are one.
    path: (opened.name?.path ?? text).replace(/\/+/g, '/'),
    archivePath: null,
  };
  if (opened.ok) return { ...common, size: opened.source.size, problem: null };
  const missing = opened.problem.code === 'grub2.file-missing' ? { code, message: opened.problem.message } : opened.problem;
  const problem = ZFS_PATH.test(common.path)
    ? { code: 'grub2.zfs', message: `${missing.message} (a path in a ZFS dataset: tygrub does not read ZFS)` }
    : missing;
  machine.fail(Status.FILE_NOT_FOUND, problem.code, problem.message);
  return { ...common, size: null, problem };
}

/** Loads a first file: a kernel or a hypervisor. Whatever was loaded before is gone, its initrd too. */
function loader(kind: 'linux' | 'multiboot'): Command {
  return {
    async run(machine, { name, args }) {
      const words = kind === 'linux' ? args : args.filter((arg, i) => i > 1 || !arg.startsWith('--quirk-'));
      const [file, ...rest] = words;
      if (file === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs a file name`);
      const image = await lookUp(machine, file, 'grub2.kernel-missing');
      const loaded: Loaded = { kind, command: name, image: { file: image, args: rest }, initrds: [], modules: [], efi: null };
      if (image.problem !== null) {
        machine.attempted = loaded;
        machine.loaded = null;
        return Status.FILE_NOT_FOUND;
      }
      machine.loaded = loaded;
      return Status.OK;
    },
  };
}

/** Files for the kernel. What the command names is remembered even where there is no kernel, for showing the entry. */
const initrd: Command = {
  async run(machine, { name, args }) {
    const target = machine.loaded ?? machine.attempted;
    const files: LoadedFile[] = [];
    for (const arg of args) {
      const { archivePath, file } = archiveMember(arg);
      files.push({ ...(await lookUp(machine, file, 'grub2.initrd-missing')), archivePath });
    }
    if (machine.loaded === null || machine.loaded.kind !== 'linux') {
      if (target?.kind === 'linux') {
        machine.attempted = { ...target, initrds: files };
        return Status.BAD_ARGUMENT; // the missing kernel was told already
      }
      return machine.fail(Status.BAD_ARGUMENT, 'grub2.no-kernel', `${name} comes before a kernel was loaded`);
    }
    if (files.length === 0) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs a file name`);
    machine.loaded = { ...machine.loaded, initrds: files };
    return files.some((file) => file.problem !== null) ? Status.FILE_NOT_FOUND : Status.OK;
  },
};

/** `newc:NAME:FILE` puts a file into the initrd under a name; empty members only make directories. */
function archiveMember(arg: string): { archivePath: string | null; file: string } {
  if (!arg.startsWith('newc:')) return { archivePath: null, file: arg };
  const colon = arg.indexOf(':', 5);
  return colon < 0 ? { archivePath: null, file: arg } : { archivePath: arg.slice(5, colon), file: arg.slice(colon + 1) };
}

const moduleCommand: Command = {
  async run(machine, { name, args }) {
    const unzip = args[0] !== '--nounzip';
    const [file, ...rest] = unzip ? args : args.slice(1);
    if (file === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs a file name`);
    const image = await lookUp(machine, file, 'grub2.kernel-missing');
    const add = (loaded: Loaded): Loaded => ({ ...loaded, modules: [...loaded.modules, { file: image, args: rest, unzip }] });
    if (machine.loaded === null || machine.loaded.kind !== 'multiboot') {
      if (machine.attempted?.kind === 'multiboot') machine.attempted = add(machine.attempted);
      return machine.fail(Status.BAD_ARGUMENT, 'grub2.no-kernel', `${name} comes before a multiboot kernel was loaded`);
    }
    machine.loaded = add(machine.loaded);
    return image.problem === null ? Status.OK : Status.FILE_NOT_FOUND;
  },
};

const boot: Command = {
  run(machine) {
    if (machine.loaded === null) return machine.fail(Status.NO_KERNEL, 'grub2.no-kernel', 'boot comes before a kernel was loaded');
    machine.ended = { kind: 'boot' };
    return Status.OK;
  },
};

const leave: Command = {
  run(machine, { name }) {
    machine.ended = { kind: 'left', command: name };
    return Status.OK;
  },
};

const rows = (names: string, command: Command): (readonly [string, Command])[] => names.split(' ').map((name) => [name, command] as const);

export const LOADER_COMMANDS: readonly (readonly [string, Command])[] = [
  ...rows('linux linux16 linuxefi', loader('linux')),
  ...rows('initrd initrd16 initrdefi', initrd),
  ...rows('multiboot multiboot2 xen_hypervisor', loader('multiboot')),
  ...rows('module module2 xen_module xen_linux xen_initrd', moduleCommand),
  ...rows('exit normal_exit reboot halt fwsetup', leave),
  ['boot', boot],
];
