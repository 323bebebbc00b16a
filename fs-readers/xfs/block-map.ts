/** From a fork's logical blocks to bytes of the volume: what the list in the inode and the B+tree both answer. */
import { corrupt, unsupported } from '../../src/errors.js';
import { type ByteSource, MappedSource, type Run } from '../../src/source/byte-source.js';
import { BmapTree } from './bmap-tree.js';
import { decodeExtents, type ExtentList, mappingAt, ROOM } from './extents.js';
import type { Fork, Inode } from './inode.js';
import { EXTENT, FORMAT, INODE_FLAG } from './layout.js';
import type { XfsVolume } from './volume.js';

/** A stretch of a fork that is one piece on the volume, or nowhere. */
export interface Mapping {
  /** First logical block. */
  readonly start: number;
  /** Blocks, at least 1. */
  readonly length: number;
  /** Byte offset on the volume; null for holes and unwritten blocks, both of which read as zeros. */
  readonly offset: number | null;
}

export interface BlockMap {
  /**
   * The longest stretch around a logical block that costs no further read.
   * @throws TygrubError corrupt when the map contradicts itself or leads out of the filesystem
   */
  find(block: number): Promise<Mapping> | Mapping;
}

/** The extents that stand in the inode. */
class InodeExtents implements BlockMap {
  constructor(private readonly list: ExtentList) {}

  find(block: number): Mapping {
    return mappingAt(this.list, block);
  }
}

/**
 * The map of a fork.
 * @throws TygrubError corrupt when it has none, unsupported `xfs.realtime` for files on the real-time device
 */
export function blockMap(volume: XfsVolume, inode: Inode, fork: Fork): BlockMap {
  const what = `inode ${inode.number}`;
  if (fork === inode.data && inode.type === 'f' && (inode.fields.flags & INODE_FLAG.REALTIME) !== 0) {
    throw unsupported('xfs.realtime', `${what} is a real-time file: its content is on a device that is not read`);
  }
  if (fork.format === FORMAT.BTREE) return new BmapTree(volume, inode.number, fork.bytes);
  if (fork.format !== FORMAT.EXTENTS) throw corrupt('xfs.inode', `${what} is damaged: a fork has the format ${fork.format}`);
  if (fork.extents * EXTENT.size > fork.bytes.length) {
    throw corrupt('xfs.inode', `${what} is damaged: it has ${fork.extents} extents in ${fork.bytes.length} bytes`);
  }
  return new InodeExtents(decodeExtents(volume.superblock, fork.bytes, fork.extents, ROOM, what));
}

/** The content of a fork, holes as zeros. */
export class ForkSource extends MappedSource {
  private current: Mapping | undefined;

  /** @param size bytes; blocks of the map beyond are not shown (preallocated ones) */
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
    if (mapping.offset === null) return { length: there, source: null, offset: 0 };
    const at = mapping.offset + inside;
    if (at >= this.source.size) {
      throw corrupt('xfs.cut-off', `${this.what} goes on at byte ${at}, where the volume has ended (${this.source.size} bytes)`, {
        offset: at,
        hint: 'the image is cut off; get a complete copy',
      });
    }
    return { length: Math.min(there, this.source.size - at), source: this.source, offset: at };
  }
}

/** The content of a fork as a source of a given size. */
export function contentOf(volume: XfsVolume, inode: Inode, fork: Fork, size: number): ForkSource {
  return new ForkSource(volume.source, volume.superblock.blockSize, blockMap(volume, inode, fork), size, `inode ${inode.number}`);
}
