import { closeSync, constants, openSync } from 'node:fs';
import { limitReached, TygrubError } from '../errors.js';
import type { ByteSource } from '../source/byte-source.js';
import { hostError } from '../source/host-file.js';
import { type CopyOptions, copySource, FileSink } from './copy.js';
import { discard, finished, unfinishedFile } from './unfinished-files.js';

/** A file that this run created: nobody else had it before, and it goes away unless the run succeeds. */
export class NewFile {
  private closed = false;

  private constructor(
    readonly path: string,
    readonly fd: number,
  ) {}

  /**
   * Creates a file that must not exist, never through a symbolic link.
   * @param mode permission bits, 0600 for what belongs to a guest
   * @throws TygrubError io `host.eexist` and the like
   */
  static create(path: string, mode = 0o600): NewFile {
    // Before it exists: a signal must not come between the file and the promise to remove it. (Handlers run later than this.)
    unfinishedFile(path);
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
      return new NewFile(path, fd);
    } catch (error) {
      finished(path); // it is not ours
      const host = hostError(error, `${path} cannot be created`);
      if (host.code !== 'host.eexist') throw host;
      throw new TygrubError('io', host.code, host.message, { cause: error, hint: 'remove it or choose another output directory' });
    }
  }

  /** Fills the file with a source and closes it. It stays unfinished: call `keep()` when the whole run succeeded. */
  async fill(source: ByteSource, options: CopyOptions): Promise<void> {
    const sink = new FileSink(this.fd, this.path);
    await copySource(source, sink, options);
    sink.finish();
    this.close();
  }

  /**
   * Fills the file with pieces whose sum is not known before, and closes it.
   * @returns bytes written
   * @throws TygrubError limit when they are more than `maxSize`; what the pieces throw; io
   */
  async fillFrom(pieces: AsyncIterable<Uint8Array>, options: CopyOptions): Promise<number> {
    const sink = new FileSink(this.fd, this.path);
    let size = 0;
    for await (const piece of pieces) {
      size += piece.length;
      if (size > options.maxSize) {
        throw limitReached('fileSize', `${options.what} has more than ${options.maxSize} bytes`, {
          hint: 'raise it with --limit fileSize=BYTES',
        });
      }
      await sink.write(piece);
      options.progress?.(size);
    }
    sink.finish();
    this.close();
    return size;
  }

  /** The file is complete and stays. */
  keep(): void {
    this.close();
    finished(this.path);
  }

  /** Closes and removes the file. */
  discard(): void {
    this.close();
    discard(this.path);
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.fd);
  }
}
