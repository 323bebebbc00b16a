/** The literals section of a block (RFC 8878, 3.1.1.3.1). */
import { badZstd } from './bit-stream.js';
import { decodeHuffman, type HuffmanTable, readHuffmanTable } from './huffman.js';

/** Literals_Block_Type. */
const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;

/** What the literals of one block need from the blocks before. */
export interface LiteralsState {
  /** The last tree, for blocks that reuse it. */
  huffman: HuffmanTable | null;
  /** The literals of the block; has room for `maxSize`. */
  readonly literals: Uint8Array;
}

/**
 * Decodes the literals of a block into `state.literals`.
 * @param data has 4 bytes behind `end`
 * @param maxSize the most literals that a block of this frame may have
 * @returns how many literals there are and the offset of the byte behind the section
 * @throws TygrubError corrupt
 */
export function readLiterals(
  data: Uint8Array,
  start: number,
  end: number,
  maxSize: number,
  state: LiteralsState,
): { readonly count: number; readonly next: number } {
  const byte = (i: number): number => (start + i < end ? (data[start + i] as number) : 0);
  const type = byte(0) & 3;
  const format = (byte(0) >> 2) & 3;
  if (type === RAW || type === RLE) {
    const [size, header] =
      format === 1
        ? [(byte(0) >> 4) | (byte(1) << 4), 2]
        : format === 3
          ? [(byte(0) >> 4) | (byte(1) << 4) | (byte(2) << 12), 3]
          : [byte(0) >> 3, 1];
    const next = start + header + (type === RAW ? size : 1);
    if (size > maxSize || next > end) throw badZstd('the literals of a block are cut off or too many');
    if (type === RAW) state.literals.set(data.subarray(start + header, next));
    else state.literals.fill(data[start + header] as number, 0, size);
    return { count: size, next };
  }
  const header = format < 2 ? 3 : format + 2;
  const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
  // Both sizes together take up to 36 bits: more than bit operations have, so this is arithmetic.
  let packed = 0;
  for (let i = header - 1; i >= 0; i--) packed = packed * 256 + byte(i);
  packed = Math.floor(packed / 16);
  const size = packed % 2 ** sizeBits;
  const next = start + header + Math.floor(packed / 2 ** sizeBits);
  if (size > maxSize || next > end) throw badZstd('the literals of a block are cut off or too many');
  let at = start + header;
  if (type === COMPRESSED) {
    const tree = readHuffmanTable(data, at, next);
    state.huffman = tree.table;
    at = tree.next;
  }
  if (state.huffman === null) throw badZstd('a block reuses a Huffman tree that there is not');
  if (format === 0) decodeHuffman(data, at, next, state.huffman, state.literals, 0, size);
  else decodeFourStreams(data, at, next, state.huffman, state.literals, size);
  return { count: size, next };
}

/** Four streams behind a table with the sizes of the first three (3.1.1.3.1.6). */
function decodeFourStreams(data: Uint8Array, start: number, end: number, table: HuffmanTable, out: Uint8Array, size: number): void {
  const part = (size + 3) >> 2;
  let at = start + 6;
  if (at > end || part * 3 > size) throw badZstd('the four streams of literals are cut off');
  for (let stream = 0; stream < 4; stream++) {
    const length = (data[start + stream * 2] as number) | ((data[start + stream * 2 + 1] as number) << 8);
    const next = stream < 3 ? at + length : end;
    if (next > end) throw badZstd('a stream of literals is cut off');
    decodeHuffman(data, at, next, table, out, stream * part, stream < 3 ? part : size - 3 * part);
    at = next;
  }
}
