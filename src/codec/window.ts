/**
 * What a decompressor has put out last, as one piece of memory: matches are copied from it, finished output is taken out
 * of it. It grows with the output up to the window that the format asks for, so a header that only claims a large
 * window costs nothing, and slides when it is full.
 */
export class SlidingWindow {
  /** Output from `start` (older bytes are gone) to `position`. Changes at `reserve`. */
  bytes: Uint8Array;
  /** Where the next byte of output goes. */
  position = 0;
  /** First byte that a match may reach: moves back with each slide and to `position` when a format resets its dictionary. */
  start = 0;
  private taken = 0;

  /** @param size bytes that matches may reach back; the caller has held it against `limits.decompressorWindow` */
  constructor(readonly size: number) {
    this.bytes = new Uint8Array(Math.min(size, INITIAL) + INITIAL);
  }

  /** Makes room for `length` more bytes. Everything must have been taken before. */
  reserve(length: number): void {
    const needed = this.position + length;
    if (needed <= this.bytes.length) return;
    // Room beyond the window, so that sliding (which moves the whole window) is rare.
    const capacity = this.size + Math.max(Math.ceil(this.size / 4), INITIAL, length);
    if (this.bytes.length < capacity) {
      const larger = new Uint8Array(Math.min(capacity, Math.max(needed, this.bytes.length * 2)));
      larger.set(this.bytes.subarray(0, this.position));
      this.bytes = larger;
      if (needed <= larger.length) return;
    }
    const from = Math.max(0, this.position - this.size);
    this.bytes.copyWithin(0, from, this.position);
    this.position -= from;
    this.taken -= from;
    this.start = Math.max(0, this.start - from);
  }

  /** What came out since the last call, as a copy. */
  take(): Uint8Array {
    const piece = this.bytes.slice(this.taken, this.position);
    this.taken = this.position;
    return piece;
  }

  /** Forgets the history: matches may not reach back before this point. */
  reset(): void {
    this.start = this.position;
  }

  /** How far back a match may reach now, in bytes. */
  get reach(): number {
    return Math.min(this.size, this.position - this.start);
  }
}

/** A window grows from here; most compressed blocks of filesystems fit. */
const INITIAL = 256 * 1024;
