/**
 * Where a result goes: kernel and ramdisk in the output directory, the words about them in a file or on standard output.
 * All of it is opened before the disk is looked at, so that nothing has to be opened once rights are given up.
 */
import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { usageError } from '../errors.js';
import { StreamSink } from '../extract/copy.js';
import { NewFile } from '../extract/new-file.js';
import { finished } from '../extract/unfinished-files.js';
import { hostError } from '../source/host-file.js';
import { type Arguments, UsageRequest } from './arguments.js';
import type { Warden } from './warden.js';

/** Where pygrub puts its files unless it is told otherwise; xenopsd accepts no other place, and no other spelling of it. */
const DEFAULT_DIRECTORY = '/var/run/xen/pygrub';

/** Where the words go. */
interface Output {
  readonly fd: number;
  readonly name: string;
  readonly isOwn: boolean;
}

/** The opened output of one run. */
export class ResultFiles {
  private constructor(
    readonly kernel: NewFile,
    readonly ramdisk: NewFile,
    private readonly output: Output,
    private readonly warden: Warden | null,
  ) {}

  /**
   * Creates kernel and ramdisk, empty and mode 0600, and opens the file for the result.
   * @param guarded a warden removes the files if the run fails, since this process will not be able to
   * @throws UsageRequest when the directory is none; TygrubError io
   */
  static async open(args: Pick<Arguments, 'output' | 'outputDirectory'>, guarded: boolean): Promise<ResultFiles> {
    const folder = outputDirectory(args.outputDirectory);
    const output = openOutput(args.output);
    const [kernel, ramdisk] = [join(folder, `boot_kernel.${randomName()}`), join(folder, `boot_ramdisk.${randomName()}`)];
    // The warden comes first: a run that is killed must not leave a file that nobody watches over.
    const warden = guarded ? await (await import('./warden.js')).Warden.start(kernel, ramdisk) : null;
    try {
      const files = new ResultFiles(NewFile.create(kernel), NewFile.create(ramdisk), output, warden);
      if (warden !== null) for (const path of [kernel, ramdisk]) finished(path);
      return files;
    } catch (error) {
      await warden?.end('failed');
      throw error;
    }
  }

  /** Writes the result, which is the last thing that happens: a caller that sees it has whole files. */
  async deliver(text: string): Promise<void> {
    await new StreamSink(this.output.fd, this.output.name).write(Buffer.from(text, 'utf8'));
    if (this.output.isOwn) closeSync(this.output.fd);
  }

  /** The files stay; the ramdisk only where there is one. */
  async keep(withRamdisk: boolean): Promise<void> {
    if (this.warden !== null) return this.warden.end(withRamdisk ? 'keep' : 'keep-kernel');
    if (withRamdisk) this.ramdisk.keep();
    else this.ramdisk.discard();
    this.kernel.keep();
  }

  /** The files go. */
  async discard(): Promise<void> {
    if (this.warden !== null) return this.warden.end('failed');
    this.kernel.discard();
    this.ramdisk.discard();
  }
}

function openOutput(path: string | null): Output {
  if (path === null) return { fd: 1, name: 'standard output', isOwn: false };
  try {
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    if (fstatSync(fd).isFile()) ftruncateSync(fd, 0);
    return { fd, name: path, isOwn: true };
  } catch (error) {
    throw hostError(error, `the output file ${path} cannot be opened`);
  }
}

function outputDirectory(asked: string | null): string {
  const path = asked ?? DEFAULT_DIRECTORY;
  try {
    if (asked === null) mkdirSync(path, { recursive: true, mode: 0o700 });
    if (statSync(path).isDirectory()) return resolve(path);
  } catch (error) {
    if (asked === null) throw hostError(error, `the output directory ${path} cannot be used`);
  }
  const message = `${path} is not an existing directory`;
  if (asked !== null) throw new UsageRequest(1, message, message);
  throw usageError('pygrub.output-directory', message);
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
