import type { TygrubError } from '../../errors.js';
import { damaged } from '../input.js';

/** The error for zstd data that contradicts RFC 8878. */
export function badZstd(what: string): TygrubError {
  return damaged('zstd', what);
}

/** Place of the highest bit that is set; `value` is at least 1. */
export function highBit(value: number): number {
  return 31 - Math.clz32(value);
}

/**
 * Bit position behind the last bit of a stream that is read backwards (RFC 8878, 4.1): the last byte ends with one set bit
 * that is no data.
 * @param start byte offset of the stream
 * @param end byte offset behind it
 * @returns bits counted from byte 0 of `data`
 * @throws TygrubError corrupt when the stream is empty or its last byte is 0
 */
export function backwardStart(data: Uint8Array, start: number, end: number): number {
  const last = end > start ? (data[end - 1] as number) : 0;
  if (last === 0) throw badZstd('a bit stream has no end mark');
  return (end - 1) * 8 + highBit(last);
}

/**
 * `count` (0 to 24) bits from bit position `at`, lowest bit first. `data` must have 4 bytes behind the last one that is
 * asked for, so that the loop above needs no check.
 */
export function bitsAt(data: Uint8Array, at: number, count: number): number {
  const byte = at >> 3;
  const word =
    (data[byte] as number) | ((data[byte + 1] as number) << 8) | ((data[byte + 2] as number) << 16) | ((data[byte + 3] as number) << 24);
  return (word >>> (at & 7)) & ((1 << count) - 1);
}
