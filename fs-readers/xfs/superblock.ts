/** The superblock: geometry and features, checked so that all arithmetic after it is safe (`xfs_validate_sb_common`). */
import type { Decoded } from '../../src/bytes/layout.js';
import { corrupt, type TygrubError, unsupported } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { crcWithout } from './checksum.js';
import { FEATURE2, INCOMPAT, unreadIncompatible, VERSION_BIT, VERSION_NUMBER_MASK } from './features.js';
import { SUPERBLOCK } from './layout.js';
import { XFS_MAGIC } from './magic.js';
import type { Report } from './report.js';

/** A superblock that was checked, with what follows from its fields. */
export interface Superblock {
  readonly fields: Decoded<typeof SUPERBLOCK>;
  /** Bytes. */
  readonly blockSize: number;
  /** Bytes of one block of a directory: one or several filesystem blocks. */
  readonly directoryBlockSize: number;
  /** Bytes of one inode on the disk. */
  readonly inodeSize: number;
  /** Inode numbers of one allocation group, most of them not in use. */
  readonly inodesPerGroup: number;
  /** Block numbers of one allocation group, those included that no group has. */
  readonly blockNumbersPerGroup: number;
  /** Version 5: metadata has checksums and says whose it is. */
  readonly checksums: boolean;
  /** Directory entries have the type of what they name. */
  readonly fileTypes: boolean;
  /** Names differ by more than the case of their letters. */
  readonly asciiCaseInsensitive: boolean;
  /** Project ids have 32 bits. */
  readonly wideProjectIds: boolean;
  /** The UUID in self-describing metadata; the volume's own may have been changed since. */
  readonly metaUuid: Uint8Array;
}

/** Bounds of the geometry in `xfs_format.h`, as powers of two where they are. */
const SECTOR_LOG = { min: 9, max: 15 };
const BLOCK_LOG = { min: 9, max: 16 };
const INODE_LOG = { min: 8, max: 11 };
const MIN_CRC_INODE_LOG = 9;
const MIN_CRC_BLOCK_LOG = 10;
const MAX_GROUP_BLOCK_LOG = 31;
const MIN_GROUP_BLOCKS = 64;
const MAX_GROUP_BYTES = 2 ** 40;
const FULL_PERCENT = 100;

function within(value: number, range: { readonly min: number; readonly max: number }): boolean {
  return value >= range.min && value <= range.max;
}

function impossible(what: string): TygrubError {
  return corrupt('xfs.superblock', `the XFS superblock is damaged: ${what}`, { offset: 0, hint: 'let xfs_repair look at the filesystem' });
}

/**
 * Decodes and checks the superblock.
 * @param bytes from byte 0 of the filesystem
 * @throws TygrubError corrupt when the numbers contradict each other, unsupported for versions and features not read
 */
export function parseSuperblock(bytes: Uint8Array): Superblock {
  const sb = SUPERBLOCK.decode(bytes);
  if (sb.magicnum !== XFS_MAGIC) throw impossible(`its magic is 0x${sb.magicnum.toString(16)} instead of 0x${XFS_MAGIC.toString(16)}`);
  const version = sb.versionnum & VERSION_NUMBER_MASK;
  if (version !== 4 && version !== 5) throw unsupported('xfs.version', `this is XFS of version ${version}; versions 4 and 5 are read`);
  const checksums = version === 5;
  if (checksums) {
    const unread = unreadIncompatible(sb.features_incompat);
    if (unread.length > 0) throw unsupported('xfs.incompat-feature', `the XFS uses features that are not read: ${unread.join(', ')}`);
  }
  checkGeometry(sb, checksums);
  const hasBit = (bit: number): boolean => (sb.versionnum & bit) !== 0;
  if (!hasBit(VERSION_BIT.DIRV2) && !checksums) {
    throw unsupported('xfs.directory-version', 'the XFS has directories of version 1, which are not read');
  }
  // Some systems wrote the second word of features four bytes further on: Linux takes what either has.
  const features2 = hasBit(VERSION_BIT.MOREBITS) ? sb.features2 | sb.bad_features2 : 0;
  const hasIncompat = (bit: number): boolean => checksums && (sb.features_incompat & bit) !== 0;
  const superblock: Superblock = {
    fields: sb,
    blockSize: sb.blocksize,
    directoryBlockSize: 2 ** (sb.blocklog + sb.dirblklog),
    inodeSize: sb.inodesize,
    inodesPerGroup: 2 ** (sb.agblklog + sb.inopblog),
    blockNumbersPerGroup: 2 ** sb.agblklog,
    checksums,
    fileTypes: checksums ? hasIncompat(INCOMPAT.FTYPE) : (features2 & FEATURE2.FTYPE) !== 0,
    asciiCaseInsensitive: hasBit(VERSION_BIT.ASCII_CI),
    wideProjectIds: checksums || (features2 & FEATURE2.PROJID32) !== 0,
    metaUuid: hasIncompat(INCOMPAT.META_UUID) ? sb.meta_uuid : sb.uuid,
  };
  const group = Math.floor(sb.rootino / superblock.inodesPerGroup);
  if (sb.rootino === 0 || group >= sb.agcount) throw impossible(`its root directory is inode ${sb.rootino}`);
  return superblock;
}

