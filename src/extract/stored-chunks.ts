/** Reading a disk for a copy: the stretches that are stored somewhere, in pieces; holes are not read. */
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
export function storedChunks(source: ByteSource, chunkSize: number): AsyncGenerator<StoredChunk> {
  return cut(leafRuns(source, 0, source.size, LOOK_AHEAD), 0, chunkSize);
}

/** Cuts consecutive runs at multiples of a size. @param offset where the first run stands on the disk, such a multiple */
async function* cut(parts: AsyncIterable<Run> | Iterable<Run>, offset: number, size: number): AsyncGenerator<StoredChunk> {
  let start = offset;
  let filled = 0;
  let stored = false;
  let runs: Run[] = [];
  for await (const run of parts) {
    for (let at = 0; at < run.length; ) {
      if (run.source === null && filled === 0) {
        // Whole chunks of zeros are passed at once.
        const whole = run.length - at - ((run.length - at) % size);
        start += whole;
        at += whole;
        if (at === run.length) break;
      }
      const take = Math.min(run.length - at, size - filled);
      runs.push({ source: run.source, offset: run.source === null ? 0 : run.offset + at, length: take });
      stored ||= run.source !== null;
      filled += take;
      at += take;
      if (filled < size) continue;
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

/** What a consumer of pieces gets. The buffer is used again when the consumer's promise is fulfilled. */
export interface FilledPiece {
  /** Where the piece stands on the disk: a multiple of `PIECE`. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * Bytes that are read and written at once. The piece in its buffer, in the host's cache of the source and in that of the
 * copy fit together into the second-level cache of a processor; twice as much took half as much time again.
 */
export const PIECE = 128 * 1024;

/** Reads chunks in pieces. */
export class PieceReader {
  private readonly buffer = Buffer.allocUnsafeSlow(PIECE);

  /**
   * Hands on the pieces of a chunk in order, but for those that are stored nowhere.
   * @param chunk one that starts at a multiple of `PIECE`
   * @throws what the source and the consumer throw
   */
  async pieces(chunk: StoredChunk, put: (piece: FilledPiece) => Promise<void>): Promise<void> {
    for await (const piece of cut(chunk.runs, chunk.offset, PIECE)) {
      const bytes = this.buffer.subarray(0, piece.length);
      await readChunk(piece, bytes);
      await put({ offset: piece.offset, bytes });
    }
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
