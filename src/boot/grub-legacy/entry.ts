/** Runs the commands of one title as stage 2's script runner would, without loading anything. */
import type { Problem } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import { baseName, checkFileCount, fileOn } from '../assemble.js';
import type { GuestFiles } from '../dialect.js';
import { isLinuxKernel } from '../linux-header.js';
import type { BootFile } from '../menu.js';
import { COMMANDS } from './commands.js';
import { type Password, parsePassword } from './config.js';
import { legacyDevice, volumeWithFile, volumeWithUuid } from './devices.js';
import { type CommandLine, commandArgument, commandName, splitWord, words } from './lines.js';

/** The root device of a script. */
export interface LegacyRoot {
  readonly volume: GuestVolume | null;
  /** For messages where there is no volume. */
  readonly device: string;
}

/** A file with the rest of its line. */
export interface LoadedFile {
  readonly file: BootFile;
  readonly args: string;
}

/** What the commands of an entry came to. */
export interface LegacyScript {
  readonly kernel: LoadedFile | null;
  readonly modules: readonly LoadedFile[];
  readonly initrds: readonly BootFile[];
  /** The other menu that the entry opens. */
  readonly configfile: { readonly root: LegacyRoot; readonly path: string } | null;
  readonly problem: Problem | null;
  /** Needs the menu's password (`lock`). */
  readonly locked: boolean;
  /** Needs a password of its own. */
  readonly password: Password | null;
  /** What is odd, with the line of the config. */
  readonly notes: readonly { readonly code: string; readonly message: string; readonly line: number }[];
}

/** Suffix of iPXE's image, which dresses as a Linux kernel but boots from the network. */
const NETWORK_LOADER = '.lkrn';

/** Kernel names that mean Linux where the file itself cannot be looked at. */
const LINUX_NAMES = ['vmlinuz', 'bzImage', 'zImage', 'linux-', 'kernel-'];

/** Options of `kernel` before the file. */
const KERNEL_OPTIONS = ['--type=', '--no-mem-option'];

class ScriptRunner {
  kernel: LoadedFile | null = null;
  modules: LoadedFile[] = [];
  initrds: BootFile[] = [];
  configfile: LegacyScript['configfile'] = null;
  problem: Problem | null = null;
  locked = false;
  password: Password | null = null;
  readonly notes: { code: string; message: string; line: number }[] = [];
  private linux: boolean | null = null;
  private multiboot = false;

  constructor(
    private readonly files: GuestFiles,
    private root: LegacyRoot,
  ) {}

  /** @returns false when the script ends here */
  async run(command: CommandLine): Promise<boolean> {
    const name = commandName(command.text);
    if ((COMMANDS.get(name) ?? 'menu') === 'menu') return true;
    const argument = commandArgument(command.text).trimEnd();
    switch (name) {
      case 'root':
      case 'rootnoverify':
        this.setRoot(argument, name === 'root', command.line);
        break;
      case 'uuid':
        await this.setRootByUuid(argument);
        break;
      case 'find':
      case 'findiso':
        await this.setRootByFile(argument);
        break;
      case 'kernel':
        await this.loadKernel(argument);
        break;
      case 'initrd':
        await this.loadInitrd(argument);
        break;
      case 'module':
      case 'modulenounzip':
        await this.loadModule(name, argument);
        break;
      case 'configfile': {
        const { device, path } = splitDevice(argument);
        this.configfile = { root: device === null ? this.root : this.device(device, command.line), path };
        return false;
      }
      case 'lock':
        this.locked = true;
        break;
      case 'password':
        this.password = parsePassword(argument);
        break;
      case 'chainloader':
        this.kernel = null;
        this.initrds = [];
        this.modules = [];
        break;
      case 'boot':
      case 'halt':
      case 'reboot':
      case 'quit':
        return false;
      default:
        break;
    }
    return true;
  }

  /** GRUB stops at the first error; what the lines after it name is still worth showing. */
  private fail(code: string, message: string): void {
    this.problem ??= { code: `grub-legacy.${code}`, message };
  }

  private device(name: string, line: number): LegacyRoot {
    const { volume, note } = legacyDevice(this.files.guest, name);
    if (note !== null) this.notes.push({ code: 'grub-legacy.no-partition-table', message: note, line });
    return { volume, device: name };
  }

