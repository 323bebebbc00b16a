/** What a command (a label's kernel with its arguments) loads: Linux kernels, and the COM32 modules that load one. */
import { absolutePath, baseName, checkFileCount, type EntryDraft, fileWithoutVolume } from '../assemble.js';
import type { BootFile } from '../menu.js';
import type { KernelType, Label } from './config.js';
import type { SyslinuxSources } from './parser.js';

/** What a command comes to. */
export type Action =
  | { readonly kind: 'boots'; readonly draft: Pick<EntryDraft, 'kernel' | 'args' | 'initrds' | 'hypervisor' | 'problem'> }
  /** Another config takes over. */
  | { readonly kind: 'config'; readonly path: string; readonly directory: string }
  /** Another command is run: a label or a file. */
  | { readonly kind: 'command'; readonly command: string }
  /** Boots no Linux. */
  | { readonly kind: 'other'; readonly problem: EntryDraft['problem'] };

const OTHER: Action = { kind: 'other', problem: null };

/** Extensions by which KERNEL tells what a file is; everything else is Linux. */
const EXTENSIONS: ReadonlyMap<string, KernelType> = new Map<string, KernelType>([
  ['.c32', 'com32'],
  ['.com32', 'com32'],
  ['.cbt', 'comboot'],
  ['.com', 'comboot'],
  ['.bss', 'bss'],
  ['.bs', 'boot'],
  ['.bin', 'boot'],
  ['.0', 'pxe'],
  ['.img', 'fdimage'],
]);

/** Menu modules: with an argument they show another config. */
const MENU_MODULES: ReadonlySet<string> = new Set(['menu.c32', 'vesamenu.c32']);

/** Modules that start the first of several commands, depending on the processor. */
const PROCESSOR_MODULES: ReadonlySet<string> = new Set(['ifcpu64.c32', 'ifcpu.c32']);

/** Programs that dress as a Linux kernel and boot a disk image. */
const DISK_LOADERS: ReadonlySet<string> = new Set(['memdisk']);

/** Options of mboot.c32 before the hypervisor. */
const MBOOT_OPTIONS: ReadonlySet<string> = new Set(['-solaris', '-aout']);

function splitWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The extension of a file name, with the dot and in lower case. */
function extension(path: string): string {
  const name = baseName(path);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot).toLowerCase();
}

/** True for the name of a COM32 module. */
export function isModule(command: string): boolean {
  return EXTENSIONS.get(extension(splitWords(command)[0] ?? '')) === 'com32';
}

/** Looks up what commands load, relative to one directory. */
export class CommandReader {
  constructor(
    private readonly sources: SyslinuxSources,
    private readonly directory: string,
  ) {}

  /** A label with its arguments, or the other one's where it has none. */
  async label(label: Label, extra = ''): Promise<Action> {
    const own = label.append ?? label.globalAppend ?? '';
    // Kernel and APPEND become one command, so what follows the kernel's name on its line are arguments, too. A label
    // without a kernel stands for a file of its own name, blanks and all.
    const [kernel = '', ...words] = label.explicit ? splitWords(label.kernel) : [label.kernel];
    const append = [...words, own === '-' ? '' : own, extra].filter((text) => text !== '').join(' ');
    if (!label.explicit && (await this.findKernel(label.kernel)).size === null) {
      const message = `the label names no kernel, and there is no file ${label.kernel}`;
      return { kind: 'other', problem: { code: 'syslinux.no-kernel', message } };
    }
    return this.command(label.type, kernel, append, label.initrd);
  }

  /**
   * A kernel and its arguments.
   * @param append the text of APPEND
   * @param initrd the text of INITRD, which the loader puts behind the arguments as `initrd=`
   */
  async command(type: KernelType, kernel: string, append: string, initrd: string | null): Promise<Action> {
    const kind = type === 'kernel' ? (EXTENSIONS.get(extension(kernel)) ?? 'linux') : type;
    if (kind === 'config') return this.config(kernel, append);
    if (kind === 'com32') return this.module(kernel, append, initrd);
    if (kind !== 'linux' || DISK_LOADERS.has(baseName(kernel).toLowerCase())) return OTHER;
    if (type === 'kernel') {
      const found = await this.findKernel(kernel);
      if (isModule(found.path)) return this.module(found.path, append, initrd);
      return this.linux(found, append, initrd);
    }
    return this.linux(await this.file(kernel), append, initrd);
  }

  /** KERNEL finds a COM32 module without its extension, too. */
  async findKernel(name: string): Promise<BootFile> {
    const file = await this.file(name);
    if (file.size !== null || extension(name) !== '' || name === '') return file;
    const module = await this.file(`${name}.c32`);
    return module.size === null ? file : module;
  }

