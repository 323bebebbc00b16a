import { limitReached } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ProgramBytes } from './program-bytes.js';

/**
 * What comes out of a decompressor. Reading forwards goes on where the last reading stopped; reading backwards starts the
 * decompressor again, which `limits.kernelPasses` bounds.
 */
export class DecompressedBytes implements ProgramBytes {
  readonly source = null;
  private pieces: AsyncGenerator<Uint8Array> | null = null;
  private passes = 0;
  /** The bytes in memory, and where they begin. */
  private held: Uint8Array = new Uint8Array(0);
  private start = 0;

  /** @param size what the compressed data claim; null where they claim nothing */
  constructor(
    private readonly open: () => AsyncGenerator<Uint8Array>,
    readonly size: number | null,
    private readonly limits: Limits,
  ) {}

  stream(): AsyncGenerator<Uint8Array> {
    return this.open();
  }

  async readUpTo(offset: number, length: number): Promise<Uint8Array> {
    if (this.pieces === null || offset < this.start) await this.restart();
    while (this.start + this.held.length <= offset) if (!(await this.advance(offset))) return new Uint8Array(0);
    while (this.start + this.held.length < offset + length) if (!(await this.advance(offset))) break;
    const at = offset - this.start;
    return this.held.subarray(at, at + length);
  }

  async close(): Promise<void> {
    await this.pieces?.return(undefined);
    this.pieces = null;
    this.held = new Uint8Array(0);
    this.start = 0;
  }

  /** Takes the next piece in and forgets what lies before `offset`. @returns false at the end */
  private async advance(offset: number): Promise<boolean> {
    const next = await this.pieces?.next();
    if (next === undefined || next.done === true) return false;
    const end = this.start + this.held.length;
    const from = Math.max(this.start, Math.min(offset, end));
    const kept = this.held.subarray(from - this.start);
    if (kept.length === 0) this.held = next.value;
    else {
      const joined = new Uint8Array(kept.length + next.value.length);
      joined.set(kept);
      joined.set(next.value, kept.length);
      this.held = joined;
    }
    this.start = end - kept.length;
    return true;
  }

  private async restart(): Promise<void> {
    await this.close();
    this.passes += 1;
    if (this.passes > this.limits.kernelPasses) {
      throw limitReached('kernelPasses', `the kernel would have to be decompressed more than ${this.limits.kernelPasses} times`);
    }
    this.pieces = this.open();
  }
}
