/** Finite state entropy tables (RFC 8878, 4.1). */
import { badZstd, bitsAt, highBit } from './bit-stream.js';

/** A decoding table: the state is an index into the three arrays. */
export interface FseTable {
  /** Bits of a state. */
  readonly accuracyLog: number;
  readonly symbols: Uint8Array;
  /** Bits to read for the next state. */
  readonly bits: Uint8Array;
  /** What those bits are added to. */
  readonly baselines: Uint16Array;
}

/** A table with one symbol, which needs no bits (RLE mode). */
export function singleSymbolTable(symbol: number): FseTable {
  return { accuracyLog: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), baselines: new Uint16Array(1) };
}

/**
 * Builds a table from the probabilities of its symbols (RFC 8878, 4.1.1, "From normalized distribution to decoding tables").
 * @param probabilities one for each symbol; -1 is "less than 1"; their absolute values add up to 2^accuracyLog
 */
export function buildFseTable(probabilities: ArrayLike<number>, accuracyLog: number): FseTable {
  const size = 1 << accuracyLog;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(probabilities.length);
  let high = size - 1;
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    const probability = probabilities[symbol] as number;
    next[symbol] = probability === -1 ? 1 : probability;
    if (probability === -1) symbols[high--] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let state = 0;
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    for (let n = probabilities[symbol] as number; n > 0; n--) {
      symbols[state] = symbol;
      do state = (state + step) & (size - 1);
      while (state > high);
    }
  }
  const bits = new Uint8Array(size);
  const baselines = new Uint16Array(size);
  for (state = 0; state < size; state++) {
    const symbol = symbols[state] as number;
    const count = next[symbol] as number;
    next[symbol] = count + 1;
    const needed = accuracyLog - highBit(count);
    bits[state] = needed;
    baselines[state] = (count << needed) - size;
  }
  return { accuracyLog, symbols, bits, baselines };
}

/**
 * Reads a table's description (RFC 8878, 4.1.1).
 * @param data has 4 bytes behind `end`
 * @param maxLog the largest accuracy log that is allowed here
 * @param maxSymbol the largest symbol that is allowed here
 * @returns the table and the offset of the byte behind its description
 * @throws TygrubError corrupt
 */
export function readFseTable(
  data: Uint8Array,
  start: number,
  end: number,
  maxLog: number,
  maxSymbol: number,
): { readonly table: FseTable; readonly next: number } {
  if (start >= end) throw badZstd('an FSE table is cut off');
  const accuracyLog = bitsAt(data, start * 8, 4) + 5;
  if (accuracyLog > maxLog) throw badZstd(`an FSE table has accuracy ${accuracyLog}, ${maxLog} is allowed`);
  let at = start * 8 + 4;
  let remaining = 1 << accuracyLog;
  const probabilities: number[] = [];
  while (remaining > 0) {
    if (probabilities.length > maxSymbol) throw badZstd('an FSE table has too many symbols');
    if (at > end * 8) throw badZstd('an FSE table is cut off');
    // A value from 0 to remaining + 1; the smaller ones of them take one bit less.
    const width = highBit(remaining + 1) + 1;
    const short = (1 << width) - 1 - (remaining + 1);
    let value = bitsAt(data, at, width - 1);
    if (value < short) at += width - 1;
    else {
      value = bitsAt(data, at, width);
      if (value >= 1 << (width - 1)) value -= short;
      at += width;
    }
    const probability = value - 1;
    probabilities.push(probability);
    remaining -= Math.abs(probability);
    if (probability !== 0) continue;
    for (;;) {
      if (at > end * 8) throw badZstd('an FSE table is cut off');
      const zeros = bitsAt(data, at, 2);
      at += 2;
      for (let n = 0; n < zeros; n++) probabilities.push(0);
      if (zeros < 3) break;
    }
  }
  const next = (at + 7) >> 3;
  if (remaining !== 0 || next > end || probabilities.length > maxSymbol + 1) throw badZstd('an FSE table contradicts itself');
  return { table: buildFseTable(probabilities, accuracyLog), next };
}
