/** From an entry of the menu to files on the host. */
import { join, resolve } from 'node:path';
import type { BootEntry, BootFile } from '../boot/menu.js';
import { corrupt, limitReached, notFound, TygrubError } from '../errors.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';
import { ConcatenatedSource } from '../source/concatenation.js';
import { NewFile } from './new-file.js';
import { NewFolder } from './new-folder.js';

/** A file that was written. */
export interface ExtractedFile {
  /** Absolute path on the host. */
  readonly path: string;
  readonly size: number;
}

/** What an entry boots with. */
export interface Extracted {
  readonly kernel: ExtractedFile;
  /** All initrds of the entry, one after the other; null where it has none. */
  readonly initrd: ExtractedFile | null;
  readonly args: string;
  /** With `untilKept`: the result was delivered, the files stay. */
  keep(): void;
}

/** How an entry is extracted; all fields have defaults. */
export interface ExtractOptions {
  /** Made, for its owner alone, where it does not exist; the folder above it must. Default: the current directory. */
  readonly outputDirectory?: string;
  /** Names of the files in it. The defaults, `kernel` and `initrd`, are never taken from the disk. */
  readonly kernelName?: string;
  readonly initrdName?: string;
  readonly limits?: Limits;
  /** Bytes done and bytes in all. */
  readonly progress?: (done: number, total: number) => void;
  /** The files are removed when the process ends before `keep()` was called: for programs that still have to hand over the result. */
  readonly untilKept?: boolean;
  /** Write the plain kernel instead of the packed one; a kernel that is plain already stays as it is. */
  readonly decompress?: boolean;
}

/** The kernel and the initrds of an entry as byte sources. */
export interface EntryFiles {
  readonly kernel: ByteSource;
  readonly initrd: ByteSource | null;
}

/**
 * Opens what an entry boots with; several initrds become one source, in order, as the loader concatenates them.
 * @param options `emptyInitrds`: an initrd without a byte is handed out like any other, as pygrub does
 * @throws TygrubError not-found when the entry boots no kernel or a file is missing, naming it; corrupt when one is empty
 */
export async function openEntry(
  entry: BootEntry,
  limits: Limits = DEFAULT_LIMITS,
  options: { readonly emptyInitrds?: boolean } = {},
): Promise<EntryFiles> {
  if (entry.kernel === null) {
    const why = entry.problem === null ? 'it boots no Linux kernel' : entry.problem.message;
    throw notFound('extract.no-kernel', `entry ${entry.index}, ${JSON.stringify(entry.title)}, has no kernel: ${why}`);
  }
  const kernel = notEmpty(await openPart(entry.kernel, 'kernel', entry, limits), entry.kernel, 'kernel');
  const initrds: ByteSource[] = [];
  for (const file of entry.initrds) {
    const source = await openPart(file, 'initrd', entry, limits);
    initrds.push(options.emptyInitrds === true ? source : notEmpty(source, file, 'initrd'));
  }
  const only = initrds[0];
  if (only === undefined) return { kernel, initrd: null };
  const initrd = initrds.length === 1 ? only : new ConcatenatedSource(initrds);
  checkSize(initrd, 'the initrds together', limits);
  return { kernel, initrd };
}

async function openPart(file: BootFile, what: string, entry: BootEntry, limits: Limits): Promise<ByteSource> {
  const name = nameOf(file, what);
  let source: ByteSource;
  try {
    source = await file.open();
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    throw new TygrubError(error.kind, error.code, `${name} of ${JSON.stringify(entry.title)} cannot be read: ${error.message}`, {
      ...(error.offset === undefined ? {} : { offset: error.offset }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      attempts: error.attempts,
      cause: error,
    });
  }
  checkSize(source, name, limits);
  return source;
}

function nameOf(file: BootFile, what: string): string {
  return `the ${what} ${file.volume}:${file.path}${file.part === null ? '' : ` (${file.part})`}`;
}

function notEmpty(source: ByteSource, file: BootFile, what: string): ByteSource {
  if (source.size === 0) throw corrupt('extract.empty-file', `${nameOf(file, what)} is empty`);
  return source;
}

function checkSize(source: ByteSource, name: string, limits: Limits): void {
  if (source.size > limits.fileSize) {
    throw limitReached('fileSize', `${name} has ${source.size} bytes, ${limits.fileSize} may be extracted`, {
      hint: 'raise it with --limit fileSize=BYTES',
    });
  }
}

/**
 * Writes kernel and initrd of an entry into a directory: new files, mode 0600. On any failure, and when the process is
 * ended by a signal before it is done, nothing is left behind.
 * @throws TygrubError as `openEntry`, and io
 */
export async function extractEntry(entry: BootEntry, options: ExtractOptions = {}): Promise<Extracted> {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const folder = resolve(options.outputDirectory ?? '.');
  const files = await openEntry(entry, limits);
  const total = files.kernel.size + (files.initrd?.size ?? 0);
  const created: (NewFile | NewFolder)[] = [];
  let before = 0;
  const write = async (name: string, source: ByteSource, what: string): Promise<ExtractedFile> => {
    const file = NewFile.create(join(folder, name));
    created.push(file);
    await file.fill(source, { maxSize: limits.fileSize, what, progress: (done) => options.progress?.(before + done, total) });
    before += source.size;
    return { path: file.path, size: source.size };
  };
  const writePlain = async (name: string, source: ByteSource, what: string): Promise<ExtractedFile> => {
    const plain = await (await import('../kernel/plain-kernel.js')).plainKernel(source, limits);
    if (!plain.changed) return write(name, source, what);
    const file = NewFile.create(join(folder, name));
    created.push(file);
    const all = (plain.size ?? source.size) + (files.initrd?.size ?? 0);
    const size = await file.fillFrom(plain.stream(), {
      maxSize: limits.fileSize,
      what: `${what}, decompressed,`,
      progress: (done) => options.progress?.(Math.min(done, all), all),
    });
    before += source.size;
    return { path: file.path, size };
  };
  const keep = (): void => {
    for (const file of created) file.keep();
  };
  try {
    const made = NewFolder.create(folder);
    if (made !== null) created.push(made);
    const kernel = await (options.decompress === true ? writePlain : write)(options.kernelName ?? 'kernel', files.kernel, 'the kernel');
    const initrd = files.initrd === null ? null : await write(options.initrdName ?? 'initrd', files.initrd, 'the initrd');
    if (options.untilKept !== true) keep();
    return { kernel, initrd, args: entry.args, keep };
  } catch (error) {
    for (const file of created.reverse()) file.discard();
    throw error;
  }
}
