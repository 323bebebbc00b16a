import { decodeLatin1 } from '../../bytes/text.js';
import { TextSearch } from './text-search.js';

/** `linux_banner` and `linux_proc_banner` begin with this; the second has a `%s` in it. */
const PREFIX = 'Linux version ';
const BANNER = /^(\d[^\s%]{0,100} \([^()]{1,200}@[^()]{1,200}\) [^\n\0%]{0,300})/;
/** Bytes of a banner. */
const LENGTH = 700;

/** Each piece with the last `tail` bytes of those before it in front: what is cut off is seen again as a whole. */
async function* overlapping(pieces: AsyncIterable<Uint8Array>, tail: number): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const piece of pieces) {
    const joined = new Uint8Array(rest.length + piece.length);
    joined.set(rest);
    joined.set(piece, rest.length);
    yield joined;
    rest = joined.slice(-tail);
  }
}

/**
 * Finds the banner of an uncompressed Linux kernel, whose header does not tell its version.
 * @returns the text behind `Linux version `; null where there is none
 */
export async function findLinuxVersion(pieces: AsyncIterable<Uint8Array>): Promise<string | null> {
  const search = new TextSearch(PREFIX);
  let cut: string | null = null;
  for await (const bytes of overlapping(pieces, LENGTH)) {
    cut = null;
    for (let at = search.find(bytes, 0); at >= 0; at = search.find(bytes, at + 1)) {
      const banner = BANNER.exec(decodeLatin1(bytes.subarray(at + PREFIX.length, at + LENGTH)))?.[1] ?? null;
      if (banner !== null && at + LENGTH <= bytes.length) return banner;
      cut ??= banner; // at the end of the piece: the next one has it as a whole, or there is none
    }
  }
  return cut;
}

/** Whether a text occurs in the first bytes of a program. @param limit bytes that are looked at */
export async function contains(pieces: AsyncIterable<Uint8Array>, text: string, limit: number): Promise<boolean> {
  const search = new TextSearch(text);
  let seen = 0;
  for await (const bytes of overlapping(pieces, text.length)) {
    if (search.find(bytes, 0) >= 0) return true;
    seen += bytes.length;
    if (seen >= limit) return false;
  }
  return false;
}
