/**
 * The bytes of a program, wherever they are: in a file, or coming out of a decompressor. What identifies kernels reads
 * through this, so that a compressed kernel in a compressed file is nothing special.
 */
import { corrupt } from '../errors.js';
import type { ByteSource } from '../source/byte-source.js';

/** Bytes with an order, a beginning, and an end that may be known only when it is reached. */
export interface ProgramBytes {
  /** Bytes in all; null where only the end of a stream will tell. */
  readonly size: number | null;
  /** The source, where the bytes lie as they are; null where they come out of a decompressor. */
  readonly source: ByteSource | null;
  /** Reads `length` bytes, or fewer where the program ends before. */
  readUpTo(offset: number, length: number): Promise<Uint8Array>;
  /** All bytes from the start. */
  stream(): AsyncGenerator<Uint8Array>;
  /** Lets go of a decompressor. */
  close(): Promise<void>;
}

/** Bytes that a stream reads at once. */
const PIECE = 256 * 1024;

/**
 * Reads exactly `length` bytes.
 * @throws TygrubError corrupt `kernel.truncated` naming `what`
 */
export async function readExactly(program: ProgramBytes, offset: number, length: number, what: string): Promise<Uint8Array> {
  const bytes = await program.readUpTo(offset, length);
  if (bytes.length < length) throw corrupt('kernel.truncated', `${what} lies past the end of the program`, { offset });
  return bytes;
}

/** The pieces of a source, in order. */
export async function* sourcePieces(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.size; at += PIECE) yield await source.read(at, Math.min(PIECE, source.size - at));
}

/** A file as it is. */
export function plainBytes(source: ByteSource): ProgramBytes {
  return {
    size: source.size,
    source,
    async readUpTo(offset, length) {
      if (offset >= source.size) return new Uint8Array(0);
      return source.read(offset, Math.min(length, source.size - offset));
    },
    stream: () => sourcePieces(source),
    close: async () => undefined,
  };
}
