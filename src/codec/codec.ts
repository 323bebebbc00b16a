/**
 * The table of decompressors. Parsers ask for one by name; a program fills the table with what its host has (Node's
 * zlib, a library, our own code), and each is loaded only when something is compressed with it.
 */

import { unsupported } from '../errors.js';
import type { Limits } from '../limits.js';

/** Compression formats, by the framing that tygrub meets them in. */
export type CodecName =
  /** RFC 1952, members concatenated. */
  | 'gzip'
  /** RFC 1950. */
  | 'zlib'
  /** RFC 1951, no framing. */
  | 'deflate'
  /** RFC 8878 frames. */
  | 'zstd'
  /** RFC 7932. */
  | 'brotli'
  /** LZ4's legacy frame (`lz4 -l`, Linux kernels). */
  | 'lz4-legacy'
  /** LZ4's frame format. */
  | 'lz4'
  /** .xz with LZMA2 and the branch filters. */
  | 'xz'
  /** .lzma (LZMA alone). */
  | 'lzma'
  | 'bzip2'
  /** LZO1X in the lzop file format. */
  | 'lzop'
  /** One LZO1X block, no framing. */
  | 'lzo1x';

/** A decompressor. */
export interface Codec {
  readonly name: CodecName;
  /**
   * Decompresses one small piece in memory.
   * @param input the compressed bytes; bytes after the end of the compressed data are ignored
   * @param maxOutput bytes that may come out
   * @returns what came out, at most `maxOutput` bytes
   * @throws TygrubError corrupt `codec.…` for damaged input, limit when more than `maxOutput` would come out
   */
  decodeBlock(input: Uint8Array, maxOutput: number): Promise<Uint8Array>;
  /**
   * Decompresses a stream with memory bounded by the format's window. The consumer may stop early.
   * @throws TygrubError corrupt, limit (`decompressedSize`, `decompressorWindow`)
   */
  decodeStream(input: AsyncIterable<Uint8Array>, limits: Limits): AsyncGenerator<Uint8Array>;
}

const table = new Map<CodecName, () => Promise<Codec>>();

/** Puts decompressors into the table; later calls win. */
export function provideCodecs(rows: Partial<Record<CodecName, () => Promise<Codec>>>): void {
  for (const [name, load] of Object.entries(rows)) table.set(name as CodecName, load);
}

/**
 * The decompressor of a name, loaded now if it was not before.
 * @throws TygrubError unsupported where the program provided none
 */
export async function codec(name: CodecName): Promise<Codec> {
  const load = table.get(name);
  if (load === undefined) throw unsupported('codec.missing', `no decompressor for ${name} is available in this program`);
  return load();
}
