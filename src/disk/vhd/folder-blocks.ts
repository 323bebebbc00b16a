/** The blocks of a VhdDirectory: one file each, a few of them open (or decompressed) at a time. */
import type { Limits } from '../../limits.js';
import { type ByteSource, checkRange } from '../../source/byte-source.js';
import { isFull } from './block-bitmap.js';
import type { Block, BlockStore } from './block-store.js';
import { SECTOR } from './layout.js';

/** What the store needs to know of the folder. */
export interface FolderBlocks {
  readonly blockSize: number;
  readonly bitmapBytes: number;
  readonly blocks: number;
  allocated(index: number): boolean;
}

interface OpenBlock {
  readonly source: Promise<ByteSource>;
  /** Reads under way: a block is closed only when there are none. */
  users: number;
  evicted: boolean;
}

export class FolderBlockStore implements BlockStore {
  readonly blockSize: number;
  private readonly known = new Map<number, Block>();
  private readonly open = new Map<number, OpenBlock>();
  private readonly bitmaps: number;
  private readonly openAtOnce: number;

  /** @param openBlock opens the file of a block, bitmap first */
  constructor(
    private readonly folder: FolderBlocks,
    private readonly openBlock: (index: number) => Promise<ByteSource>,
    limits: Limits,
  ) {
    this.blockSize = folder.blockSize;
    this.bitmaps = Math.max(1, Math.floor(limits.bitmapCacheSize / folder.bitmapBytes));
    this.openAtOnce = Math.max(1, Math.floor(limits.cacheSize / (folder.bitmapBytes + folder.blockSize)));
  }

  async block(index: number): Promise<Block | null> {
    const known = this.known.get(index);
    if (known !== undefined) {
      // The most recently used stand last, so that the first is the one to forget.
      this.known.delete(index);
      this.known.set(index, known);
      return known;
    }
    if (!this.folder.allocated(index)) return null;
    const { bitmapBytes, blockSize } = this.folder;
    const bitmap = await this.use(index, async (source) => (await source.read(0, bitmapBytes)).slice());
    const block: Block = {
      source: new FolderBlockSource(this, index, bitmapBytes + blockSize),
      dataOffset: bitmapBytes,
      available: blockSize,
      bitmap: isFull(bitmap, blockSize / SECTOR) ? null : bitmap,
    };
    this.known.set(index, block);
    if (this.known.size > this.bitmaps) {
      const oldest = this.known.keys().next();
      if (oldest.done !== true) this.known.delete(oldest.value);
    }
    return block;
  }

  async unusedFrom(index: number, atMost: number): Promise<number> {
    const end = Math.min(index + atMost, this.folder.blocks);
    let at = index;
    while (at < end && !this.folder.allocated(at)) at++;
    return at - index;
  }

  /** Blocks of the disk. */
  get count(): number {
    return this.folder.blocks;
  }

  /** Whether a block is allocated, without opening it. */
  isAllocated(index: number): boolean {
    return this.folder.allocated(index);
  }

  /** Uses the content of a block, which is opened if it is not, and stays open for a while. */
  async use<T>(index: number, work: (source: ByteSource) => Promise<T>): Promise<T> {
    const entry = this.open.get(index) ?? { source: this.openBlock(index), users: 0, evicted: false };
    this.open.delete(index);
    this.open.set(index, entry);
    entry.users++;
    try {
      await this.evict(this.openAtOnce);
      return await work(await entry.source);
    } catch (error) {
      // What could not be opened or read is not kept: the next reader asks the host again.
      if (this.open.get(index) === entry) this.open.delete(index);
      entry.evicted = true;
      throw error;
    } finally {
      entry.users--;
      if (entry.evicted && entry.users === 0) await closeOpened(entry);
    }
  }

  /** Closes the files that are still open. */
  async close(): Promise<void> {
    await this.evict(0);
  }

  private async evict(keep: number): Promise<void> {
    for (const [index, entry] of this.open) {
      if (this.open.size <= keep) return;
      this.open.delete(index);
      entry.evicted = true;
      if (entry.users === 0) await closeOpened(entry);
    }
  }
}

async function closeOpened(entry: OpenBlock): Promise<void> {
  const source = await entry.source.catch(() => null); // its failure was thrown to those who waited for it
  await source?.close?.();
}

/** The file of one block as a leaf source. */
class FolderBlockSource implements ByteSource {
  constructor(
    private readonly store: FolderBlockStore,
    private readonly index: number,
    readonly size: number,
  ) {}

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    return this.store.use(this.index, (source) => source.read(offset, length));
  }

  async readInto(offset: number, target: Uint8Array): Promise<void> {
    checkRange(this, offset, target.length);
    await this.store.use(this.index, async (source) => {
      if (source.readInto !== undefined) await source.readInto(offset, target);
      else target.set(await source.read(offset, target.length));
    });
  }
}
