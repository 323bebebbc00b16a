/** The sequences section of a block and its execution (RFC 8878, 3.1.1.3.2 and 3.1.1.4). */
import type { SlidingWindow } from '../window.js';
import { backwardStart, badZstd, bitsAt } from './bit-stream.js';
import { buildFseTable, type FseTable, readFseTable, singleSymbolTable } from './fse.js';

/** One of the three kinds of codes: what the RFC's tables say about it. */
interface CodeKind {
  readonly maxLog: number;
  readonly maxSymbol: number;
  readonly predefined: FseTable;
}

const LITERAL_LENGTHS: CodeKind = {
  maxLog: 9,
  maxSymbol: 35,
  predefined: buildFseTable(
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
    6,
  ),
};
const OFFSETS: CodeKind = {
  maxLog: 8,
  maxSymbol: 31,
  predefined: buildFseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5),
};
const MATCH_LENGTHS: CodeKind = {
  maxLog: 9,
  maxSymbol: 52,
  predefined: buildFseTable(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
};

// Extra bits of each code, and the value that they are added to (3.1.1.3.2.1.1).
const LITERAL_LENGTH_BITS = Uint8Array.from([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);
const MATCH_LENGTH_BITS = Uint8Array.from([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9,
  10, 11, 12, 13, 14, 15, 16,
]);
const LITERAL_LENGTH_BASES = bases(LITERAL_LENGTH_BITS, 0);
const MATCH_LENGTH_BASES = bases(MATCH_LENGTH_BITS, 3);

function bases(bits: Uint8Array, first: number): Int32Array {
  const out = new Int32Array(bits.length);
  let value = first;
  for (let i = 0; i < bits.length; i++) {
    out[i] = value;
    value += 1 << (bits[i] as number);
  }
  return out;
}

/** An offset code is the number of its extra bits; windows of more than 2^27 bytes are refused before. */
const MAX_OFFSET_CODE = 28;

/** What the sequences of one block need from the blocks before. */
export interface SequencesState {
  literalLengths: FseTable | null;
  offsets: FseTable | null;
  matchLengths: FseTable | null;
  /** The last three offsets, latest first (3.1.1.5). */
  readonly repeats: [number, number, number];
}

/**
 * Decodes the sequences of a block and carries them out.
 * @param data the block's bytes; has 4 bytes behind `end`
 * @param literals the block's literals
 * @param window gets the output; has room for `maxSize`
 * @param maxSize the most bytes that a block of this frame may stand for
 * @throws TygrubError corrupt
 */
export function runSequences(
  data: Uint8Array,
  start: number,
  end: number,
  literals: Uint8Array,
  literalCount: number,
  window: SlidingWindow,
  maxSize: number,
  state: SequencesState,
): void {
  let at = start;
  const byte = (): number => {
    if (at >= end) throw badZstd('the sequences of a block are cut off');
    return data[at++] as number;
  };
  let count = byte();
  if (count === 255) count = byte() + (byte() << 8) + 0x7f00;
  else if (count > 127) count = ((count - 128) << 8) + byte();
  let position = window.position;
  const blockEnd = position + maxSize;
  const out = window.bytes;
  let literal = 0;
  if (count > 0) {
    const modes = byte();
    if ((modes & 3) !== 0) throw badZstd('reserved bits of a block are set');
    const table = (mode: number, kind: CodeKind, previous: FseTable | null): FseTable => {
      if (mode === 0) return kind.predefined;
      if (mode === 1) {
        const symbol = byte();
        if (symbol > kind.maxSymbol) throw badZstd('a code is out of range');
        return singleSymbolTable(symbol);
      }
      if (mode === 2) {
        const read = readFseTable(data, at, end, kind.maxLog, kind.maxSymbol);
        at = read.next;
        return read.table;
      }
      if (previous === null) throw badZstd('a block reuses a table that there is not');
      return previous;
    };
    const ll = table(modes >> 6, LITERAL_LENGTHS, state.literalLengths);
    const of = table((modes >> 4) & 3, OFFSETS, state.offsets);
    const ml = table((modes >> 2) & 3, MATCH_LENGTHS, state.matchLengths);
    state.literalLengths = ll;
    state.offsets = of;
    state.matchLengths = ml;

    const low = at * 8;
    const start = window.start;
    const size = window.size;
    let [repeat1, repeat2, repeat3] = state.repeats;
    let bit = backwardStart(data, at, end);
    bit -= ll.accuracyLog + of.accuracyLog + ml.accuracyLog;
    if (bit < low) throw badZstd('the sequences of a block are cut off');
    let llState = bitsAt(data, bit + of.accuracyLog + ml.accuracyLog, ll.accuracyLog);
    let ofState = bitsAt(data, bit + ml.accuracyLog, of.accuracyLog);
    let mlState = bitsAt(data, bit, ml.accuracyLog);
    for (let n = count; n > 0; n--) {
      const offsetCode = of.symbols[ofState] as number;
      const matchCode = ml.symbols[mlState] as number;
      const literalCode = ll.symbols[llState] as number;
      if (offsetCode > MAX_OFFSET_CODE) throw badZstd('a match reaches too far back');
      // Nothing is read below `low`: the widest sequence is checked for at once where many bits are left.
      const matchBits = MATCH_LENGTH_BITS[matchCode] as number;
      const literalBits = LITERAL_LENGTH_BITS[literalCode] as number;
      if (bit - offsetCode - matchBits - literalBits < low) throw badZstd('the sequences of a block are cut off');
      bit -= offsetCode;
      const offsetValue =
        offsetCode <= 24
          ? (1 << offsetCode) + bitsAt(data, bit, offsetCode)
          : (1 << offsetCode) + (bitsAt(data, bit + 16, offsetCode - 16) << 16) + bitsAt(data, bit, 16);
      bit -= matchBits;
      const matchLength = (MATCH_LENGTH_BASES[matchCode] as number) + bitsAt(data, bit, matchBits);
      bit -= literalBits;
      const literalLength = (LITERAL_LENGTH_BASES[literalCode] as number) + bitsAt(data, bit, literalBits);
      if (n > 1) {
        const llBits = ll.bits[llState] as number;
        const mlBits = ml.bits[mlState] as number;
        const ofBits = of.bits[ofState] as number;
        bit -= llBits;
        if (bit - mlBits - ofBits < low) throw badZstd('the sequences of a block are cut off');
        llState = (ll.baselines[llState] as number) + bitsAt(data, bit, llBits);
        bit -= mlBits;
        mlState = (ml.baselines[mlState] as number) + bitsAt(data, bit, mlBits);
        bit -= ofBits;
        ofState = (of.baselines[ofState] as number) + bitsAt(data, bit, ofBits);
      }

      let offset: number;
      if (offsetValue > 3) {
        offset = offsetValue - 3;
        repeat3 = repeat2;
        repeat2 = repeat1;
        repeat1 = offset;
      } else {
        // Without literals before it, a repeated offset means the next older one.
        const which = literalLength === 0 ? offsetValue + 1 : offsetValue;
        if (which === 1) offset = repeat1;
        else {
          offset = which === 2 ? repeat2 : which === 3 ? repeat3 : repeat1 - 1;
          if (which > 2) repeat3 = repeat2;
          repeat2 = repeat1;
          repeat1 = offset;
        }
      }

      if (literal + literalLength > literalCount) throw badZstd('a sequence has more literals than there are');
      if (position + literalLength + matchLength > blockEnd) throw badZstd('a block is too large');
      if (literalLength < 24) for (let i = 0; i < literalLength; i++) out[position + i] = literals[literal + i] as number;
      else out.set(literals.subarray(literal, literal + literalLength), position);
      literal += literalLength;
      position += literalLength;
      if (offset <= 0 || offset > position - start || offset > size) throw badZstd('a match reaches too far back');
      const from = position - offset;
      if (matchLength < 32 || offset < matchLength) for (let i = 0; i < matchLength; i++) out[position + i] = out[from + i] as number;
      else out.copyWithin(position, from, from + matchLength);
      position += matchLength;
    }
    if (bit !== low) throw badZstd('bits are left over behind the sequences of a block');
    state.repeats[0] = repeat1;
    state.repeats[1] = repeat2;
    state.repeats[2] = repeat3;
  } else if (at !== end) throw badZstd('bytes are left over behind a block without sequences');
  if (position + literalCount - literal > blockEnd) throw badZstd('a block is too large');
  out.set(literals.subarray(literal, literalCount), position);
  window.position = position + literalCount - literal;
}
