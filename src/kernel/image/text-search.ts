/** Looks for a text in bytes, in steps of its length where they allow it (Horspool's way): kernels are searched by the 10 MiB. */
export class TextSearch {
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
