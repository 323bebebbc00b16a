/** Checksums that compressed formats use, beside those of `src/bytes/crc.ts`. */

const ADLER_MODULUS = 65521;
/** Bytes that can be added up before the sums pass 2^32. */
const ADLER_RUN = 5552;

/** Adler-32 (RFC 1950). @param previous the checksum of the bytes before */
export function adler32(data: Uint8Array, previous = 1): number {
  let a = previous & 0xffff;
  let b = previous >>> 16;
  for (let at = 0; at < data.length; ) {
    const end = Math.min(data.length, at + ADLER_RUN);
    for (; at < end; at++) {
      a += data[at] as number;
      b += a;
    }
    a %= ADLER_MODULUS;
    b %= ADLER_MODULUS;
  }
  return ((b << 16) | a) >>> 0;
}
