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

const PRIME1 = 0x9e3779b1;
const PRIME2 = 0x85ebca77;
const PRIME3 = 0xc2b2ae3d;
const PRIME4 = 0x27d4eb2f;
const PRIME5 = 0x165667b1;

/** xxHash32 with seed 0 over bytes that come in pieces (LZ4 frames). */
export class XxHash32 {
  private readonly lanes = Int32Array.of(PRIME1 + PRIME2, PRIME2, 0, -PRIME1);
  private readonly rest = new Uint8Array(16);
  private restLength = 0;
  private total = 0;

  update(data: Uint8Array): this {
    this.total += data.length;
    let at = 0;
    if (this.restLength > 0) {
      at = Math.min(16 - this.restLength, data.length);
      this.rest.set(data.subarray(0, at), this.restLength);
      this.restLength += at;
      if (this.restLength < 16) return this;
      this.stripes(this.rest, 0, 16);
      this.restLength = 0;
    }
    const end = at + ((data.length - at) & ~15);
    this.stripes(data, at, end);
    this.rest.set(data.subarray(end));
    this.restLength = data.length - end;
    return this;
  }

  /** The hash of everything so far, unsigned. */
  digest(): number {
    const [a, b, c, d] = this.lanes as unknown as [number, number, number, number];
    let hash = this.total >= 16 ? rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18) : PRIME5;
    hash = (hash + this.total) | 0;
    let at = 0;
    for (; at + 4 <= this.restLength; at += 4) {
      hash = Math.imul(rotate((hash + Math.imul(wordAt(this.rest, at), PRIME3)) | 0, 17), PRIME4);
    }
    for (; at < this.restLength; at++) {
      hash = Math.imul(rotate((hash + Math.imul(this.rest[at] as number, PRIME5)) | 0, 11), PRIME1);
    }
    hash = Math.imul(hash ^ (hash >>> 15), PRIME2);
    hash = Math.imul(hash ^ (hash >>> 13), PRIME3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  private stripes(data: Uint8Array, from: number, to: number): void {
    let [a, b, c, d] = this.lanes as unknown as [number, number, number, number];
    for (let at = from; at < to; at += 16) {
      a = round(a, wordAt(data, at));
      b = round(b, wordAt(data, at + 4));
      c = round(c, wordAt(data, at + 8));
      d = round(d, wordAt(data, at + 12));
    }
    this.lanes.set([a, b, c, d]);
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function round(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, PRIME2)) | 0, 13), PRIME1);
}

function wordAt(data: Uint8Array, at: number): number {
  return (data[at] as number) | ((data[at + 1] as number) << 8) | ((data[at + 2] as number) << 16) | ((data[at + 3] as number) << 24);
}

let crc64Tables: { readonly low: Uint32Array; readonly high: Uint32Array } | undefined;

/** CRC-64 (ECMA-182, reflected), as in xz, over bytes that come in pieces. */
export class Crc64 {
  private low = ~0;
  private high = ~0;

  update(data: Uint8Array): this {
    crc64Tables ??= makeCrc64Tables();
    const lowTable = crc64Tables.low;
    const highTable = crc64Tables.high;
    let { low, high } = this;
    let at = 0;
    // Four bytes a step: the table for the byte that is k steps from the end starts at 256 * k.
    for (const end = data.length - 3; at < end; at += 4) {
      const word = low ^ wordAt(data, at);
      const a = 768 + (word & 0xff);
      const b = 512 + ((word >>> 8) & 0xff);
      const c = 256 + ((word >>> 16) & 0xff);
      const d = word >>> 24;
      low = high ^ (lowTable[a] as number) ^ (lowTable[b] as number) ^ (lowTable[c] as number) ^ (lowTable[d] as number);
      high = (highTable[a] as number) ^ (highTable[b] as number) ^ (highTable[c] as number) ^ (highTable[d] as number);
    }
    for (; at < data.length; at++) {
      const index = (low ^ (data[at] as number)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (lowTable[index] as number);
      high = (high >>> 8) ^ (highTable[index] as number);
    }
    this.low = low;
    this.high = high;
    return this;
  }

  /** The checksum so far: 8 bytes, lowest first. */
  digest(): Uint8Array {
    const out = new Uint8Array(8);
    const view = new DataView(out.buffer);
    view.setUint32(0, ~this.low >>> 0, true);
    view.setUint32(4, ~this.high >>> 0, true);
    return out;
  }
}

function makeCrc64Tables(): { low: Uint32Array; high: Uint32Array } {
  const low = new Uint32Array(1024);
  const high = new Uint32Array(1024);
  for (let n = 0; n < 256; n++) {
    let l = n;
    let h = 0;
    for (let bit = 0; bit < 8; bit++) {
      const odd = l & 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (odd !== 0) {
        l ^= 0xd7870f42;
        h ^= 0xc96c5795;
      }
    }
    low[n] = l;
    high[n] = h;
  }
  for (let n = 256; n < 1024; n++) {
    const l = low[n - 256] as number;
    const h = high[n - 256] as number;
    low[n] = ((l >>> 8) | (h << 24)) ^ (low[l & 0xff] as number);
    high[n] = (h >>> 8) ^ (high[l & 0xff] as number);
  }
  return { low, high };
}
