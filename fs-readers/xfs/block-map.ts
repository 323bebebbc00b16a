/** From a fork's logical blocks to bytes of the volume: what the list in the inode and the B+tree both answer. */
import { corrupt, unsupported } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { BlockMapSource, type Stretch, type BlockMap as Stretches } from '../block-map.js';
import { BmapTree } from './bmap-tree.js';
import { decodeExtents, type ExtentList, mappingAt, ROOM } from './extents.js';
import type { Fork, Inode } from './inode.js';
import { EXTENT, FORMAT, INODE_FLAG } from './layout.js';
import type { XfsVolume } from './volume.js';

/** A stretch of a fork. */
export interface Mapping extends Stretch {
  /** Byte offset on the volume; null for holes and unwritten blocks, both of which read as zeros. */
  readonly offset: number | null;
}

export type BlockMap = Stretches<Mapping>;

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

/** The content that a map of a fork describes, as a source of a given size; `what` names the inode. */
export function mappedContent(volume: XfsVolume, blocks: BlockMap, size: number, what: string): ByteSource {
  const { blockSize } = volume.superblock;
  return new BlockMapSource({ format: 'xfs', volume: volume.source, blockSize, blocks, offsetOf: ({ offset }) => offset, size, what });
}

/** The content of a fork as a source of a given size. */
export function contentOf(volume: XfsVolume, inode: Inode, fork: Fork, size: number): ByteSource {
  return mappedContent(volume, blockMap(volume, inode, fork), size, `inode ${inode.number}`);
}
