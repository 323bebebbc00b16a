/** Everything that a disk stores into the writer of a layout: from file to file where that is all there is to do. */
import type { ByteSource } from '../source/byte-source.js';
import { HostFileSource } from '../source/host-file.js';
import type { DiskWriter } from './disk-writer.js';
import { BATCH, type CopyRange, RangeCopier } from './range-copier.js';
import { PieceReader, type StoredChunk, storedChunks } from './stored-chunks.js';

/** Bytes of the disk that are looked at together. */
const CHUNK = 2 * 1024 * 1024;
/** Runs in one chunk; where there are more, it is cheaper to gather them before they are written. */
const FEW = 4;

/**
 * Copies what is stored.
 * @param progress called with the bytes of the disk that are done
 * @throws what the source and the writer throw
 */
export async function copyStored(disk: ByteSource, writer: DiskWriter, progress: (done: number) => void): Promise<void> {
  const reader = new PieceReader();
  const copier = writer.straight === null ? null : new RangeCopier(writer.straight);
  let batch: CopyRange[] = [];
  const flush = async (): Promise<void> => {
    if (copier === null) return;
    for (const { source, offset, target, length } of await copier.copy(batch)) {
      await reader.pieces({ offset: target, length, runs: [{ source, offset, length }] }, (piece) => writer.put(piece));
    }
    batch = [];
  };
  try {
    for await (const chunk of storedChunks(disk, CHUNK)) {
      const ranges = copier === null ? null : fileRanges(chunk);
      if (ranges !== null) {
        batch.push(...ranges);
        if (batch.length + FEW <= BATCH) continue;
        await flush();
      } else {
        await reader.pieces(chunk, (piece) => writer.put(piece));
        // Signals and timers get their turn: reading and writing are synchronous.
        await new Promise((resolve) => setImmediate(resolve));
      }
      progress(chunk.offset + chunk.length);
    }
    await flush();
    progress(disk.size);
  } finally {
    await copier?.close();
  }
}

/** The chunk as ranges of files of the host; null where it lies elsewhere, or in many places. */
function fileRanges({ offset, runs }: StoredChunk): CopyRange[] | null {
  const ranges: CopyRange[] = [];
  let target = offset;
  for (const run of runs) {
    if (run.source instanceof HostFileSource) {
      ranges.push({ source: run.source, offset: run.offset, target, length: run.length });
    } else if (run.source !== null) return null;
    target += run.length;
  }
  return ranges.length > FEW ? null : ranges;
}
