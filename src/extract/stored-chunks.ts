/** Reading a disk for a copy: the stretches that are stored somewhere, several ahead of the writer; holes are not read. */
import type { ByteSource, Run } from '../source/byte-source.js';
import { leafRuns } from '../source/runs.js';

/** A stretch of the disk at a multiple of the chunk size, of which at least a part is stored. */
export interface StoredChunk {
  readonly offset: number;
  readonly length: number;
  /** All of it in order; zeros have the source null. */
  readonly runs: readonly Run[];
}

/** Bytes that are asked for at once while looking for what is stored: far more than one chunk, so that holes are passed quickly. */
const LOOK_AHEAD = 2 ** 40;

/** The chunks of a disk that are not entirely holes, in order. Reads tables, no data. */
export async function* storedChunks(source: ByteSource, chunkSize: number): AsyncGenerator<StoredChunk> {
  let start = 0;
  let filled = 0;
  let stored = false;
  let runs: Run[] = [];
  for await (const run of leafRuns(source, 0, source.size, LOOK_AHEAD)) {
    for (let at = 0; at < run.length; ) {
      if (run.source === null && filled === 0) {
        // Whole chunks of zeros are passed at once.
        const whole = run.length - at - ((run.length - at) % chunkSize);
        start += whole;
        at += whole;
        if (at === run.length) break;
      }
      const take = Math.min(run.length - at, chunkSize - filled);
      runs.push({ source: run.source, offset: run.source === null ? 0 : run.offset + at, length: take });
      stored ||= run.source !== null;
      filled += take;
      at += take;
      if (filled < chunkSize) continue;
      if (stored) yield { offset: start, length: filled, runs };
      start += filled;
      filled = 0;
      stored = false;
      runs = [];
    }
  }
  if (stored) yield { offset: start, length: filled, runs };
}

/** Reads a chunk into the start of `target`. */
export async function readChunk(chunk: StoredChunk, target: Uint8Array): Promise<void> {
  let at = 0;
  for (const { source, offset, length } of chunk.runs) {
    const part = target.subarray(at, at + length);
    if (source === null) part.fill(0);
    else if (source.readInto !== undefined) await source.readInto(offset, part);
    else part.set(await source.read(offset, length));
    at += length;
  }
}

/** What a chunk's consumer gets: a buffer that is used again when its promise is fulfilled. */
export interface FilledChunk {
  readonly offset: number;
  /** The chunk's own bytes. */
  readonly length: number;
  /** `headroom` bytes for the consumer, the chunk, and zeros up to the chunk size. */
  readonly slab: Buffer;
}

export interface PumpOptions {
  readonly chunkSize: number;
  /** Bytes before the data in each buffer, which the consumer may fill: they stay as they are. */
  readonly headroom: number;
  /** Called for each chunk in order, one at a time. */
  readonly put: (chunk: FilledChunk) => Promise<void>;
  /** Called with the bytes of the disk that are done. */
  readonly progress?: (done: number) => void;
}

/** Chunks in memory at once: one is written while the next are read. */
const IN_FLIGHT = 4;

/**
 * Reads all stored chunks and hands them on in order; reading runs ahead of the consumer.
 * @throws what the source and the consumer throw; nothing runs on then
 */
export async function pumpChunks(source: ByteSource, options: PumpOptions): Promise<void> {
  const { chunkSize, headroom, put } = options;
  const slabs: Buffer[] = [];
  const busy: Promise<void>[] = [];
  let last: Promise<void> = Promise.resolve();
  try {
    for await (const chunk of storedChunks(source, chunkSize)) {
      if (busy.length === IN_FLIGHT) await busy.shift();
      const slab = slabs.pop() ?? Buffer.alloc(headroom + chunkSize);
      const reading = readChunk(chunk, slab.subarray(headroom, headroom + chunk.length));
      const before = last;
      last = (async () => {
        // A read that fails while an earlier chunk is written is heard of when its turn comes.
        const [read] = await Promise.allSettled([reading, before]);
        await before;
        if (read.status === 'rejected') throw read.reason;
        slab.fill(0, headroom + chunk.length);
        await put({ offset: chunk.offset, length: chunk.length, slab });
        options.progress?.(chunk.offset + chunk.length);
        slabs.push(slab);
      })();
      last.catch(() => undefined); // seen when its turn comes
      busy.push(last);
    }
    await last;
    options.progress?.(source.size);
  } finally {
    await Promise.allSettled([last]);
  }
}

const ZEROS = Buffer.alloc(64 * 1024);
/** Zeros shorter than this, or not at a multiple of it, are written like data. */
export const HOLE = ZEROS.length;

/** Whether all bytes are zero. */
export function isAllZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += HOLE) {
    const piece = bytes.subarray(at, at + HOLE);
    if (piece.compare(ZEROS, 0, piece.length) !== 0) return false;
  }
  return true;
}

/** The stretches of a buffer between its holes, as `[start, end)`. */
export function* stretches(bytes: Buffer): Generator<readonly [start: number, end: number]> {
  let start = -1;
  for (let at = 0; at < bytes.length; at += HOLE) {
    const zero = isAllZero(bytes.subarray(at, at + HOLE));
    if (!zero && start < 0) start = at;
    if (zero && start >= 0) {
      yield [start, at];
      start = -1;
    }
  }
  if (start >= 0) yield [start, bytes.length];
}
