import { decodeLatin1 } from '../../bytes/text.js';

/** `linux_banner` and `linux_proc_banner` begin with this; the second has a `%s` in it. */
const PREFIX = 'Linux version ';
const BANNER = /^(\d[^\s%]{0,100} \([^()]{1,200}@[^()]{1,200}\) [^\n\0%]{0,300})/;
/** Bytes of a banner. */
const LENGTH = 700;

/** Looks for a text in bytes, in steps of its length where they allow it (Horspool's way): kernels are searched by the 10 MiB. */
class TextSearch {
  private readonly text: Uint8Array;
  private readonly steps: Uint8Array;

  /** @param text Latin-1, fewer than 256 characters */
  constructor(text: string) {
    this.text = Uint8Array.from(text, (char) => char.charCodeAt(0));
    this.steps = new Uint8Array(256).fill(text.length);
    this.text.subarray(0, -1).forEach((byte, i) => {
      this.steps[byte] = text.length - 1 - i;
    });
  }

  /** The first place of the text from `from` on; -1 for none. */
  find(bytes: Uint8Array, from: number): number {
    const { text, steps } = this;
    const last = text.length - 1;
    const lastByte = text[last] as number;
    for (let at = from; at + last < bytes.length; ) {
      const byte = bytes[at + last] as number;
      if (byte === lastByte && text.every((expected, i) => bytes[at + i] === expected)) return at;
      at += steps[byte] as number;
    }
    return -1;
  }
}

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
