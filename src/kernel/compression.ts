/** How kernels and initrds are compressed, told from their first bytes. */
import { type CodecName, codec } from '../codec/codec.js';
import { corrupt } from '../errors.js';
import type { Limits } from '../limits.js';

/** The names that Linux's configuration uses, in lower case. */
export type Compression = 'gzip' | 'bzip2' | 'lzma' | 'xz' | 'lzo' | 'lz4' | 'zstd';

/** One kind of compression. */
export interface CompressionKind {
  readonly name: Compression;
  readonly codec: CodecName;
  readonly magic: readonly number[];
}

/**
 * In the order in which Xen's domain builder asks. LZMA's magic is the longer one that Linux looks for; the frame format
 * of LZ4 is no kernel's, but initrds have it by mistake, so that it is known here.
 */
export const COMPRESSIONS: readonly CompressionKind[] = [
  { name: 'gzip', codec: 'gzip', magic: [0x1f, 0x8b] },
  { name: 'gzip', codec: 'gzip', magic: [0x1f, 0x9e] },
  { name: 'bzip2', codec: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { name: 'xz', codec: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'zstd', codec: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'lzma', codec: 'lzma', magic: [0x5d, 0x00, 0x00] },
  { name: 'lzo', codec: 'lzop', magic: [0x89, 0x4c, 0x5a, 0x4f, 0x00] },
  { name: 'lz4', codec: 'lz4-legacy', magic: [0x02, 0x21, 0x4c, 0x18] },
  { name: 'lz4', codec: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18] },
];

/** Bytes that telling a compression takes. */
export const MAGIC_SIZE = 6;

/** True when the bytes begin with these. */
export function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** The compression of data that begins with these bytes; null for none. */
export function compressionOf(head: Uint8Array): CompressionKind | null {
  return COMPRESSIONS.find((kind) => startsWith(head, kind.magic)) ?? null;
}

/**
 * Decompresses a stream.
 * @param expected bytes that must come out, where something claims it
 * @throws TygrubError corrupt, also `kernel.decompressed-size` when the claim was wrong; limit; unsupported
 */
export async function* decompressed(
  kind: CompressionKind,
  input: AsyncIterable<Uint8Array>,
  limits: Limits,
  expected: number | null,
): AsyncGenerator<Uint8Array> {
  const { decodeStream } = await codec(kind.codec);
  let size = 0;
  for await (const piece of decodeStream(input, limits)) {
    size += piece.length;
    yield piece;
  }
  if (expected !== null && size !== expected) {
    throw corrupt('kernel.decompressed-size', `the ${kind.name} data become ${size} bytes, ${expected} are announced`);
  }
}