/** Every size that stands twice must say the same, and none may make a shift or a product leave its range (XSA-443). */
function checkGeometry(sb: Decoded<typeof SUPERBLOCK>, checksums: boolean): void {
  if (!within(sb.sectlog, SECTOR_LOG) || sb.sectsize !== 2 ** sb.sectlog)
    throw impossible(`sectors of ${sb.sectsize} (2^${sb.sectlog}) bytes`);
  const leastBlock = checksums ? MIN_CRC_BLOCK_LOG : BLOCK_LOG.min;
  if (!within(sb.blocklog, BLOCK_LOG) || sb.blocklog < leastBlock || sb.blocksize !== 2 ** sb.blocklog) {
    throw impossible(`blocks of ${sb.blocksize} (2^${sb.blocklog}) bytes`);
  }
  if (sb.sectlog > sb.blocklog) throw impossible(`sectors of ${sb.sectsize} bytes in blocks of ${sb.blocksize}`);
  const leastInode = checksums ? MIN_CRC_INODE_LOG : INODE_LOG.min;
  if (!within(sb.inodelog, INODE_LOG) || sb.inodelog < leastInode || sb.inodesize !== 2 ** sb.inodelog || sb.inodelog > sb.blocklog) {
    throw impossible(`inodes of ${sb.inodesize} (2^${sb.inodelog}) bytes`);
  }
  if (sb.inopblog !== sb.blocklog - sb.inodelog || sb.inopblock !== 2 ** sb.inopblog) {
    throw impossible(`${sb.inopblock} (2^${sb.inopblog}) inodes in a block`);
  }
  if (sb.blocklog + sb.dirblklog > BLOCK_LOG.max) throw impossible(`directory blocks of 2^${sb.dirblklog} filesystem blocks`);
  const groupFits =
    sb.agblklog <= MAX_GROUP_BLOCK_LOG &&
    sb.agblocks <= 2 ** sb.agblklog &&
    sb.agblocks > 2 ** sb.agblklog / 2 &&
    sb.agblocks >= MIN_GROUP_BLOCKS;
  if (!groupFits || sb.agblocks * sb.blocksize > MAX_GROUP_BYTES) {
    throw impossible(`allocation groups of ${sb.agblocks} (2^${sb.agblklog}) blocks`);
  }
  const most = sb.agcount * sb.agblocks;
  if (
    sb.agcount === 0 ||
    sb.dblocks > most ||
    sb.dblocks < most - sb.agblocks + MIN_GROUP_BLOCKS ||
    !Number.isSafeInteger(most * sb.blocksize)
  ) {
    throw impossible(`${sb.dblocks} blocks in ${sb.agcount} allocation groups of ${sb.agblocks}`);
  }
  if (sb.inprogress !== 0) throw impossible('mkfs.xfs did not finish it');
  if (sb.imax_pct > FULL_PERCENT) throw impossible(`inodes may take ${sb.imax_pct} percent`);
}

/**
 * Reads and verifies the superblock.
 * @param verified whether its checksum was verified before (after a replay of the log it is out of date)
 * @throws TygrubError corrupt, unsupported
 */
export async function readSuperblock(source: ByteSource, report: Report, verified: boolean): Promise<Superblock> {
  const superblock = parseSuperblock(await source.read(0, SUPERBLOCK.size));
  const { sectsize, crc } = superblock.fields;
  if (superblock.checksums && !verified) {
    if (source.size < sectsize) throw impossible(`sectors of ${sectsize} bytes on a volume of ${source.size}`);
    const sector = await source.read(0, sectsize);
    if (crcWithout(sector, SUPERBLOCK.offsetOf('crc')) !== crc) report.mismatch('the XFS superblock', 0);
  }
  return superblock;
}
