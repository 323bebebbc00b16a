/** Following a range through all layers down to the leaves: what large copies are made of. */
import { limitReached } from '../errors.js';
import type { ByteSource, Run } from './byte-source.js';

/** Layers that one byte may pass: container chains, volumes on volumes and files in files stay far below. */
const MAX_LAYERS = 256;

/** Follows the first run of a range down to a leaf source (or to zeros). */
export async function locateLeaf(source: ByteSource, offset: number, length: number): Promise<Run> {
  let run: Run = { source, offset, length };
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    if (run.source === null || run.source.locate === undefined) return run;
    const below: Run = await run.source.locate(run.offset, run.length);
    run = { source: below.source, offset: below.offset, length: Math.min(below.length, run.length) };
  }
  throw limitReached('layers', `more than ${MAX_LAYERS} layers of sources on top of each other`);
}

/**
 * The leaf runs of a range in order, neighbours joined. Zeros come as runs with the source null.
 * @param maxRun bytes of one run at most
 */
export async function* leafRuns(source: ByteSource, offset: number, length: number, maxRun: number): AsyncGenerator<Run> {
  const end = offset + length;
  let pending: Run | null = null;
  for (let at = offset; at < end; ) {
    const room = pending === null ? maxRun : maxRun - pending.length;
    const run = await locateLeaf(source, at, Math.min(end - at, room === 0 ? maxRun : room));
    at += run.length;
    if (pending !== null && joins(pending, run) && pending.length + run.length <= maxRun) {
      pending = { source: pending.source, offset: pending.offset, length: pending.length + run.length };
    } else {
      if (pending !== null) yield pending;
      pending = run;
    }
  }
  if (pending !== null) yield pending;
}

function joins(a: Run, b: Run): boolean {
  return a.source === b.source && (a.source === null || a.offset + a.length === b.offset);
}
