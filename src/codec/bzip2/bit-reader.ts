import type { CodecInput } from '../input.js';

/**
 * Bits of a piece in memory, highest first. Behind the end it gives zeros and remembers: whoever reads asks `isPastEnd`
 * from time to time instead of for each bit.
 */
export class BitReader {
  private buffer = 0;
  private held = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
  ) {}

  /** `count` (0 to 24) bits without taking them. */
  peek(count: number): number {
    while (this.held < count) {
      this.buffer = ((this.buffer << 8) | (this.at < this.bytes.length ? (this.bytes[this.at] as number) : 0)) >>> 0;
      this.at += 1;
      this.held += 8;
    }
    return (this.buffer >>> (this.held - count)) & ((1 << count) - 1);
  }

  /** Takes bits that were looked at. */
  skip(count: number): void {
    this.held -= count;
  }

  bits(count: number): number {
    const value = this.peek(count);
    this.held -= count;
    return value;
  }

  get isPastEnd(): boolean {
    return this.at - (this.held >> 3) > this.bytes.length;
  }

  /** Bits taken since byte 0 of the piece. */
  get position(): number {
    return this.at * 8 - this.held;
  }

  /** Throws away the bits up to the next whole byte. */
  alignToByte(): void {
    this.held -= this.held & 7;
  }
}

/** A bit reader at a bit of the input's piece in memory. */
export function bitsOf(input: CodecInput, bit: number): BitReader {
  const reader = new BitReader(input.bytes, input.at);
  reader.bits(bit);
  return reader;
}
