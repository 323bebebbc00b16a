/** CRC-32C as all structures of version 5 have it: over the whole, the checksum's own field counting as zeros. */
import { crc32c } from '../../src/bytes/crc.js';

const ZERO = new Uint8Array(4);

/** @param at byte offset of the checksum inside `data` */
export function crcWithout(data: Uint8Array, at: number): number {
  return crc32c(data.subarray(at + ZERO.length), crc32c(ZERO, crc32c(data.subarray(0, at))));
}
