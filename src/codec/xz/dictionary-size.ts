/**
 * What unpacking an xz file takes, from its first bytes (xz-file-format 1.2.0, sections 2.1.1 and 3.1). Nothing is verified: whoever
 * unpacks it does that. Apart from the decoder, which takes longer to load than this to run.
 */
import { lzma2DictionarySize } from '../lzma/dictionary-size.js';

/** Bytes of a stream header; a block header follows it. */
const STREAM_HEADER = 12;
const HAS_COMPRESSED_SIZE = 0x40;
const HAS_UNCOMPRESSED_SIZE = 0x80;
const FILTER_COUNT = 0x03;
const LZMA2 = 0x21;
/** Bytes of the longest multibyte integer (1.2). */
const MAX_NUMBER = 9;

/**
 * Bytes of dictionary that an xz file's first block needs: what a decompressor with a memory limit may refuse.
 * @param head the first bytes of the file, 1 KiB at least where it has them
 * @returns null where it has no block that can be read
 */
export function xzDictionarySize(head: Uint8Array): number | null {
  let at = STREAM_HEADER;
  const number = (): number => {
    let value = 0;
    for (let i = 0; i < MAX_NUMBER; i++) {
      const byte = head[at++] ?? 0x80;
      value += (byte & 0x7f) * 128 ** i;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  if ((head[at++] ?? 0) === 0) return null; // the index, or the end
  const flags = head[at++] ?? 0;
  if ((flags & HAS_COMPRESSED_SIZE) !== 0) number();
  if ((flags & HAS_UNCOMPRESSED_SIZE) !== 0) number();
  for (let left = (flags & FILTER_COUNT) + 1; left > 0; left--) {
    const id = number();
    const size = number();
    if (id === LZMA2 && size === 1) return lzma2DictionarySize(head[at] ?? 0xff);
    if (!(size <= head.length)) return null;
    at += size;
  }
  return null;
}
