/** One block of bzip2: Huffman codes, move to front, runs, and the Burrows-Wheeler transform. */
import { unsupported } from '../../errors.js';
import { damaged } from '../input.js';
import type { BitReader } from './bit-reader.js';

const MAX_TABLES = 6;
const GROUP = 50;
const MAX_SELECTORS = 18002;
const MAX_CODE_LENGTH = 20;
/** Codes up to this length are found with one look into a table. */
const FAST_BITS = 10;
const RUN_A = 0;
const RUN_B = 1;

/** A Huffman code: short codes in a table of their first bits, the others by their length's first code. */
interface HuffmanTable {
  /** By the next `FAST_BITS` bits: symbol * 32 + length; 0 where the code is longer. */
  readonly fast: Uint16Array;
  /** By length: the first code behind those of this length, aligned to `MAX_CODE_LENGTH` bits. */
  readonly limits: Uint32Array;
  /** By length: what is subtracted from a code to give its place in `order`. */
  readonly offsets: Int32Array;
  /** Symbols by the order of their codes. */
  readonly order: Uint16Array;
}

function makeTable(lengths: Uint8Array, count: number): HuffmanTable {
  const order = new Uint16Array(count);
  const limits = new Uint32Array(MAX_CODE_LENGTH + 2);
  const offsets = new Int32Array(MAX_CODE_LENGTH + 2);
  const fast = new Uint16Array(1 << FAST_BITS);
  let code = 0;
  let placed = 0;
  for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
    offsets[length] = code - placed;
    for (let symbol = 0; symbol < count; symbol++) {
      if (lengths[symbol] !== length) continue;
      if (length <= FAST_BITS) {
        const first = code << (FAST_BITS - length);
        fast.fill(symbol * 32 + length, first, first + (1 << (FAST_BITS - length)));
      }
      order[placed++] = symbol;
      code++;
    }
    if (code > 1 << length) throw damaged('bzip2', 'a Huffman code has too many symbols');
    limits[length] = code * 2 ** (MAX_CODE_LENGTH - length);
    code <<= 1;
  }
  return { fast, limits, offsets, order };
}

/** A block, ready to be put out. */
export interface Bzip2Block {
  readonly crc: number;
  /** Bytes of the block before its first run-length coding. */
  readonly length: number;
  /** Place of the first byte's predecessor in `chain`. */
  readonly start: number;
}

/** Decodes blocks; the tables in it are used again for each. */
export class BlockDecoder {
  /** For each byte of the sorted block: the byte in the lowest 8 bits, above it the place of the one that follows it. */
  readonly chain: Uint32Array;
  private readonly selectors = new Uint8Array(MAX_SELECTORS);

  /** @param size bytes that a block may have: 100,000 times the level */
  constructor(private readonly size: number) {
    this.chain = new Uint32Array(size);
  }

  /**
   * Decodes the block behind its magic number.
   * @throws TygrubError corrupt; the caller asks the reader whether it is past its end
   */
  decode(bits: BitReader): Bzip2Block {
    const crc = ((bits.bits(16) << 16) | bits.bits(16)) >>> 0;
    if (bits.bits(1) === 1) throw unsupported('codec.bzip2-randomised', 'the bzip2 data is randomised, which ended with bzip2 0.9.5');
    const origin = bits.bits(24);
    const symbols = readSymbols(bits);
    const tables = this.readTables(bits, symbols.length + 2);
    const length = this.readMoveToFront(bits, symbols, tables);
    if (origin >= length) throw damaged('bzip2', 'the origin of a block is behind its end');
    this.invert(length);
    return { crc, length, start: (this.chain[origin] as number) >>> 8 };
  }

  private readTables(bits: BitReader, alphabet: number): readonly HuffmanTable[] {
    const count = bits.bits(3);
    const selectors = bits.bits(15);
    if (count < 2 || count > MAX_TABLES || selectors === 0) throw damaged('bzip2', 'a block has an impossible number of tables');
    const front = [0, 1, 2, 3, 4, 5];
    for (let i = 0; i < selectors; i++) {
      let place = 0;
      while (bits.bits(1) === 1) {
        place++;
        if (place >= count) throw damaged('bzip2', 'a block selects a table that there is not');
      }
      const table = front[place] as number;
      front.splice(place, 1);
      front.unshift(table);
      if (i < MAX_SELECTORS) this.selectors[i] = table;
    }
    this.selectorCount = Math.min(selectors, MAX_SELECTORS);
    const tables: HuffmanTable[] = [];
    const lengths = new Uint8Array(alphabet);
    for (let t = 0; t < count; t++) {
      let length = bits.bits(5);
      for (let symbol = 0; symbol < alphabet; symbol++) {
        for (;;) {
          if (length < 1 || length > MAX_CODE_LENGTH) throw damaged('bzip2', 'a Huffman code has an impossible length');
          if (bits.bits(1) === 0) break;
          length += bits.bits(1) === 0 ? 1 : -1;
        }
        lengths[symbol] = length;
      }
      tables.push(makeTable(lengths, alphabet));
    }
    return tables;
  }

