/** What every part of the reader works with. */
import { corrupt } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { BlockMap } from './block-map.js';
import type { GroupDescriptors } from './group-descriptors.js';
import type { Report } from './report.js';
import type { Superblock } from './superblock.js';

/** An ext filesystem's bytes with its geometry. After a journal replay `source` shows the replayed blocks. */
export interface ExtVolume {
  readonly source: ByteSource;
  readonly superblock: Superblock;
  readonly groups: GroupDescriptors;
  readonly limits: Limits;
  readonly report: Report;
  /** What fast commits changed; absent where there are none. */
  readonly fastCommits?: FastCommitChanges;
}

/** A change of a name by fast commits. */
export interface NameChange {
  readonly name: Uint8Array;
  /** The inode that the name was unlinked from: an entry on the disk with this number is gone. */
  readonly unlinked: number | null;
  /** The inode that the name stands for now, where the directory has no entry of that name. */
  readonly linked: number | null;
}

/** The changes of fast commits, as the readers of inodes, maps and directories ask for them. */
export interface FastCommitChanges {
  /** The bytes of an inode that fast commits replaced. */
  inode(number: number): Uint8Array | undefined;
  /** The map of an inode with the ranges that fast commits added and removed. */
  blocks(inode: number, map: BlockMap): BlockMap;
  /** Changed names of a directory, by their bytes as text (ISO 8859-1). */
  names(directory: number): ReadonlyMap<string, NameChange>;
  /** Whether fast commits made this directory: its blocks on the disk are not its own. */
  isNewDirectory(inode: number): boolean;
}

/**
 * Checks that blocks can belong to files or their metadata.
 * @param block number of the first block
 * @param count how many
 * @param what what points to them, for the message
 * @throws TygrubError corrupt `ext.block-out-of-range`
 */
export function checkBlocks(superblock: Superblock, block: number, count: number, what: string): void {
  if (block <= superblock.fields.first_data_block || block + count > superblock.blocksCount) {
    throw corrupt('ext.block-out-of-range', `${what} points to block ${block}, the filesystem has ${superblock.blocksCount} blocks`);
  }
}

/** Reads one block of metadata. `what` names what points to it. */
export async function readBlock(volume: ExtVolume, block: number, what: string): Promise<Uint8Array> {
  const { blockSize } = volume.superblock;
  checkBlocks(volume.superblock, block, 1, what);
  return volume.source.read(block * blockSize, blockSize);
}
