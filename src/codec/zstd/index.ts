/**
 * Zstandard frames (RFC 8878), without dictionaries. A frame's checksum is not computed: what is decompressed here is
 * parsed further, and a filesystem's own checksums guard what it stores.
 */
import { limitReached, unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { CodecInput } from '../input.js';
import { streamingCodec } from '../streaming.js';
import { SlidingWindow } from '../window.js';
import { badZstd } from './bit-stream.js';
import { type LiteralsState, readLiterals } from './literals.js';
import { runSequences, type SequencesState } from './sequences.js';

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Block_Maximum_Size (3.1.1.2.4). */
const MAX_BLOCK = 128 * 1024;
/** Bytes behind a block's data that its bit readers may look at. */
const SLACK = 4;

/** Block_Type (3.1.1.2.2). */
const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;

interface FrameHeader {
  readonly windowSize: number;
  readonly contentSize: number | null;
  readonly hasChecksum: boolean;
}

/** Frame_Header (3.1.1.1), behind the magic number. */
async function readFrameHeader(input: CodecInput): Promise<FrameHeader> {
  const descriptor = await input.byte();
  const singleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw unsupported('codec.zstd-reserved', 'the zstd data uses a reserved bit of its frame header');
  let windowSize = 0;
  if (!singleSegment) {
    const window = await input.byte();
    const base = 2 ** (10 + (window >> 3));
    windowSize = base + (base / 8) * (window & 7);
  }
  const dictionary = await littleEndian(input, [0, 1, 2, 4][descriptor & 3] as number);
  if (dictionary !== 0) throw unsupported('codec.zstd-dictionary', `the zstd data needs dictionary ${dictionary}`);
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const size = (await littleEndian(input, sizeBytes)) + (sizeBytes === 2 ? 256 : 0);
  return {
    windowSize: singleSegment ? size : windowSize,
    contentSize: sizeBytes === 0 ? null : size,
    hasChecksum: (descriptor & 0x04) !== 0,
  };
}

async function littleEndian(input: CodecInput, length: number): Promise<number> {
  const bytes = await input.take(length);
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + (bytes[i] as number);
  return value;
}

async function* decodeFrame(input: CodecInput, limits: Limits): AsyncGenerator<Uint8Array> {
  const header = await readFrameHeader(input);
  if (header.windowSize > limits.decompressorWindow) {
    throw limitReached(
      'decompressorWindow',
      `the zstd data needs a window of ${header.windowSize} bytes, ${limits.decompressorWindow} are allowed`,
    );
  }
  const window = new SlidingWindow(header.windowSize);
  const maxBlock = Math.min(MAX_BLOCK, header.windowSize);
  const literals: LiteralsState = { huffman: null, literals: new Uint8Array(maxBlock) };
  const sequences: SequencesState = { literalLengths: null, offsets: null, matchLengths: null, repeats: [1, 4, 8] };
  const scratch = new Uint8Array(maxBlock + SLACK);
  let produced = 0;
  for (let isLast = false; !isLast; ) {
    const blockHeader = await littleEndian(input, 3);
    isLast = (blockHeader & 1) !== 0;
    const type = (blockHeader >> 1) & 3;
    const size = blockHeader >> 3;
    if (size > maxBlock) throw input.damaged(`a block has ${size} bytes, ${maxBlock} are allowed`);
    window.reserve(maxBlock);
    if (type === RLE) {
      window.bytes.fill(await input.byte(), window.position, window.position + size);
      window.position += size;
    } else if (type === RAW) {
      window.bytes.set(await input.take(size), window.position);
      window.position += size;
    } else if (type === COMPRESSED) {
      scratch.set(await input.take(size));
      scratch.fill(0, size, size + SLACK);
      const { count, next } = readLiterals(scratch, 0, size, maxBlock, literals);
      runSequences(scratch, next, size, literals.literals, count, window, maxBlock, sequences);
    } else throw badZstd('a block has a reserved type');
    const piece = window.take();
    produced += piece.length;
    yield piece;
  }
  if (header.contentSize !== null && produced !== header.contentSize) {
    throw input.damaged(`a frame has ${produced} bytes, its header says ${header.contentSize}`);
  }
  if (header.hasChecksum) await input.take(4);
}

/** Frames and skippable frames follow each other; bytes behind them that begin neither are ignored. */
async function* decode(input: CodecInput, limits: Limits): AsyncGenerator<Uint8Array> {
  for (let first = true; ; first = false) {
    if (!(await input.ensure(4))) {
      if (first) throw input.truncated();
      return;
    }
    const [a, b, c, d] = input.bytes.subarray(input.at, input.at + 4) as unknown as [number, number, number, number];
    const magic = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
    if (magic === MAGIC) {
      input.at += 4;
      yield* decodeFrame(input, limits);
    } else if ((magic & ~15) === SKIPPABLE_MAGIC) {
      input.at += 4;
      await input.skip(await littleEndian(input, 4));
    } else if (first) throw input.damaged('it does not begin with a frame');
    else return;
  }
}

export const zstd = streamingCodec('zstd', decode);
