/** One LZ4 block (LZ4 Block Format Description). */

import type { CodecName } from '../codec.js';
import { damaged } from '../input.js';
import type { SlidingWindow } from '../window.js';

/** Bytes that a match may reach back. */
export const LZ4_WINDOW = 64 * 1024;
/** The shortest match. */
const MIN_MATCH = 4;

/**
 * Decompresses a block into the window.
 * @param data the block
 * @param window has room for `maxOutput` bytes
 * @throws TygrubError corrupt, also where more than `maxOutput` bytes would come out
 */
export function decodeLz4Block(name: CodecName, data: Uint8Array, window: SlidingWindow, maxOutput: number): void {
  const out = window.bytes;
  const { start } = window;
  const outEnd = window.position + maxOutput;
  const end = data.length;
  let position = window.position;
  let at = 0;
  for (;;) {
    if (at >= end) throw damaged(name, 'a block ends inside a sequence');
    const token = data[at++] as number;
    let literals = token >> 4;
    if (literals === 15) {
      for (let more = 255; more === 255; literals += more) {
        if (at >= end) throw damaged(name, 'a block ends inside a length');
        more = data[at++] as number;
      }
    }
    if (literals > end - at) throw damaged(name, 'the literals of a block are cut off');
    if (literals > outEnd - position) throw damaged(name, 'a block is larger than its format allows');
    if (literals < 32) for (let i = 0; i < literals; i++) out[position + i] = data[at + i] as number;
    else out.set(data.subarray(at, at + literals), position);
    position += literals;
    at += literals;
    // The last sequence has no match.
    if (at === end) {
      window.position = position;
      return;
    }
    if (end - at < 2) throw damaged(name, 'a block ends inside an offset');
    const offset = (data[at] as number) | ((data[at + 1] as number) << 8);
    at += 2;
    if (offset === 0 || offset > position - start) throw damaged(name, 'a match reaches too far back');
    let length = (token & 15) + MIN_MATCH;
    if ((token & 15) === 15) {
      for (let more = 255; more === 255; length += more) {
        if (at >= end) throw damaged(name, 'a block ends inside a length');
        more = data[at++] as number;
      }
    }
    if (length > outEnd - position) throw damaged(name, 'a block is larger than its format allows');
    const from = position - offset;
    if (length < 32 || offset < length) for (let i = 0; i < length; i++) out[position + i] = out[from + i] as number;
    else out.copyWithin(position, from, from + length);
    position += length;
  }
}
