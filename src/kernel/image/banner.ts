import { decodeLatin1 } from '../../bytes/text.js';

/** `linux_banner` and `linux_proc_banner` begin with this; the second has a `%s` in it. */
const PREFIX = 'Linux version ';
const BANNER = /^(\d[^\s%]{0,100} \([^()]{1,200}@[^()]{1,200}\) [^\n\0%]{0,300})/;
/** Bytes of a banner. */
const LENGTH = 700;

/**
 * Finds the banner of an uncompressed Linux kernel, whose header does not tell its version.
 * @returns the text behind `Linux version `; null where there is none
 */
export async function findLinuxVersion(pieces: AsyncIterable<Uint8Array>): Promise<string | null> {
  let rest = '';
  for await (const piece of pieces) {
    const text = rest + decodeLatin1(piece);
    for (let at = text.indexOf(PREFIX); at >= 0; at = text.indexOf(PREFIX, at + 1)) {
      const banner = BANNER.exec(text.slice(at + PREFIX.length, at + LENGTH));
      if (banner !== null && at + LENGTH <= text.length) return banner[1] ?? null;
    }
    // A banner that is cut off at the end of the piece is looked at again with the next one.
    rest = text.slice(-LENGTH);
  }
  const at = rest.indexOf(PREFIX);
  return at < 0 ? null : (BANNER.exec(rest.slice(at + PREFIX.length))?.[1] ?? null);
}

/** Whether a text occurs in the first bytes of a program. @param limit bytes that are looked at */
export async function contains(pieces: AsyncIterable<Uint8Array>, text: string, limit: number): Promise<boolean> {
  let rest = '';
  let seen = 0;
  for await (const piece of pieces) {
    const part = rest + decodeLatin1(piece);
    if (part.includes(text)) return true;
    rest = part.slice(-text.length);
    seen += piece.length;
    if (seen >= limit) return false;
  }
  return false;
}
