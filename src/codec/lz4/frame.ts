/** LZ4 frames (LZ4 Frame Format Description 1.6), without dictionaries. */
import { limitReached, unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { XxHash32 } from '../checksums.js';
import type { CodecInput } from '../input.js';
import { streamingCodec } from '../streaming.js';
import { SlidingWindow } from '../window.js';
import { decodeLz4Block, LZ4_WINDOW } from './block.js';

const MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
const FLAG = {
  contentChecksum: 0x04,
  contentSize: 0x08,
  blockChecksum: 0x10,
  independentBlocks: 0x20,
  dictionary: 0x01,
  reserved: 0x02,
} as const;
const STORED = 0x80000000;

function u32(view: Uint8Array): number {
  const [a, b, c, d] = view as unknown as [number, number, number, number];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

interface FrameHeader {
  readonly flags: number;
  readonly maxBlock: number;
}

async function readHeader(input: CodecInput): Promise<FrameHeader> {
  await input.require(2);
  const flags = input.bytes[input.at] as number;
  const descriptor = input.bytes[input.at + 1] as number;
  if (flags >> 6 !== 1) throw unsupported('codec.lz4-version', `the lz4 data has frame version ${flags >> 6}`);
  if ((flags & FLAG.dictionary) !== 0) throw unsupported('codec.lz4-dictionary', 'the lz4 data needs a dictionary');
  const length = 2 + ((flags & FLAG.contentSize) !== 0 ? 8 : 0);
  const header = (await input.take(length + 1)).slice();
  if (((new XxHash32().update(header.subarray(0, length)).digest() >>> 8) & 0xff) !== header[length]) {
    throw input.damaged('the checksum of a frame header is wrong');
  }
  const exponent = (descriptor >> 4) & 7;
  if (exponent < 4 || (descriptor & 0x8f) !== 0 || (flags & FLAG.reserved) !== 0) throw input.damaged('a frame header is wrong');
  return { flags, maxBlock: 4 ** (exponent + 4) };
}

async function* decodeFrame(input: CodecInput, limits: Limits): AsyncGenerator<Uint8Array> {
  const { flags, maxBlock } = await readHeader(input);
  if (maxBlock > limits.decompressorWindow) {
    throw limitReached('decompressorWindow', `the lz4 data has blocks of ${maxBlock} bytes, ${limits.decompressorWindow} are allowed`);
  }
  const window = new SlidingWindow(LZ4_WINDOW);
  const content = (flags & FLAG.contentChecksum) !== 0 ? new XxHash32() : null;
  for (;;) {
    const size = u32(await input.take(4));
    if (size === 0) break;
    const isStored = size >= STORED;
    const length = isStored ? size - STORED : size;
    if (length > maxBlock) throw input.damaged(`a block has ${length} bytes, ${maxBlock} are allowed`);
    const hasChecksum = (flags & FLAG.blockChecksum) !== 0;
    const taken = await input.take(length + (hasChecksum ? 4 : 0));
    const block = taken.subarray(0, length);
    if (hasChecksum && new XxHash32().update(block).digest() !== u32(taken.subarray(length))) {
      throw input.damaged('the checksum of a block is wrong');
    }
    const room = isStored ? length : Math.min(maxBlock, length * 255);
    window.reserve(room);
    if ((flags & FLAG.independentBlocks) !== 0) window.reset();
    if (isStored) {
      window.bytes.set(block, window.position);
      window.position += length;
    } else decodeLz4Block('lz4', block, window, room);
    const piece = window.take();
    content?.update(piece);
    yield piece;
  }
  if (content !== null && content.digest() !== u32(await input.take(4))) throw input.damaged('the checksum is wrong');
}

/** Frames and skippable frames follow each other; bytes behind them that begin neither are ignored. */
export const lz4 = streamingCodec('lz4', async function* (input, limits) {
  for (let first = true; ; first = false) {
    if (!(await input.ensure(4))) {
      if (first) throw input.truncated();
      return;
    }
    const magic = u32(input.bytes.subarray(input.at, input.at + 4));
    if (magic === MAGIC) {
      input.at += 4;
      yield* decodeFrame(input, limits);
    } else if ((magic & ~15) === SKIPPABLE_MAGIC) {
      input.at += 4;
      await input.skip(u32(await input.take(4)));
    } else if (first) throw input.damaged('it does not begin with a frame');
    else return;
  }
});
