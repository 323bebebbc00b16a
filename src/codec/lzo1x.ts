/**
 * LZO1X, one block: literal runs and matches of a distance up to 48 KiB, byte by byte, without any checks of its own.
 * Follows the description of the stream format in the Linux documentation (staging/lzo.rst), version 0 of the stream.
 */
import { limitReached } from '../errors.js';
import type { Codec } from './codec.js';
import { CodecInput, damaged } from './input.js';
import { outputLimit } from './streaming.js';

/** The most that one byte of input can stand for: each byte that lengthens a run adds 255. */
const MAX_RATIO = 256;

/**
 * Decompresses a block.
 * @param input the block, up to and with its end marker; bytes after the marker are ignored
 * @param output where it goes
 * @returns bytes written
 * @throws TygrubError corrupt `codec.damaged`; limit `decompressedSize` when `output` is too small
 */
export function decodeLzo1x(input: Uint8Array, output: Uint8Array): number {
  let at = 0;
  let out = 0;
  // Literals copied by the last instruction: 0 to 3, or 4 for any longer run. It decides what a short code means.
  let state = 0;

  const byte = (): number => {
    const value = input[at++];
    if (value === undefined) throw damaged('lzo1x', 'it ends inside an instruction', at - 1);
    return value;
  };
  /** The length of a run whose short field was 0: each zero byte adds 255, the first other byte ends it. */
  const longLength = (base: number): number => {
    let length = base;
    for (;;) {
      const value = byte();
      if (value !== 0) return length + value;
      length += 255;
    }
  };
  const literals = (length: number): void => {
    if (at + length > input.length) throw damaged('lzo1x', 'a run of literals is cut off', at);
    if (out + length > output.length) throw outputLimit('lzo1x', output.length);
    for (let i = 0; i < length; i++) output[out + i] = input[at + i] as number;
    at += length;
    out += length;
  };
  const match = (distance: number, length: number): void => {
    if (distance > out) throw damaged('lzo1x', `a match reaches ${distance} bytes back, ${out} are there`, at);
    if (out + length > output.length) throw outputLimit('lzo1x', output.length);
    for (let i = 0; i < length; i++) output[out + i] = output[out + i - distance] as number;
    out += length;
  };

  const first = input[0] ?? 0;
  if (first > 17) {
    at = 1;
    literals(first - 17);
    state = Math.min(first - 17, 4);
  }
  for (;;) {
    const code = byte();
    let trailing: number;
    if (code >= 64) {
      const length = code >= 128 ? 5 + ((code >> 5) & 3) : 3 + ((code >> 5) & 1);
      match((byte() << 3) + ((code >> 2) & 7) + 1, length);
      trailing = code & 3;
    } else if (code >= 16) {
      const near = code >= 32;
      const mask = near ? 31 : 7;
      const length = 2 + ((code & mask) === 0 ? longLength(mask) : code & mask);
      const low = byte();
      const pair = low | (byte() << 8);
      const distance = (pair >> 2) + (near ? 1 : 16384 + ((code & 8) << 11));
      if (!near && distance === 16384) {
        if (length !== 3) throw damaged('lzo1x', 'the end marker is wrong', at);
        return out;
      }
      match(distance, length);
      trailing = pair & 3;
    } else if (state === 0) {
      literals(3 + (code === 0 ? longLength(15) : code));
      state = 4;
      continue;
    } else {
      const near = state < 4;
      match((byte() << 2) + (code >> 2) + (near ? 1 : 2049), near ? 2 : 3);
      trailing = code & 3;
    }
    literals(trailing);
    state = trailing;
  }
}

/** LZO1X blocks without framing, as btrfs has them. The stream form is one block. */
export const lzo1x: Codec = {
  name: 'lzo1x',
  async decodeBlock(input, maxOutput) {
    const output = new Uint8Array(Math.min(maxOutput, input.length * MAX_RATIO));
    return output.subarray(0, decodeLzo1x(input, output));
  },
  async *decodeStream(input, limits) {
    // A block has no framing that would say where to cut it: it must be in memory as a whole, and counts as its own window.
    const whole = new CodecInput(input, 'lzo1x');
    try {
      if (await whole.ensure(limits.decompressorWindow + 1)) {
        throw limitReached('decompressorWindow', `the lzo1x block is larger than ${limits.decompressorWindow} bytes`);
      }
      const max = Math.min(limits.decompressedSize, limits.decompressorWindow);
      yield await lzo1x.decodeBlock(whole.bytes, max);
    } finally {
      await whole.close();
    }
  },
};
