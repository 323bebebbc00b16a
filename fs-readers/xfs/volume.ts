/** What every part of the reader works with: the bytes, the geometry, and blocks that say whose they are. */
import type { Layout } from '../../src/bytes/layout.js';
import { equalBytes } from '../../src/bytes/text.js';
import { formatUuid } from '../../src/bytes/uuid.js';
import { corrupt } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { crcWithout } from './checksum.js';
import { BASIC_BLOCK } from './layout.js';
import type { Report } from './report.js';
import type { Superblock } from './superblock.js';

/** An XFS's bytes with its geometry. After a replay of the log `source` shows the changed metadata. */
export interface XfsVolume {
  readonly source: ByteSource;
  readonly superblock: Superblock;
  readonly limits: Limits;
  readonly report: Report;
  /** What the log changed; absent where it was not replayed. */
  readonly replayed?: ReplayedLog;
}

/** What the readers have to know about a replay of the log. */
export interface ReplayedLog {
  /** Whether the log changed a byte of the range: its checksum is then that of older contents. */
  touches(offset: number, length: number): boolean;
  /** Whether an inode's B+tree was taken over from another: its blocks still name that one. */
  ownerChanged(inode: number): boolean;
  /** What the log began with an inode and did not finish, as a phrase; undefined for nothing. */
  unfinished(inode: number): string | undefined;
}

/**
 * Byte offset of blocks of the filesystem.
 * @param block filesystem block number: the allocation group above its block number
 * @param count how many, all of one group
 * @param what what points to them, for the message
 * @throws TygrubError corrupt `xfs.block-out-of-range`
 */
export function blockOffset(superblock: Superblock, block: number, count: number, what: string): number {
  const { fields, blockNumbersPerGroup, blockSize } = superblock;
  const group = Math.floor(block / blockNumbersPerGroup);
  const inGroup = block % blockNumbersPerGroup;
  const linear = group * fields.agblocks + inGroup;
  if (group >= fields.agcount || inGroup + count > fields.agblocks || linear + count > fields.dblocks) {
    throw corrupt('xfs.block-out-of-range', `${what} points to block ${inGroup} of allocation group ${group}, which does not exist`);
  }
  return linear * blockSize;
}

/**
 * Reads bytes of metadata.
 * @throws TygrubError corrupt `xfs.cut-off` when the volume ends before
 */
export async function readMetadata(volume: XfsVolume, offset: number, length: number, what: string): Promise<Uint8Array> {
  if (offset + length > volume.source.size) {
    throw corrupt('xfs.cut-off', `${what} is at byte ${offset}, where the volume has ended (${volume.source.size} bytes)`, {
      offset,
      hint: 'the image is cut off; get a complete copy',
    });
  }
  return volume.source.read(offset, length);
}

/** The fields with which a block of version 5 says what it is. */
interface SelfDescribing {
  crc: number;
  blkno: number;
  uuid: Uint8Array;
  owner: number;
}

/**
 * Verifies a self-describing structure: its checksum, its place, its filesystem and the inode that it belongs to.
 * @param header the layout at its start
 * @param bytes the whole structure
 * @param offset where it was read
 * @param owner inode number; null where that cannot be told
 * @param what the structure, as a phrase
 * @param changed whether the log changed it, after which its checksum is out of date
 * @throws TygrubError corrupt `xfs.checksum` (a warning where checksums are ignored), `xfs.foreign-block`
 */
export function verify<T extends SelfDescribing>(
  volume: XfsVolume,
  header: Layout<T>,
  bytes: Uint8Array,
  offset: number,
  owner: number | null,
  what: string,
  changed: boolean = volume.replayed?.touches(offset, bytes.length) === true,
): void {
  const { crc, blkno, uuid, owner: found } = header.decode(bytes);
  if (!changed && crcWithout(bytes, header.offsetOf('crc')) !== crc) volume.report.mismatch(what, offset);
  const foreign = (why: string) => corrupt('xfs.foreign-block', `${what} is not there: the block found ${why}`, { offset });
  if (!equalBytes(uuid, volume.superblock.metaUuid)) throw foreign(`belongs to the filesystem ${formatUuid(uuid)}`);
  if (blkno * BASIC_BLOCK !== offset) throw foreign(`says that its place is byte ${blkno * BASIC_BLOCK}`);
  if (owner !== null && found !== owner) throw foreign(`belongs to inode ${found}`);
}
