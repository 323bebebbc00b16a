import { SliceSource } from '../source/slice.js';
import { type ProgramBytes, plainBytes } from './program-bytes.js';

/**
 * A part of a program as a program of its own.
 * @param offset where it begins; with `size` it lies inside the program
 * @throws TygrubError corrupt when it does not
 */
export function partOf(program: ProgramBytes, offset: number, size: number): ProgramBytes {
  if (program.source !== null) return plainBytes(new SliceSource(program.source, offset, size));
  return {
    size,
    source: null,
    async readUpTo(at, length) {
      return at >= size ? new Uint8Array(0) : program.readUpTo(offset + at, Math.min(length, size - at));
    },
    stream: () => cut(program.stream(), offset, size),
    close: () => program.close(),
  };
}

/** The bytes of a stream from `offset` on, `size` of them at most. */
async function* cut(pieces: AsyncIterable<Uint8Array>, offset: number, size: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const piece of pieces) {
    const from = Math.max(0, offset - at);
    const to = Math.min(piece.length, offset + size - at);
    if (from < to) yield piece.subarray(from, to);
    at += piece.length;
    if (at >= offset + size) return;
  }
}
