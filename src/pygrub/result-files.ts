/**
 * Where a result goes: kernel and ramdisk in the output directory, the words about them in a file or on standard output.
 * All of it is opened before the disk is looked at, so that nothing has to be opened once rights are given up.
 */
import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { TygrubError, usageError } from '../errors.js';
import { StreamSink } from '../extract/copy.js';
import { NewFile } from '../extract/new-file.js';
import { finished } from '../extract/unfinished-files.js';
import { hostError } from '../source/host-file.js';
import type { Arguments } from './arguments.js';
import type { Warden } from './warden.js';

/** Where pygrub puts its files unless it is told otherwise; xenopsd accepts no other place, and no other spelling of it. */
const DEFAULT_DIRECTORY = '/var/run/xen/pygrub';

/** Where the words go. */
interface Output {
  readonly fd: number;
  readonly name: string;
  /** The file, where this run made it. */
  readonly created: NewFile | null;
}

/** The files that a run hands out. */
export interface WrittenFiles {
  readonly kernel: NewFile;
  readonly ramdisk: NewFile;
}

/** The opened output of one run. */
export class ResultFiles {
  private constructor(
    /** Null for a run that hands out no files. */
    readonly written: WrittenFiles | null,
    private readonly output: Output | null,
    private readonly warden: Warden | null,
  ) {}

  /**
   * Creates kernel and ramdisk, empty and mode 0600, and opens the file for the result.
   * @param guarded a warden removes the files if the run fails, since this process will not be able to
   * @throws TygrubError io
   */
  static async open(
    args: Pick<Arguments, 'output' | 'outputDirectory' | 'notReally' | 'listEntries' | 'isConfig'>,
    guarded: boolean,
  ): Promise<ResultFiles> {
    if (args.listEntries || args.isConfig) {
      // Such runs say what they have to on standard output; that the file is there is all that is asked of it.
      if (args.output !== null) closeSync(existingOutput(args.output));
      return new ResultFiles(null, null, null);
    }
    const names = args.notReally ? null : newNames(outputDirectory(args.outputDirectory));
    const created: NewFile[] = [];
    let warden: Warden | null = null;
    try {
      // As an absolute path: who removes it stands elsewhere.
      const newOutput = args.output !== null && isFree(args.output) ? resolve(args.output) : null;
      const existing = newOutput === null ? openOutput(args.output) : null;
      // The warden comes first: a run that is killed must not leave a file that nobody watches over.
      const watched = [...(names === null ? [] : [names.kernel, names.ramdisk]), ...(newOutput === null ? [] : [newOutput])];
      if (guarded && watched.length > 0) warden = await (await import('./warden.js')).Warden.start(watched);
      const output = existing ?? (await newFileForOutput(newOutput ?? '', args.output ?? '', warden));
      if (output.created !== null) created.push(output.created);
      let written: WrittenFiles | null = null;
      if (names !== null) {
        const kernel = NewFile.create(names.kernel);
        created.push(kernel);
        const ramdisk = NewFile.create(names.ramdisk);
        created.push(ramdisk);
        written = { kernel, ramdisk };
      }
      if (warden !== null) for (const path of watched) finished(path);
      return new ResultFiles(written, output, warden);
    } catch (error) {
      for (const file of created) file.discard();
      await warden?.end('failed');
      throw error;
    }
  }

  /** Writes the result, which is the last thing that happens: a caller that sees it has whole files. */
  async deliver(text: string): Promise<void> {
    if (this.output === null) return;
    const { fd, name } = this.output;
    try {
      if (fd !== 1 && fstatSync(fd).isFile()) ftruncateSync(fd, 0);
    } catch (error) {
      throw hostError(error, `the output file ${name} cannot be emptied`);
    }
    await new StreamSink(fd, name).write(Buffer.from(text, 'utf8'));
    if (fd !== 1 && this.output.created === null) closeSync(fd);
  }

  /** The files stay; the ramdisk only where there is one. */
  async keep(withRamdisk: boolean): Promise<void> {
    const { written, output, warden } = this;
    if (warden !== null) return warden.end(withRamdisk || written === null ? 'keep' : 'keep-kernel');
    output?.created?.keep();
    if (written === null) return;
    if (withRamdisk) written.ramdisk.keep();
    else written.ramdisk.discard();
    written.kernel.keep();
  }

  /** The files go. */
  async discard(): Promise<void> {
    const { written, output, warden } = this;
    if (warden !== null) return warden.end('failed');
    output?.created?.discard();
    written?.kernel.discard();
    written?.ramdisk.discard();
  }
}

function openOutput(path: string | null): Output {
  if (path === null) return { fd: 1, name: 'standard output', created: null };
  return { fd: existingOutput(path), name: path, created: null };
}

/** Whether nothing has the name, not even a link that leads nowhere. */
function isFree(path: string): boolean {
  if (path === '') return false; // a name that nothing can have
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    throw hostError(error, `the output file ${path} cannot be looked for`);
  }
}

/** @param warden lets go of the name where somebody else took it in between: then the file is not this run's to remove */
async function newFileForOutput(path: string, name: string, warden: Warden | null): Promise<Output> {
  try {
    const created = NewFile.create(path);
    return { fd: created.fd, name, created };
  } catch (error) {
    if (error instanceof TygrubError && error.code === 'host.eexist') await warden?.end('keep');
    throw error;
  }
}

/** Opens a file that is there; what is in it stays until there is a result. */
function existingOutput(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY);
  } catch (error) {
    throw hostError(error, `the output file ${path} cannot be opened`);
  }
}

/** The directory as an absolute path; no link in it is followed. */
function outputDirectory(asked: string | null): string {
  const path = asked ?? DEFAULT_DIRECTORY;
  // Two slashes at the beginning are a place of their own to POSIX, and Python leaves them.
  const absolute = /^\/\/(?!\/)/.test(path) ? `/${resolve(path)}` : resolve(path);
  if (asked !== null) return absolute; // it was there when the arguments were read
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (statSync(path).isDirectory()) return absolute;
  } catch (error) {
    throw hostError(error, `the output directory ${path} cannot be used`);
  }
  throw usageError('pygrub.output-directory', `${path} is not an existing directory`);
}

function newNames(folder: string): { readonly kernel: string; readonly ramdisk: string } {
  const path = (name: string): string => `${folder}${folder.endsWith('/') ? '' : '/'}${name}`;
  return { kernel: path(`boot_kernel.${randomName()}`), ramdisk: path(`boot_ramdisk.${randomName()}`) };
}

/** Eight characters of [a-z0-9_], as Python's tempfile makes them. */
function randomName(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789_';
  // The kernel's own generator: node:crypto is the costliest module to load.
  const bytes = new Uint8Array(8);
  const fd = openSync('/dev/urandom', constants.O_RDONLY);
  try {
    readSync(fd, bytes);
  } finally {
    closeSync(fd);
  }
  return Array.from(bytes, (byte) => letters[byte % letters.length]).join('');
}
