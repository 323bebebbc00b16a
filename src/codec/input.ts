import { corrupt, type TygrubError } from '../errors.js';
import type { CodecName } from './codec.js';

const EMPTY = new Uint8Array(0);

/**
 * Compressed bytes as a decoder wants them: a piece in memory that it can be sure of, taken from a stream whose pieces
 * have any size. Decoders read `bytes` from `at` and move `at`; `ensure` brings more.
 */
export class CodecInput {
  /** The piece in memory; valid from `at`. Changes at each `ensure`. */
  bytes: Uint8Array = EMPTY;
  at = 0;
  /** Byte offset of `bytes[0]` in the stream. */
  private base = 0;
  private ended = false;
  private readonly pieces: AsyncIterator<Uint8Array>;

  constructor(
    stream: AsyncIterable<Uint8Array>,
    /** For messages. */
    readonly name: CodecName,
  ) {
    this.pieces = stream[Symbol.asyncIterator]();
  }

  /** Bytes in memory that were not used yet. */
  get available(): number {
    return this.bytes.length - this.at;
  }

  /** Byte offset in the stream of the next byte. */
  get offset(): number {
    return this.base + this.at;
  }

  /**
   * Brings at least `length` bytes into one piece in memory.
   * @param length bytes; the caller's bound on what is kept
   * @returns false when the stream ends before; what there is stays available
   */
  async ensure(length: number): Promise<boolean> {
    if (this.available >= length) return true;
    const parts: Uint8Array[] = this.available > 0 ? [this.bytes.subarray(this.at)] : [];
    let have = this.available;
    while (have < length && !this.ended) {
      const next = await this.pieces.next();
      if (next.done === true) this.ended = true;
      else if (next.value.length > 0) {
        parts.push(next.value);
        have += next.value.length;
      }
    }
    this.base += this.at;
    this.at = 0;
    this.bytes = parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts, have);
    return have >= length;
  }

  /** As `ensure`. @throws TygrubError corrupt `codec.truncated` when the stream ends before */
  async require(length: number): Promise<void> {
    if (!(await this.ensure(length))) throw this.truncated();
  }

  /** The next `length` bytes, as a view that is valid until the next call. @throws TygrubError corrupt `codec.truncated` */
  async take(length: number): Promise<Uint8Array> {
    await this.require(length);
    const view = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return view;
  }

  /** The next byte. @throws TygrubError corrupt `codec.truncated` */
  async byte(): Promise<number> {
    await this.require(1);
    return this.bytes[this.at++] as number;
  }

  /** Passes over `length` bytes, which need not fit into memory. @throws TygrubError corrupt `codec.truncated` */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      await this.require(1);
      const step = Math.min(left, this.available);
      this.at += step;
      left -= step;
    }
  }

  /** True when nothing is left. */
  async isAtEnd(): Promise<boolean> {
    return !(await this.ensure(1));
  }

  /** Tells the stream that no more of it is needed. */
  async close(): Promise<void> {
    this.bytes = EMPTY;
    this.at = 0;
    if (this.ended) return;
    this.ended = true;
    await this.pieces.return?.();
  }

  /** The error for data that contradicts its format. */
  damaged(what: string, offset = this.offset): TygrubError {
    return damaged(this.name, what, offset);
  }

  /** The error for data that ends too early. */
  truncated(): TygrubError {
    return corrupt('codec.truncated', `the ${this.name} data ends too early`, { offset: this.base + this.bytes.length });
  }
}

/** The error for compressed data that contradicts its format. */
export function damaged(name: CodecName, what: string, offset?: number): TygrubError {
  return corrupt('codec.damaged', `the ${name} data is damaged: ${what}`, offset === undefined ? {} : { offset });
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