  private selectorCount = 0;

  /** Huffman codes to bytes in sorted order, in the lowest 8 bits of `chain`. @returns how many bytes */
  private readMoveToFront(bits: BitReader, symbols: Uint8Array, tables: readonly HuffmanTable[]): number {
    const { chain, size } = this;
    const front = symbols;
    const end = symbols.length + 1;
    let length = 0;
    let run = 0;
    let weight = 1;
    for (let group = 0; ; group++) {
      if (group >= this.selectorCount) throw damaged('bzip2', 'a block has no end');
      if (bits.isPastEnd) throw damaged('bzip2', 'a block is cut off');
      const { fast, limits, offsets, order } = tables[this.selectors[group] as number] as HuffmanTable;
      for (let i = 0; i < GROUP; i++) {
        const ahead = bits.peek(MAX_CODE_LENGTH);
        const entry = fast[ahead >> (MAX_CODE_LENGTH - FAST_BITS)] as number;
        let symbol: number;
        if (entry !== 0) {
          symbol = entry >> 5;
          bits.skip(entry & 31);
        } else {
          let n = FAST_BITS + 1;
          while (n <= MAX_CODE_LENGTH && ahead >= (limits[n] as number)) n++;
          const place = n > MAX_CODE_LENGTH ? -1 : (ahead >> (MAX_CODE_LENGTH - n)) - (offsets[n] as number);
          if (place < 0 || place >= order.length) throw damaged('bzip2', 'a Huffman code stands for nothing');
          symbol = order[place] as number;
          bits.skip(n);
        }
        if (symbol <= RUN_B) {
          // Runs of the front byte: their length in bijective base 2, lowest digit first.
          run += symbol === RUN_A ? weight : weight * 2;
          weight *= 2;
          if (run > size) throw damaged('bzip2', 'a block is too large');
          continue;
        }
        if (run > 0) {
          if (length + run > size) throw damaged('bzip2', 'a block is too large');
          chain.fill(front[0] as number, length, length + run);
          length += run;
          run = 0;
          weight = 1;
        }
        if (symbol === end) return length;
        const place = symbol - 1;
        const byte = front[place] as number;
        front.copyWithin(1, 0, place);
        front[0] = byte;
        if (length >= size) throw damaged('bzip2', 'a block is too large');
        chain[length++] = byte;
      }
    }
  }

  /** Links each byte of the sorted block with the one that follows it in the text. */
  private invert(length: number): void {
    const { chain } = this;
    const counts = new Uint32Array(256);
    for (let i = 0; i < length; i++) {
      const byte = (chain[i] as number) & 0xff;
      counts[byte] = (counts[byte] as number) + 1;
    }
    let sum = 0;
    for (let byte = 0; byte < 256; byte++) {
      const count = counts[byte] as number;
      counts[byte] = sum;
      sum += count;
    }
    for (let i = 0; i < length; i++) {
      const byte = (chain[i] as number) & 0xff;
      const place = counts[byte] as number;
      counts[byte] = place + 1;
      chain[place] = ((chain[place] as number) & 0xff) | (i << 8);
    }
  }
}

/** The bytes that occur in a block, in order. */
function readSymbols(bits: BitReader): Uint8Array {
  const ranges = bits.bits(16);
  const symbols: number[] = [];
  for (let range = 0; range < 16; range++) {
    if ((ranges & (0x8000 >> range)) === 0) continue;
    const used = bits.bits(16);
    for (let i = 0; i < 16; i++) if ((used & (0x8000 >> i)) !== 0) symbols.push(range * 16 + i);
  }
  if (symbols.length === 0) throw damaged('bzip2', 'a block has no bytes');
  return Uint8Array.from(symbols);
}
