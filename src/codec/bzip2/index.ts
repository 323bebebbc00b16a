/** bzip2 files: streams of blocks of up to 900,000 bytes, which follow each other bit by bit. */
import { TygrubError } from '../../errors.js';
import type { CodecInput } from '../input.js';
import { streamingCodec } from '../streaming.js';
import { type BitReader, bitsOf } from './bit-reader.js';
import { BlockDecoder, type Bzip2Block } from './block.js';

/** `BZh` and a digit. */
const SIGNATURE = 0x425a68;
/** Pi and the square root of pi, in the first 48 bits of their digits: what a block and the end of a stream begin with. */
const BLOCK_MAGIC = [0x314159, 0x265359] as const;
const END_MAGIC = [0x177245, 0x385090] as const;
const LEVEL_UNIT = 100_000;
/** No block takes more compressed bytes: 20 bits for each of its symbols, tables and selectors. */
const MAX_BLOCK_INPUT = Math.ceil((9 * LEVEL_UNIT * 20) / 8) + 64 * 1024;
/** Bytes of output in one piece. */
const PIECE = 256 * 1024;

let crcTable: Int32Array | undefined;

/** CRC-32 of the same polynomial as everyone's, highest bit first. @param crc the register, inverted at start and end */
function crc32HighFirst(data: Uint8Array, crc: number): number {
  if (crcTable === undefined) {
    crcTable = new Int32Array(256);
    for (let n = 0; n < 256; n++) {
      let c = n << 24;
      for (let bit = 0; bit < 8; bit++) c = (c & 0x80000000) !== 0 ? (c << 1) ^ 0x04c11db7 : c << 1;
      crcTable[n] = c;
    }
  }
  let register = crc;
  for (let i = 0; i < data.length; i++) {
    register = (register << 8) ^ (crcTable[((register >>> 24) ^ (data[i] as number)) & 0xff] as number);
  }
  return register;
}

/** Puts a block out: follows its chain and undoes the outer run-length coding (four equal bytes, then a count). */
function* putOut(input: CodecInput, chain: Uint32Array, block: Bzip2Block): Generator<Uint8Array> {
  let crc = ~0;
  let piece = new Uint8Array(PIECE);
  let filled = 0;
  let place = block.start;
  let previous = -1;
  let equal = 0;
  for (let left = block.length; left > 0; left--) {
    const entry = chain[place] as number;
    const byte = entry & 0xff;
    place = entry >>> 8;
    if (filled + 256 > PIECE) {
      crc = crc32HighFirst(piece.subarray(0, filled), crc);
      yield piece.subarray(0, filled);
      piece = new Uint8Array(PIECE);
      filled = 0;
    }
    if (equal === 4) {
      piece.fill(previous, filled, filled + byte);
      filled += byte;
      equal = 0;
      previous = -1;
      continue;
    }
    equal = byte === previous ? equal + 1 : 1;
    previous = byte;
    piece[filled++] = byte;
  }
  crc = crc32HighFirst(piece.subarray(0, filled), crc);
  if (~crc >>> 0 !== block.crc) throw input.damaged('the checksum of a block is wrong');
  yield piece.subarray(0, filled);
}

/** Decodes a block. What is wrong behind the end of the input is that it ends: zeros were read there. */
function decodeBlock(decoder: BlockDecoder, bits: BitReader, input: CodecInput): Bzip2Block {
  try {
    return decoder.decode(bits);
  } catch (error) {
    throw error instanceof TygrubError && bits.isPastEnd ? input.truncated() : error;
  }
}

async function* decodeStream(input: CodecInput, level: number): AsyncGenerator<Uint8Array> {
  const decoder = new BlockDecoder(level * LEVEL_UNIT);
  let bit = 0; // of the byte at input.at
  let combined = 0;
  for (;;) {
    await input.ensure(MAX_BLOCK_INPUT);
    const bits: BitReader = bitsOf(input, bit);
    const magic = [bits.bits(24), bits.bits(24)];
    const isEnd = magic[0] === END_MAGIC[0] && magic[1] === END_MAGIC[1];
    if (!isEnd && (magic[0] !== BLOCK_MAGIC[0] || magic[1] !== BLOCK_MAGIC[1])) {
      throw bits.isPastEnd ? input.truncated() : input.damaged('a block does not begin like one');
    }
    let block: Bzip2Block | null = null;
    if (isEnd) {
      if (((bits.bits(16) << 16) | bits.bits(16)) !== combined && !bits.isPastEnd) throw input.damaged('the checksum is wrong');
      bits.alignToByte();
    } else {
      block = decodeBlock(decoder, bits, input);
      combined = ((combined << 1) | (combined >>> 31)) ^ block.crc;
    }
    if (bits.isPastEnd) throw input.truncated();
    input.at = Math.floor(bits.position / 8);
    bit = bits.position % 8;
    if (block === null) return;
    yield* putOut(input, decoder.chain, block);
  }
}

/** Streams follow each other; other bytes behind the last one are ignored. */
export const bzip2 = streamingCodec('bzip2', async function* (input) {
  for (let first = true; ; first = false) {
    const isThere = await input.ensure(4);
    const [b, z, h, digit] = input.bytes.subarray(input.at, input.at + 4) as unknown as [number, number, number, number];
    const level = digit - 0x30;
    if (!isThere || ((b << 16) | (z << 8) | h) !== SIGNATURE || level < 1 || level > 9) {
      if (!first) return;
      throw isThere ? input.damaged('it does not begin like a bzip2 file') : input.truncated();
    }
    input.at += 4;
    yield* decodeStream(input, level);
  }
});
