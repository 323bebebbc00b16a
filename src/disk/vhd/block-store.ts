/** Where the blocks of a dynamic or differencing disk come from: one file, or a folder with a file for each block. */
import { corrupt } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { type BatGeometry, BlockAllocationTable } from './block-allocation-table.js';
import { isFull } from './block-bitmap.js';
import { SECTOR } from './layout.js';

/** An allocated block. */
export interface Block {
  /** Where its data are. */
  readonly source: ByteSource;
  /** Byte offset of the data (after the bitmap) in `source`. */
  readonly dataOffset: number;
  /** Bytes of the data that are really there; less than the block size where the file was cut off. */
  readonly available: number;
  /** Null when every sector is present. */
  readonly bitmap: Uint8Array | null;
}

/** The blocks of one level of a chain. */
export interface BlockStore {
  readonly blockSize: number;
  /**
   * @returns null when the block is not allocated
   * @throws TygrubError corrupt when the block cannot be read
   */
  block(index: number): Promise<Block | null>;
  /** How many blocks from `index` on are not allocated (at least 1 if it is not), at most `atMost`; may stop early. */
  unusedFrom(index: number, atMost: number): Promise<number>;
}

/** The blocks of a VHD file: BAT, bitmaps (kept, bounded), data. */
export class FileBlockStore implements BlockStore {
  readonly blockSize: number;
  readonly table: BlockAllocationTable;
  private readonly blocks = new Map<number, Block>();
  private readonly capacity: number;

  constructor(
    private readonly source: ByteSource,
    private readonly geometry: BatGeometry,
    limits: Limits,
  ) {
    this.blockSize = geometry.blockSize;
    this.table = new BlockAllocationTable(source, geometry, limits);
    this.capacity = Math.max(1, Math.floor(limits.bitmapCacheSize / geometry.bitmapBytes));
  }

  async block(index: number): Promise<Block | null> {
    const known = this.blocks.get(index);
    if (known !== undefined) {
      // The most recently used stand last, so that the first is the one to forget.
      this.blocks.delete(index);
      this.blocks.set(index, known);
      return known;
    }
    const start = await this.table.blockOffset(index);
    if (start === null) return null;
    const { bitmapBytes, blockSize, dataLimit } = this.geometry;
    // A copy: the bytes that a cache gives are a view that would keep a whole cached block alive.
    const bitmap = (await this.source.read(start, bitmapBytes)).slice();
    const dataOffset = start + bitmapBytes;
    const block: Block = {
      source: this.source,
      dataOffset,
      available: Math.min(blockSize, Math.floor((dataLimit - dataOffset) / SECTOR) * SECTOR),
      bitmap: isFull(bitmap, blockSize / SECTOR) ? null : bitmap,
    };
    this.blocks.set(index, block);
    if (this.blocks.size > this.capacity) {
      const oldest = this.blocks.keys().next();
      if (oldest.done !== true) this.blocks.delete(oldest.value);
    }
    return block;
  }

  unusedFrom(index: number, atMost: number): Promise<number> {
    return this.table.unusedFrom(index, atMost);
  }
}

/** The failure for a sector whose data were cut off. */
export function truncatedBlock(index: number, block: Block, inside: number): Error {
  return corrupt('vhd.block-truncated', `the file ends in block ${index}: its data from byte ${inside} on were cut off`, {
    offset: block.dataOffset + inside,
  });
}
