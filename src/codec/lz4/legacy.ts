/** LZ4's legacy frame: a magic number and blocks of 8 MiB, each with its compressed size; nothing marks the end. */
import { limitReached } from '../../errors.js';
import type { CodecInput } from '../input.js';
import { streamingCodec } from '../streaming.js';
import { SlidingWindow } from '../window.js';
import { decodeLz4Block, LZ4_WINDOW } from './block.js';

const MAGIC = 0x184c2102;
/** Bytes that a block stands for at most. */
const BLOCK = 8 * 1024 * 1024;
/** Bytes that a block of that size can take at most. */
const MAX_COMPRESSED = BLOCK + Math.floor(BLOCK / 255) + 16;

async function u32(input: CodecInput): Promise<number> {
  const [a, b, c, d] = (await input.take(4)) as unknown as [number, number, number, number];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

/**
 * The format has no end mark: bytes behind the last block look like a block. A size that no block can have, or fewer
 * than four bytes, end the data; what else follows must be cut off by the caller.
 */
export const lz4Legacy = streamingCodec('lz4-legacy', async function* (input, limits) {
  if ((await u32(input)) !== MAGIC) throw input.damaged('it does not begin like an LZ4 legacy frame');
  if (BLOCK > limits.decompressorWindow) {
    throw limitReached(
      'decompressorWindow',
      `the blocks of LZ4 legacy frames have ${BLOCK} bytes, ${limits.decompressorWindow} are allowed`,
    );
  }
  const window = new SlidingWindow(LZ4_WINDOW);
  while (await input.ensure(4)) {
    const size = await u32(input);
    if (size === MAGIC) continue; // frames may follow each other
    if (size > MAX_COMPRESSED) return;
    const block = await input.take(size);
    // A block cannot stand for more than 255 times its bytes: room for 8 MiB is only made where they can come.
    const room = Math.min(BLOCK, size * 255);
    window.reserve(room);
    window.reset();
    decodeLz4Block('lz4-legacy', block, window, room);
    yield window.take();
  }
});
