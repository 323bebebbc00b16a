/** From a file's logical blocks to blocks of the filesystem: what extents and indirect blocks both answer. */
import type { ByteSource } from '../../src/source/byte-source.js';
import { BlockMapSource, type Stretch, type BlockMap as Stretches } from '../block-map.js';
import { ExtentTree } from './extent-tree.js';
import { IndirectBlocks } from './indirect-blocks.js';
import { hasFlag, type Inode } from './inode.js';
import { INODE_FLAG } from './layout.js';
import type { ExtVolume } from './volume.js';

/** A stretch of a file. Block numbers. */
export interface Mapping extends Stretch {
  /** First block of the filesystem; null for a hole and for unwritten blocks, both of which read as zeros. */
  readonly physical: number | null;
  /** Whether there is nothing at all (a hole), not even unwritten blocks. */
  readonly hole: boolean;
}

export type BlockMap = Stretches<Mapping>;

/** The map of an inode, by its flags. */
export function blockMap(volume: ExtVolume, inode: Inode): BlockMap {
  const map = hasFlag(inode, INODE_FLAG.EXTENTS) ? new ExtentTree(volume, inode) : new IndirectBlocks(volume, inode);
  return volume.fastCommits?.blocks(inode.number, map) ?? map;
}

/** The content of an inode as a source, inline data apart. */
export function contentOf(volume: ExtVolume, inode: Inode): ByteSource {
  const { blockSize } = volume.superblock;
  return new BlockMapSource({
    format: 'ext',
    volume: volume.source,
    blockSize,
    blocks: blockMap(volume, inode),
    offsetOf: ({ physical }) => (physical === null ? null : physical * blockSize),
    size: inode.size,
    what: `inode ${inode.number}`,
  });
}
