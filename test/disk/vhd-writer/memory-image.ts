/** An image in memory that can be written, and a crash after any of its writes. */
import type { WriteTarget } from '../../../src/extract/host-target.js';

/** What a crashed run throws. */
export class Crash extends Error {}

/** How a run ends early: after so many writes, the last of them cut after so many bytes (null: it was whole). */
export interface CrashPoint {
  readonly writes: number;
  readonly torn: number | null;
}

export class MemoryImage implements WriteTarget {
  writes = 0;
  /** Writes that were not followed by a flush when the next one came. */
  unflushed = 0;
  private dirty = false;

  constructor(
    public bytes: Uint8Array,
    private readonly crash: CrashPoint | null = null,
  ) {}

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.count();
    const last = this.crash !== null && this.writes === this.crash.writes;
    const whole = last && this.crash?.torn !== null ? bytes.subarray(0, this.crash?.torn) : bytes;
    if (whole.length > 0) {
      if (offset + whole.length > this.bytes.length) this.resize(offset + whole.length);
      this.bytes.set(whole, offset);
    }
    if (last) throw new Crash();
  }

  async truncate(size: number): Promise<void> {
    this.count();
    this.resize(size);
    if (this.writes === this.crash?.writes) throw new Crash();
  }

  async sync(): Promise<void> {
    this.dirty = false;
  }

  private count(): void {
    this.writes++;
    if (this.dirty) this.unflushed++;
    this.dirty = true;
  }

  private resize(size: number): void {
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, size));
    this.bytes = grown;
  }
}
