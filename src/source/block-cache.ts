import { DEFAULT_LIMITS } from '../limits.js';
import { type ByteSource, checkRange, type Run } from './byte-source.js';

/** Bytes of one cached block: a page, and the block size of most filesystems. */
const BLOCK = 4096;
/** Reads of at least this many bytes are file contents, not metadata: they pass by the cache. */
const BYPASS = 64 * 1024;

/**
 * A small least-recently-used cache for metadata, one for each disk file. Large reads and `locate` go straight to the
 * source below, so file contents neither fill the cache nor are copied through it.
 */
export class BlockCache implements ByteSource {
  private readonly blocks = new Map<number, Uint8Array>();
  private readonly capacity: number;

  /**
   * @param inner what is cached
   * @param cacheSize bytes kept at most
   */
  constructor(
    readonly inner: ByteSource,
    cacheSize: number = DEFAULT_LIMITS.cacheSize,
  ) {
    this.capacity = Math.max(1, Math.floor(cacheSize / BLOCK));
  }

  get size(): number {
    return this.inner.size;
  }

  async locate(offset: number, length: number): Promise<Run> {
    checkRange(this, offset, length);
    return { length, source: this.inner, offset };
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    if (length === 0) return new Uint8Array(0);
    if (length >= BYPASS) return this.inner.read(offset, length);
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor((offset + length - 1) / BLOCK);
    if (first === last) {
      const block = this.hit(first) ?? (await this.load(first, first));
      const inside = offset - first * BLOCK;
      return block.subarray(inside, inside + length);
    }
    const out = new Uint8Array(length);
    for (let index = first; index <= last; ) {
      let piece = this.hit(index);
      let next = index + 1;
      if (piece === undefined) {
        while (next <= last && !this.blocks.has(next)) next++;
        piece = await this.load(index, next - 1);
      }
      const pieceStart = index * BLOCK;
      const start = Math.max(offset, pieceStart);
      const end = Math.min(offset + length, pieceStart + piece.length);
      out.set(piece.subarray(start - pieceStart, end - pieceStart), start - offset);
      index = next;
    }
    return out;
  }

  async close(): Promise<void> {
    this.blocks.clear();
    await this.inner.close?.();
  }

  private hit(index: number): Uint8Array | undefined {
    const block = this.blocks.get(index);
    if (block !== undefined) {
      this.blocks.delete(index);
      this.blocks.set(index, block);
    }
    return block;
  }

  /** Reads the blocks `first` to `last` in one piece and keeps each. */
  private async load(first: number, last: number): Promise<Uint8Array> {
    const start = first * BLOCK;
    const bytes = await this.inner.read(start, Math.min((last + 1) * BLOCK, this.size) - start);
    for (let index = first; index <= last; index++) {
      const at = (index - first) * BLOCK;
      // A copy for each block, unless there is one: a view would keep the whole read alive.
      this.blocks.set(index, first === last ? bytes : bytes.slice(at, at + BLOCK));
    }
    while (this.blocks.size > this.capacity) {
      const oldest = this.blocks.keys().next();
      if (oldest.done === true) break;
      this.blocks.delete(oldest.value);
    }
    return bytes;
  }
}
