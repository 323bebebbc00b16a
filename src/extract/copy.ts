/** Copying a byte source into a file of the host: read from the lowest source, never whole in memory. */
import { ftruncateSync, writeSync } from 'node:fs';
import { limitReached } from '../errors.js';
import type { ByteSource } from '../source/byte-source.js';
import { hostError } from '../source/host-file.js';
import { leafRuns } from '../source/runs.js';

/**
 * Bytes of one piece: what fits into a processor's second cache, so that a piece is written from there. Pieces of 1 MiB took
 * half as much time again.
 */
const PIECE = 256 * 1024;
/** After so many bytes the event loop has a turn: signals and timers come through it. */
const TURN = 8 * 1024 * 1024;
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
 * Copies a whole source into a sink, a piece after the other in one buffer.
 * @throws TygrubError limit when the source is larger than `maxSize` (before anything is written); corrupt and io from
 * the source and the sink
 */
export async function copySource(source: ByteSource, sink: Sink, options: CopyOptions): Promise<void> {
  if (source.size > options.maxSize) {
    throw limitReached('fileSize', `${options.what} has ${source.size} bytes, ${options.maxSize} may be copied`, {
      hint: 'raise it with --limit fileSize=BYTES',
    });
  }
  const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, source.size));
  let filled = 0;
  let done = 0;
  let turn = TURN;
  const flush = async (): Promise<void> => {
    if (filled === 0) return;
    await sink.write(buffer.subarray(0, filled));
    filled = 0;
    options.progress?.(done);
    if (done < turn) return;
    turn = done + TURN;
    await new Promise((resolve) => setImmediate(resolve));
  };
  for await (const run of leafRuns(source, 0, source.size, Math.max(1, source.size))) {
    if (run.source === null && run.length >= HOLE && sink.skip !== undefined) {
      await flush();
      sink.skip(run.length);
      done += run.length;
      continue;
    }
    for (let at = 0; at < run.length; ) {
      const take = Math.min(run.length - at, buffer.length - filled);
      const target = buffer.subarray(filled, filled + take);
      if (run.source === null) target.fill(0);
      else if (run.source.readInto !== undefined) await run.source.readInto(run.offset + at, target);
      else target.set(await run.source.read(run.offset + at, take));
      at += take;
      filled += take;
      done += take;
      if (filled === buffer.length) await flush();
    }
  }
  await flush();
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
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at, bytes.length - at, this.position + at);
    } catch (error) {
      throw hostError(error, `${this.path} cannot be written`);
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
