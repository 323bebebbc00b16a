import { TygrubError } from '../errors.js';
import type { ByteSource } from '../source/byte-source.js';
import { locateLeaf } from '../source/runs.js';

/** Bytes that are compared at once. */
const PIECE = 1024 * 1024;

/**
 * Compares a copy with its source; past the end of the source the copy must be zeros.
 * @param path the copy's, for messages
 * @throws TygrubError io `vhd.copy-verify` at the first piece that differs; what reading throws
 */
export async function compareDisks(source: ByteSource, copy: ByteSource, path: string, progress: (done: number) => void): Promise<void> {
  if (copy.size < source.size) throw differs(path, copy.size);
  for (let at = 0; at < copy.size; ) {
    const [length, stored] = await stretch(source, copy, at);
    if (stored) {
      const expected = at < source.size ? await source.read(at, length) : new Uint8Array(length);
      if (Buffer.compare(expected, await copy.read(at, length)) !== 0) throw differs(path, at);
    }
    at += length;
    progress(Math.min(at, source.size));
  }
}

/** How far both are the same sort of run, and whether either of them stores it. */
async function stretch(source: ByteSource, copy: ByteSource, at: number): Promise<[length: number, stored: boolean]> {
  const room = (at < source.size ? source.size : copy.size) - at;
  const there = await locateLeaf(copy, at, room);
  const here = at < source.size ? await locateLeaf(source, at, room) : { source: null, length: room };
  const length = Math.min(there.length, here.length);
  const stored = there.source !== null || here.source !== null;
  return stored ? [Math.min(PIECE, room), true] : [length, false];
}

function differs(path: string, at: number): TygrubError {
  return new TygrubError('io', 'vhd.copy-verify', `${path} does not read back as it was written`, {
    offset: at,
    hint: 'the destination, or the memory of this machine, is failing',
  });
}
