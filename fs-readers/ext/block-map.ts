/** From a file's logical blocks to blocks of the filesystem: what extents and indirect blocks both answer. */
import { corrupt } from '../../src/errors.js';
import { type ByteSource, MappedSource, type Run } from '../../src/source/byte-source.js';
import { ExtentTree } from './extent-tree.js';
import { IndirectBlocks } from './indirect-blocks.js';
import { hasFlag, type Inode } from './inode.js';
import { INODE_FLAG } from './layout.js';
import type { ExtVolume } from './volume.js';

/** A stretch of a file that is one piece on the disk, or nowhere. Block numbers. */
export interface Mapping {
  /** First logical block. */
  readonly start: number;
  /** Blocks, at least 1. */
  readonly length: number;
  /** First block of the filesystem; null for a hole and for unwritten blocks, both of which read as zeros. */
  readonly physical: number | null;
  /** Whether there is nothing at all (a hole), not even unwritten blocks. */
  readonly hole: boolean;
}

export interface BlockMap {
  /**
   * The longest stretch around a logical block that costs no further read.
   * @throws TygrubError corrupt when the map contradicts itself or leads out of the filesystem
   */
  find(block: number): Promise<Mapping> | Mapping;
}

/** The map of an inode, by its flags. */
export function blockMap(volume: ExtVolume, inode: Inode): BlockMap {
  const map = hasFlag(inode, INODE_FLAG.EXTENTS) ? new ExtentTree(volume, inode) : new IndirectBlocks(volume, inode);
  return volume.fastCommits?.blocks(inode.number, map) ?? map;
}

/** The content of a file with blocks, holes as zeros. */
export class FileSource extends MappedSource {
  private current: Mapping | undefined;

  /** @param size bytes; blocks of the map beyond are not shown (preallocated ones, Merkle trees) */
  constructor(
    private readonly source: ByteSource,
    private readonly blockSize: number,
    private readonly blocks: BlockMap,
    readonly size: number,
    private readonly what: string,
  ) {
    super();
  }

  protected map(offset: number, length: number): Run | Promise<Run> {
    const block = Math.floor(offset / this.blockSize);
    const mapping = this.current;
    if (mapping !== undefined && block >= mapping.start && block < mapping.start + mapping.length) return this.run(mapping, offset, length);
    return this.find(block, offset, length);
  }

  private async find(block: number, offset: number, length: number): Promise<Run> {
    const mapping = await this.blocks.find(block);
    this.current = mapping;
    return this.run(mapping, offset, length);
  }

  private run(mapping: Mapping, offset: number, length: number): Run {
    const inside = offset - mapping.start * this.blockSize;
    const there = Math.min(length, mapping.length * this.blockSize - inside);
    if (mapping.physical === null) return { length: there, source: null, offset: 0 };
    const at = mapping.physical * this.blockSize + inside;
    if (at + 1 > this.source.size) {
      throw corrupt('ext.cut-off', `${this.what} goes on at byte ${at}, where the volume has ended (${this.source.size} bytes)`, {
        offset: at,
        hint: 'the image is cut off; get a complete copy',
      });
    }
    return { length: Math.min(there, this.source.size - at), source: this.source, offset: at };
  }
}

/** The content of an inode as a source, inline data apart. */
export function contentOf(volume: ExtVolume, inode: Inode): FileSource {
  return new FileSource(volume.source, volume.superblock.blockSize, blockMap(volume, inode), inode.size, `inode ${inode.number}`);
}
