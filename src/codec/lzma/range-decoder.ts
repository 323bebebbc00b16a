/** A probability of one half, in 11 bits. */
export const HALF = 1024;

/**
 * LZMA's range decoder. It reads from a piece of memory that has at least `READ_AHEAD` bytes behind the last one that
 * belongs to the data, so that one symbol can be decoded without a check; whoever decodes checks `at` between symbols.
 * `range` and `code` are unsigned 32-bit numbers kept as signed ones, which is what the engine stores without boxing.
 */
export class RangeDecoder {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  range = -1;
  code = 0;

  /** Reads the five bytes that a range-coded stream begins with. @returns false when they cannot be such a beginning */
  start(): boolean {
    this.range = -1;
    this.code = 0;
    const first = this.bytes[this.at] as number;
    for (let i = 1; i < 5; i++) this.code = (this.code << 8) | (this.bytes[this.at + i] as number);
    this.at += 5;
    return first === 0;
  }

  /** One bit with the probability at `index`, which learns from it. */
  bit(probabilities: Uint16Array, index: number): number {
    const probability = probabilities[index] as number;
    const bound = Math.imul(this.range >>> 11, probability) >>> 0;
    let result: number;
    if (this.code >>> 0 < bound) {
      this.range = bound | 0;
      probabilities[index] = probability + ((2048 - probability) >> 5);
      result = 0;
    } else {
      this.range = (this.range - bound) | 0;
      this.code = (this.code - bound) | 0;
      probabilities[index] = probability - (probability >> 5);
      result = 1;
    }
    if (this.range >>> 24 === 0) {
      this.range <<= 8;
      this.code = (this.code << 8) | (this.bytes[this.at++] as number);
    }
    return result;
  }

  /** `count` bits, highest first, each with a probability that depends on those before. */
  tree(probabilities: Uint16Array, base: number, count: number): number {
    let symbol = 1;
    for (let i = 0; i < count; i++) symbol = (symbol << 1) | this.bit(probabilities, base + symbol);
    return symbol - (1 << count);
  }

  /**
   * A byte behind a match: as long as its bits are those of the byte that the match would have gone on with, these choose among
   * two further tables of probabilities.
   */
  matchedByte(probabilities: Uint16Array, base: number, expected: number): number {
    let symbol = 1;
    let match = expected;
    let offset = 0x100;
    do {
      match <<= 1;
      const matchBit = match & offset;
      const bit = this.bit(probabilities, base + offset + matchBit + symbol);
      symbol = (symbol << 1) | bit;
      offset &= bit === 0 ? ~matchBit : matchBit;
    } while (symbol < 0x100);
    return symbol & 0xff;
  }

  /** As `tree`, lowest bit first. */
  reverseTree(probabilities: Uint16Array, base: number, count: number): number {
    let node = 1;
    let symbol = 0;
    for (let i = 0; i < count; i++) {
      const bit = this.bit(probabilities, base + node);
      node = (node << 1) | bit;
      symbol |= bit << i;
    }
    return symbol;
  }

  /** `count` bits of even chance, highest first. */
  direct(count: number): number {
    const { bytes } = this;
    let { range, code, at } = this;
    let value = 0;
    for (let i = 0; i < count; i++) {
      range >>>= 1;
      if (code >>> 0 >= range >>> 0) {
        code = (code - range) | 0;
        value = (value << 1) | 1;
      } else value <<= 1;
      if (range >>> 24 === 0) {
        range <<= 8;
        code = (code << 8) | (bytes[at++] as number);
      }
    }
    this.range = range;
    this.code = code;
    this.at = at;
    return value;
  }
}

/** Bytes that decoding one symbol may take, with some to spare (liblzma counts 20). */
export const READ_AHEAD = 32;
