/** Copying a byte source into a file of the host: in large pieces, read from the lowest source, never whole in memory. */
import { ftruncateSync, write, writeSync } from 'node:fs';
import { limitReached } from '../errors.js';
import type { ByteSource } from '../source/byte-source.js';
import { hostError } from '../source/host-file.js';
import { leafRuns } from '../source/runs.js';

/** Bytes of one piece. Larger ones were not faster where it was measured, and memory counts. */
const PIECE = 1024 * 1024;
/** Zeros shorter than this are written, longer ones become holes of the copy. */
const HOLE = 64 * 1024;

/** Where copied bytes go. */
export interface Sink {
  /** Takes the bytes that follow the ones before. `bytes` may be reused once the promise is fulfilled. */
  write(bytes: Uint8Array): Promise<void>;
  /** Takes zeros that follow; a sink without it gets them written. */
  skip?(length: number): void;
}

/** How a copy is made. */
export interface CopyOptions {
  /** Bytes that may be copied; the name of the bound is `fileSize`. */
  readonly maxSize: number;
  /** What error messages call the source. */
  readonly what: string;
  /** Called after each piece with the bytes done so far. */
  readonly progress?: (done: number) => void;
}

/**
 * Copies a whole source into a sink. Reading the next piece and writing the last one overlap.
 * @throws TygrubError limit when the source is larger than `maxSize` (before anything is written); corrupt and io from
 * the source and the sink
 */
export async function copySource(source: ByteSource, sink: Sink, options: CopyOptions): Promise<void> {
  if (source.size > options.maxSize) {
    throw limitReached('fileSize', `${options.what} has ${source.size} bytes, ${options.maxSize} may be copied`, {
      hint: 'raise it with --limit fileSize=BYTES',
    });
  }
  const size = Math.min(PIECE, source.size);
  const pieces = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)] as const;
  let current: 0 | 1 = 0;
  let filled = 0;
  let done = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await writing; // the other piece: from here on it may be filled
    if (filled === 0) return;
    writing = sink.write(pieces[current].subarray(0, filled));
    // A failure is seen at the next `await writing`; without this the host would call it unhandled until then.
    writing.catch(() => undefined);
    current = current === 0 ? 1 : 0;
    filled = 0;
    options.progress?.(done);
  };
  for await (const run of leafRuns(source, 0, source.size, Math.max(1, size))) {
    if (run.source === null && run.length >= HOLE && sink.skip !== undefined) {
      await flush();
      await writing;
      sink.skip(run.length);
      done += run.length;
      continue;
    }
    for (let at = 0; at < run.length; ) {
      const take = Math.min(run.length - at, size - filled);
      const target = pieces[current].subarray(filled, filled + take);
      if (run.source === null) target.fill(0);
      else if (run.source.readInto !== undefined) await run.source.readInto(run.offset + at, target);
      else target.set(await run.source.read(run.offset + at, take));
      at += take;
      filled += take;
      done += take;
      if (filled === size) await flush();
    }
  }
  await flush();
  await writing;
  options.progress?.(done);
}

/** A sink that writes into an open, empty regular file from its start, with holes where the source has zeros. */
export class FileSink implements Sink {
  private position = 0;

  /** @param path for messages */
  constructor(
    private readonly fd: number,
    private readonly path: string,
  ) {}

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const start = at;
      at += await new Promise<number>((resolve, reject) => {
        write(this.fd, bytes, start, bytes.length - start, this.position + start, (error, wrote) => {
          if (error === null) resolve(wrote);
          else reject(hostError(error, `${this.path} cannot be written`));
        });
      });
    }
    this.position += bytes.length;
  }

  skip(length: number): void {
    this.position += length;
  }

  /** Gives the file its whole length, where it ends with a hole. */
  finish(): void {
    try {
      ftruncateSync(this.fd, this.position);
    } catch (error) {
      throw hostError(error, `${this.path} cannot be written`);
    }
  }
}

/** A sink that writes to a pipe or a terminal. */
export class StreamSink implements Sink {
  constructor(
    private readonly fd: number,
    private readonly name: string,
  ) {}

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      try {
        at += writeSync(this.fd, bytes, at, bytes.length - at);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') {
          await new Promise((resolve) => setTimeout(resolve, 2)); // a non-blocking pipe that is full
          continue;
        }
        throw hostError(error, `${this.name} cannot be written`);
      }
    }
  }
}