  private config(path: string, append: string): Action {
    const [directory] = splitWords(append);
    return {
      kind: 'config',
      path: absolutePath(path, this.directory),
      directory: directory === undefined ? this.directory : absolutePath(directory, this.directory),
    };
  }

  private async linux(kernel: BootFile, append: string, initrd: string | null): Promise<Action> {
    const all = initrd === null ? append : `${append} initrd=${initrd}`;
    const initrds = await this.initrds(all);
    // The loader leaves `initrd=` in the command line; the kernel has no use for it.
    const args = append
      .split(' ')
      .filter((word) => !word.startsWith('initrd='))
      .join(' ')
      .trim();
    return { kind: 'boots', draft: { kernel, args, initrds } };
  }

  /** The first `initrd=` in the whole command line counts; its names are separated by commas. */
  private async initrds(commandLine: string): Promise<BootFile[]> {
    const at = commandLine.indexOf('initrd=');
    if (at < 0) return [];
    const text = commandLine.slice(at + 'initrd='.length);
    const names = (text.split(/\s/, 1)[0] ?? '').split(',').filter((name) => name !== '');
    checkFileCount(names.length, this.sources.files.limits);
    const files: BootFile[] = [];
    for (const name of names) files.push(await this.file(name));
    return files;
  }

  private async module(kernel: string, append: string, initrd: string | null): Promise<Action> {
    const name = baseName(kernel).toLowerCase();
    const args = splitWords(append);
    if (name === 'mboot.c32') return this.multiboot(args);
    if (name === 'linux.c32') {
      const [file, ...others] = afterOptions(args, (word) => word.startsWith('-'));
      return file === undefined ? OTHER : this.linux(await this.file(file), others.join(' '), initrd);
    }
    if (MENU_MODULES.has(name)) {
      const [file] = args;
      return file === undefined || file.startsWith('~') ? OTHER : this.config(file, '');
    }
    if (PROCESSOR_MODULES.has(name)) return { kind: 'command', command: args.slice(0, endOfPart(args, '--')).join(' ') };
    if (name === 'whichsys.c32') {
      const at = args.indexOf(this.directory.includes('isolinux') ? '-iso-' : '-sys-');
      return at < 0 ? OTHER : { kind: 'command', command: args[at + 1] ?? '' };
    }
    return OTHER;
  }

  /** `mboot.c32 HYPERVISOR ARGS --- KERNEL ARGS --- INITRD`. */
  private async multiboot(args: readonly string[]): Promise<Action> {
    const parts: string[][] = [];
    let rest = afterOptions(args, (word) => MBOOT_OPTIONS.has(word));
    for (;;) {
      const end = endOfPart(rest, '---');
      parts.push(rest.slice(0, end));
      if (end >= rest.length) break;
      rest = rest.slice(end + 1);
      checkFileCount(parts.length, this.sources.files.limits);
    }
    const [hypervisor = [], kernel = [], ...others] = parts;
    const [first, ...hypervisorArgs] = hypervisor;
    const [second, ...kernelArgs] = kernel;
    if (first === undefined) return OTHER;
    const loaded = await this.file(first);
    if (second === undefined) return { kind: 'boots', draft: { kernel: loaded, args: hypervisorArgs.join(' '), initrds: [] } };
    const initrds: BootFile[] = [];
    for (const [name] of others) if (name !== undefined) initrds.push(await this.file(name));
    return {
      kind: 'boots',
      draft: {
        hypervisor: { ...loaded, args: hypervisorArgs.join(' ') },
        kernel: await this.file(second),
        args: kernelArgs.join(' '),
        initrds,
      },
    };
  }

  private async file(name: string): Promise<BootFile> {
    const { files, volume } = this.sources;
    if (name.includes('://')) return fileWithoutVolume('network', name);
    const fs = await files.filesystem(volume);
    // On FAT the loader takes backslashes for slashes; `::` means the root of the boot device.
    const slashes = fs.type === 'vfat' ? name.replaceAll('\\', '/') : name;
    const path = slashes.startsWith('::') ? `/${slashes.slice(2)}` : slashes;
    return files.bootFile(volume, absolutePath(path, this.directory));
  }
}

function endOfPart(words: readonly string[], separator: string): number {
  const at = words.indexOf(separator);
  return at < 0 ? words.length : at;
}

function afterOptions(words: readonly string[], isOption: (word: string) => boolean): readonly string[] {
  const at = words.findIndex((word) => !isOption(word));
  return at < 0 ? [] : words.slice(at);
}
