/** .lzma files ("LZMA alone"): 13 bytes of header and one range-coded stream, with or without an end marker. */
import { flags64, layout, u8, u32 } from '../../bytes/layout.js';
import { limitReached, TygrubError } from '../../errors.js';
import { streamingCodec } from '../streaming.js';
import { SlidingWindow } from '../window.js';
import { LzmaDecoder, lzmaProperties, MAX_MATCH, type Stop } from './lzma-decoder.js';
import { READ_AHEAD } from './range-decoder.js';

const HEADER = layout('LZMA header', 13, 'little', {
  properties: [0, u8],
  dictionarySize: [1, u32],
  /** All ones where the end marker tells. */
  uncompressedSize: [5, flags64],
});
const MIN_DICTIONARY = 4096;
/** Bytes decoded between two looks at the input. */
const STEP = 256 * 1024;
/** Compressed bytes in memory. */
const INPUT = 64 * 1024;

export const lzma = streamingCodec('lzma', async function* (input, limits) {
  const header = HEADER.decode(await input.take(HEADER.size));
  const properties = lzmaProperties(header.properties);
  const { high, low } = header.uncompressedSize;
  const isSizeKnown = high !== 0xffffffff || low !== 0xffffffff;
  if (properties === null || (isSizeKnown && high > 0xffff)) throw input.damaged('it does not begin like an LZMA file', 0);
  let left = isSizeKnown ? high * 2 ** 32 + low : Number.POSITIVE_INFINITY;
  const windowSize = Math.max(MIN_DICTIONARY, Math.min(header.dictionarySize, left));
  if (windowSize > limits.decompressorWindow) {
    throw limitReached(
      'decompressorWindow',
      `the lzma data needs a window of ${windowSize} bytes, ${limits.decompressorWindow} are allowed`,
    );
  }
  const window = new SlidingWindow(windowSize);
  const decoder = new LzmaDecoder('lzma');
  decoder.configure(properties);
  const { range } = decoder;
  range.bytes = new Uint8Array(INPUT + READ_AHEAD);
  let filled = 0;
  let isLast = false;
  const refill = async (): Promise<void> => {
    range.bytes.copyWithin(0, range.at, filled);
    filled -= range.at;
    range.at = 0;
    while (filled < INPUT && !isLast) {
      isLast = !(await input.ensure(1));
      const length = Math.min(INPUT - filled, input.available);
      range.bytes.set(input.bytes.subarray(input.at, input.at + length), filled);
      input.at += length;
      filled += length;
    }
    range.bytes.fill(0, filled);
  };
  const decode = (outEnd: number, hardEnd: number): Stop => {
    try {
      return decoder.decode(window, outEnd, hardEnd, isLast ? filled : filled - READ_AHEAD);
    } catch (error) {
      // Zeros were read behind the end of the input: what is wrong is that it ends.
      throw error instanceof TygrubError && isLast && range.at > filled ? input.truncated() : error;
    }
  };
  await refill();
  if (filled < 5) throw input.truncated();
  if (!range.start()) throw input.damaged('it does not begin like an LZMA file', 0);
  while (left > 0) {
    const step = Math.min(STEP, left);
    window.reserve(step + MAX_MATCH);
    const hardEnd = window.position + Math.min(left, step + MAX_MATCH);
    const stop = decode(window.position + step, hardEnd);
    if (isLast && range.at > filled) throw input.truncated();
    const piece = window.take();
    left -= piece.length;
    yield piece;
    if (stop === 'end-marker') {
      if (isSizeKnown) throw input.damaged('it ends before its size is reached');
      return;
    }
    if (stop === 'input') {
      if (isLast) throw input.truncated();
      await refill();
    }
  }
});
