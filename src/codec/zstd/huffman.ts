/** Huffman-coded literals (RFC 8878, 4.2). */
import { backwardStart, badZstd, bitsAt, highBit } from './bit-stream.js';
import { readFseTable } from './fse.js';

const MAX_BITS = 11;
const MAX_WEIGHT_LOG = 6;

/** A decoding table: the next `maxBits` bits are an index into both arrays. */
export interface HuffmanTable {
  readonly maxBits: number;
  readonly symbols: Uint8Array;
  /** Bits that the symbol took. */
  readonly bits: Uint8Array;
}

/**
 * Reads a tree description (4.2.1).
 * @param data has 4 bytes behind `end`
 * @returns the table and the offset of the byte behind its description
 * @throws TygrubError corrupt
 */
export function readHuffmanTable(data: Uint8Array, start: number, end: number): { readonly table: HuffmanTable; readonly next: number } {
  const weights = new Uint8Array(256);
  if (start >= end) throw badZstd('a Huffman tree is cut off');
  const header = data[start] as number;
  let count: number;
  let next: number;
  if (header < 128) {
    next = start + 1 + header;
    if (next > end) throw badZstd('a Huffman tree is cut off');
    count = readFseWeights(data, start + 1, next, weights);
  } else {
    count = header - 127;
    next = start + 1 + ((count + 1) >> 1);
    if (next > end) throw badZstd('a Huffman tree is cut off');
    for (let i = 0; i < count; i++) {
      const pair = data[start + 1 + (i >> 1)] as number;
      weights[i] = i % 2 === 0 ? pair >> 4 : pair & 15;
    }
  }
  return { table: buildHuffmanTable(weights, count), next };
}

/** Weights compressed with two FSE states that take turns (4.2.1.2). @returns how many there are */
function readFseWeights(data: Uint8Array, start: number, end: number, weights: Uint8Array): number {
  const { table, next } = readFseTable(data, start, end, MAX_WEIGHT_LOG, 255);
  const { accuracyLog, symbols, bits, baselines } = table;
  const low = next * 8;
  let at = backwardStart(data, next, end) - 2 * accuracyLog;
  if (at < low) throw badZstd('the weights of a Huffman tree are cut off');
  let state = bitsAt(data, at + accuracyLog, accuracyLog);
  let other = bitsAt(data, at, accuracyLog);
  for (let count = 0; count < 254; ) {
    weights[count++] = symbols[state] as number;
    const needed = bits[state] as number;
    at -= needed;
    if (at < low) {
      weights[count++] = symbols[other] as number;
      return count;
    }
    const following = (baselines[state] as number) + bitsAt(data, at, needed);
    state = other;
    other = following;
  }
  throw badZstd('a Huffman tree has too many weights');
}

/** Turns weights into a table; the weight of the last symbol follows from the others (4.2.1). */
function buildHuffmanTable(weights: Uint8Array, count: number): HuffmanTable {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const weight = weights[i] as number;
    if (weight > MAX_BITS) throw badZstd('a Huffman code is too long');
    if (weight > 0) sum += 1 << (weight - 1);
  }
  if (sum === 0 || count > 255) throw badZstd('a Huffman tree is empty');
  const maxBits = highBit(sum) + 1;
  const left = (1 << maxBits) - sum;
  if (maxBits > MAX_BITS || (left & (left - 1)) !== 0) throw badZstd('the weights of a Huffman tree do not add up');
  weights[count] = highBit(left) + 1;
  const symbols = new Uint8Array(1 << maxBits);
  const bits = new Uint8Array(1 << maxBits);
  let at = 0;
  for (let weight = 1; weight <= maxBits; weight++) {
    const span = 1 << (weight - 1);
    for (let symbol = 0; symbol <= count; symbol++) {
      if (weights[symbol] !== weight) continue;
      symbols.fill(symbol, at, at + span);
      bits.fill(maxBits + 1 - weight, at, at + span);
      at += span;
    }
  }
  return { maxBits, symbols, bits };
}

/**
 * Decodes one stream of literals, which is read backwards (4.2.2).
 * @param data has 4 bytes behind `end`
 * @param out where `length` literals go, from `from`
 * @throws TygrubError corrupt when the stream does not hold exactly `length` literals
 */
export function decodeHuffman(
  data: Uint8Array,
  start: number,
  end: number,
  table: HuffmanTable,
  out: Uint8Array,
  from: number,
  length: number,
): void {
  const { maxBits, symbols, bits } = table;
  const low = start * 8;
  const to = from + length;
  let at = backwardStart(data, start, end);
  let i = from;
  // Two symbols from each 24 bits, as long as that many are left.
  const down = 24 - maxBits;
  while (i + 2 <= to && at - 24 >= low) {
    const p = at - 24;
    const byte = p >> 3;
    const word =
      (data[byte] as number) | ((data[byte + 1] as number) << 8) | ((data[byte + 2] as number) << 16) | ((data[byte + 3] as number) << 24);
    const window = (word >>> (p & 7)) & 0xffffff;
    const first = window >>> down;
    const used = bits[first] as number;
    out[i] = symbols[first] as number;
    const second = ((window << used) & 0xffffff) >>> down;
    out[i + 1] = symbols[second] as number;
    at -= used + (bits[second] as number);
    i += 2;
  }
  for (; i < to; i++) {
    const left = Math.min(maxBits, at - low);
    const index = bitsAt(data, at - left, left) << (maxBits - left);
    out[i] = symbols[index] as number;
    at -= bits[index] as number;
    if (at < low) throw badZstd('a stream of literals is cut off');
  }
  if (at !== low) throw badZstd('a stream of literals is too long');
}