  private setRoot(argument: string, verify: boolean, line: number): void {
    if (argument === '') return;
    const { device } = splitDevice(argument);
    if (device === null) {
      this.fail('bad-device', `root ${argument} names no device: GRUB expects (hd0,0)`);
      return;
    }
    this.root = this.device(device, line);
    if (this.root.volume === null && verify) this.fail('no-device', `there is no device (${device})`);
  }

  private async setRootByUuid(argument: string): Promise<void> {
    const { word } = splitWord(argument);
    const volume = await volumeWithUuid(this.files.guest, word);
    this.root = { volume, device: word };
    if (volume === null) this.fail('no-device', `no filesystem has the UUID ${word}`);
  }

  private async setRootByFile(argument: string): Promise<void> {
    const rest = words(argument);
    const sets = rest.includes('--set-root');
    const path = rest.find((word) => word.startsWith('/'));
    if (!sets || path === undefined) return;
    const volume = await volumeWithFile(this.files, path);
    if (volume === null) this.fail('file-not-found', `find: no filesystem has ${path}`);
    else this.root = { volume, device: volume.name };
  }

  private async file(name: string): Promise<BootFile> {
    const { device, path } = splitDevice(name);
    const root = device === null ? this.root : this.device(device, 0);
    if (!path.startsWith('/')) this.fail('bad-path', `${name} is no path: it must start with / or (device)/`);
    return fileOn(this.files, root.volume, root.device, path.startsWith('/') ? path : `/${path}`);
  }

  private async loadKernel(argument: string): Promise<void> {
    let rest = argument;
    let type = '';
    while (KERNEL_OPTIONS.some((option) => rest.startsWith(option))) {
      const option = splitWord(rest);
      if (option.word.startsWith('--type=')) type = option.word.slice('--type='.length);
      rest = option.rest;
    }
    const { word, rest: args } = splitWord(rest);
    if (word === '') {
      this.fail('no-file', 'kernel names no file');
      return;
    }
    const file = await this.file(word);
    this.kernel = { file, args };
    this.initrds = [];
    this.modules = [];
    this.multiboot = type === 'multiboot';
    this.linux = type === 'linux' || type === 'biglinux' ? true : this.multiboot ? false : null;
  }

  private async loadInitrd(argument: string): Promise<void> {
    if (this.kernel === null) {
      this.fail('no-kernel', 'initrd comes before a kernel');
      return;
    }
    this.initrds = [];
    const names = words(argument);
    checkFileCount(names.length, this.files.limits);
    for (const word of names) this.initrds.push(await this.file(word));
  }

  private async loadModule(name: string, argument: string): Promise<void> {
    const { word, rest } = splitWord(argument);
    if (this.kernel === null || word === '') {
      this.fail('no-kernel', `${name} ${word === '' ? 'names no file' : 'comes before a kernel'}`);
      return;
    }
    checkFileCount(this.modules.length + this.initrds.length, this.files.limits);
    const file = await this.file(word);
    this.linux ??= (await isLinuxKernel(this.kernel.file)) ?? looksLikeLinux(this.kernel.file.path);
    if (this.linux) {
      this.fail('not-multiboot', `${name} needs a multiboot kernel, ${this.kernel.file.path} is a Linux kernel`);
      this.initrds.push(file);
    } else this.modules.push({ file, args: rest });
  }
}

function looksLikeLinux(path: string): boolean {
  return LINUX_NAMES.some((name) => baseName(path).startsWith(name));
}

/** `(hd0,0)/path` in its parts; the device is null where the path has none. */
export function splitDevice(text: string): { device: string | null; path: string } {
  const close = text.startsWith('(') ? text.indexOf(')') : -1;
  return close < 0 ? { device: null, path: text } : { device: text.slice(1, close), path: text.slice(close + 1) };
}

/**
 * Runs the commands of an entry.
 * @param root the device that the menu came from
 */
export async function runLegacyScript(commands: Iterable<CommandLine>, root: LegacyRoot, files: GuestFiles): Promise<LegacyScript> {
  const runner = new ScriptRunner(files, root);
  for (const command of commands) if (!(await runner.run(command))) break;
  if (runner.kernel?.file.path.endsWith(NETWORK_LOADER)) runner.kernel = null;
  const { kernel, modules, initrds, configfile, problem, locked, password, notes } = runner;
  return { kernel, modules, initrds, configfile, problem, locked, password, notes };
}
