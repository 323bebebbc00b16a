/**
 * The superblock: geometry and features, checked so that all arithmetic after it is safe, and the backups of it that
 * stand in other block groups (Documentation/filesystems/ext4/super.rst).
 */
import { crc32cRaw } from '../../src/bytes/crc.js';
import { type Decoded, safeU64 } from '../../src/bytes/layout.js';
import { equalBytes } from '../../src/bytes/text.js';
import { formatUuid, isZero } from '../../src/bytes/uuid.js';
import { corrupt, TygrubError, unsupported } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { COMPAT, INCOMPAT, RO_COMPAT, unknownIncompatible } from './features.js';
import { EXT_MAGIC, OLD_FIRST_INODE, OLD_INODE_SIZE, REVISION_OLD, SUPERBLOCK, SUPERBLOCK_OFFSET } from './layout.js';
import type { Report } from './report.js';

/** A superblock that was checked, with what follows from its fields. */
export interface Superblock {
  readonly fields: Decoded<typeof SUPERBLOCK>;
  /** Bytes. */
  readonly blockSize: number;
  /** Blocks of the filesystem, from block 0 on. */
  readonly blocksCount: number;
  /** Bytes. */
  readonly clusterSize: number;
  readonly groupsCount: number;
  /** Bytes of one inode on the disk. */
  readonly inodeSize: number;
  /** The first inode number that files may have, the root apart. */
  readonly firstInode: number;
  /** Bytes of one group descriptor. */
  readonly descriptorSize: number;
  /** Start of all metadata_csum checksums (a CRC-32C register). */
  readonly checksumSeed: number;
  readonly metadataChecksums: boolean;
  hasCompat(bits: number): boolean;
  hasIncompat(bits: number): boolean;
  hasRoCompat(bits: number): boolean;
  /** Whether a block group has a copy of the superblock and the group descriptors. */
  hasBackup(group: number): boolean;
  /** The first groups that have one, group 0 included: as many as are ever worth trying. */
  readonly backupGroups: readonly number[];
  /** First block of a block group. */
  groupStart(group: number): number;
}

/** Powers of two from `low` to `high`. */
function isPowerOfTwo(value: number, low: number, high: number): boolean {
  return value >= low && value <= high && (value & (value - 1)) === 0;
}

function impossible(what: string, offset: number): TygrubError {
  return corrupt('ext.superblock', `the ext superblock is damaged: ${what}`, { offset });
}

/** The kernel's EXT4_MAX_BLOCK_LOG_SIZE above the smallest block size of 1024. */
const MAX_LOG_BLOCK_SIZE = 6;
const CRC32C = 1;
/** The groups that have a backup under sparse_super, and also where every group has one. */
const SPARSE_GROUPS: readonly number[] = [0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243];

/**
 * Decodes and checks one copy of the superblock.
 * @param bytes its 1024 bytes
 * @param offset where they were, for messages
 * @throws TygrubError corrupt when the numbers contradict each other, unsupported for features that are not read
 */
export function parseSuperblock(bytes: Uint8Array, offset: number): Superblock {
  const sb = SUPERBLOCK.decode(bytes);
  if (sb.magic !== EXT_MAGIC) throw impossible(`its magic is 0x${sb.magic.toString(16)} instead of 0x${EXT_MAGIC.toString(16)}`, offset);
  const old = sb.rev_level === REVISION_OLD;
  if ((sb.feature_incompat & INCOMPAT.JOURNAL_DEV) !== 0) {
    throw unsupported('ext.journal-device', `this is an external journal (UUID ${formatUuid(sb.uuid)}), it holds no files`, { offset });
  }
  const unknown = unknownIncompatible(sb.feature_incompat);
  if (unknown.length > 0) {
    throw unsupported('ext.incompat-feature', `the ext filesystem uses features that are not read: ${unknown.join(', ')}`, { offset });
  }
  if (sb.log_block_size > MAX_LOG_BLOCK_SIZE) throw impossible(`block size 2^${sb.log_block_size + 10}`, offset);
  const blockSize = 1024 << sb.log_block_size;
  const hasIncompat = (bits: number): boolean => (sb.feature_incompat & bits) !== 0;
  const hasCompat = (bits: number): boolean => (sb.feature_compat & bits) !== 0;
  const hasRoCompat = (bits: number): boolean => (sb.feature_ro_compat & bits) !== 0;
  const wide = hasIncompat(INCOMPAT['64BIT']);
  const blocksCount = wide ? safeU64(sb.blocks_count_hi, sb.blocks_count_lo, 's_blocks_count') : sb.blocks_count_lo;
  if (!Number.isSafeInteger(blocksCount * blockSize)) throw impossible(`${blocksCount} blocks of ${blockSize} bytes`, offset);
  if (sb.first_data_block >= blocksCount || sb.first_data_block > 1) {
    throw impossible(`first data block ${sb.first_data_block} of ${blocksCount}`, offset);
  }
  // A group has at most as many blocks (clusters, with bigalloc) and inodes as one bitmap block has bits.
  const bits = blockSize * 8;
  const bigalloc = hasRoCompat(RO_COMPAT.BIGALLOC);
  if (bigalloc && (sb.log_cluster_size < sb.log_block_size || sb.log_cluster_size > 20)) {
    throw impossible(`cluster size 2^${sb.log_cluster_size + 10}`, offset);
  }
  const clusterSize = bigalloc ? 1024 << sb.log_cluster_size : blockSize;
  const perGroup = sb.blocks_per_group;
  if (perGroup === 0 || perGroup > bits * (clusterSize / blockSize)) throw impossible(`${perGroup} blocks per group`, offset);
  const inodeSize = old ? OLD_INODE_SIZE : sb.inode_size;
  if (!isPowerOfTwo(inodeSize, OLD_INODE_SIZE, blockSize)) throw impossible(`inodes of ${inodeSize} bytes`, offset);
  if (sb.inodes_per_group === 0 || sb.inodes_per_group > bits) throw impossible(`${sb.inodes_per_group} inodes per group`, offset);
  const groupsCount = Math.ceil((blocksCount - sb.first_data_block) / perGroup);
  if (sb.inodes_count > groupsCount * sb.inodes_per_group) {
    throw impossible(`${sb.inodes_count} inodes in ${groupsCount} groups of ${sb.inodes_per_group}`, offset);
  }
  const descriptorSize = wide ? sb.desc_size : 32;
  if (wide && !isPowerOfTwo(descriptorSize, 64, blockSize)) throw impossible(`group descriptors of ${descriptorSize} bytes`, offset);
  const metadataChecksums = hasRoCompat(RO_COMPAT.METADATA_CSUM);
  if (metadataChecksums && sb.checksum_type !== CRC32C) {
    throw unsupported('ext.checksum-type', `the ext filesystem uses checksums of the unknown type ${sb.checksum_type}`, { offset });
  }
  const groupStart = (group: number): number => sb.first_data_block + group * perGroup;
  const hasBackup = (group: number): boolean => {
    if (group === 0) return true;
    if (hasCompat(COMPAT.SPARSE_SUPER2)) return sb.backup_bgs.includes(group);
    if (group === 1 || !hasRoCompat(RO_COMPAT.SPARSE_SUPER)) return true;
    return isPowerOf(group, 3) || isPowerOf(group, 5) || isPowerOf(group, 7);
  };
  const candidates = hasCompat(COMPAT.SPARSE_SUPER2) ? [0, ...sb.backup_bgs.filter((group) => group > 0)] : SPARSE_GROUPS;
  return {
    fields: sb,
    blockSize,
    blocksCount,
    clusterSize,
    groupsCount,
    inodeSize,
    firstInode: old ? OLD_FIRST_INODE : sb.first_ino,
    descriptorSize,
    checksumSeed: hasIncompat(INCOMPAT.CSUM_SEED) ? sb.checksum_seed : crc32cRaw(sb.uuid, ~0),
    metadataChecksums,
    hasCompat,
    hasIncompat,
    hasRoCompat,
    groupStart,
    hasBackup,
    backupGroups: candidates.filter((group) => group < groupsCount),
  };
}

function isPowerOf(value: number, base: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}

function checksumMatches(bytes: Uint8Array): boolean {
  const at = SUPERBLOCK.offsetOf('checksum');
  return crc32cRaw(bytes.subarray(0, at), ~0) === SUPERBLOCK.decode(bytes).checksum;
}

/**
 * Says whether the 1024 bytes are a superblock, without judging what is in it.
 */
export function hasMagic(bytes: Uint8Array): boolean {
  return SUPERBLOCK.decode(bytes).magic === EXT_MAGIC;
}

/** Whether the 1024 bytes could be a superblock that lost its magic: cheap, so that little else is searched for backups. */
export function resemblesSuperblock(bytes: Uint8Array): boolean {
  const sb = SUPERBLOCK.decode(bytes);
  return sb.rev_level <= 1 && sb.log_block_size <= MAX_LOG_BLOCK_SIZE && sb.blocks_per_group > 0 && sb.inodes_per_group > 0;
}

/** The superblock that is to be used, and where it was. */
export interface FoundSuperblock {
  readonly superblock: Superblock;
  /** Block group of the copy; 0 for the primary one. */
  readonly group: number;
}

/**
 * Reads the primary superblock or, where that is damaged, a backup of it; then the report says so.
 * @throws TygrubError corrupt when no copy can be used (the error is the primary one's), unsupported
 */
export async function readSuperblock(source: ByteSource, report: Report): Promise<FoundSuperblock> {
  const bytes = await source.read(SUPERBLOCK_OFFSET, SUPERBLOCK.size);
  let failure: TygrubError;
  try {
    const superblock = parseSuperblock(bytes, SUPERBLOCK_OFFSET);
    if (!superblock.metadataChecksums || checksumMatches(bytes)) return { superblock, group: 0 };
    if (report.ignoresChecksums) {
      report.mismatch('the superblock', SUPERBLOCK_OFFSET);
      return { superblock, group: 0 };
    }
    failure = corrupt('ext.checksum', 'the checksum of the ext superblock does not match its contents', {
      offset: SUPERBLOCK_OFFSET,
      hint: 'use --ignore-checksums to read it all the same',
    });
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind !== 'corrupt') throw error;
    failure = error;
  }
  const backup = await findBackup(source, bytes);
  if (backup === null) throw failure;
  report.warn({
    code: 'ext.backup-superblock',
    message: `the primary superblock cannot be used (${failure.message}); the backup in block group ${backup.group} is used instead`,
    offset: SUPERBLOCK_OFFSET,
    hint: 'let e2fsck repair the filesystem',
  });
  return backup;
}

/** Groups whose backups are looked for when nothing is known: those of sparse_super's first few. */
const BACKUP_GROUPS = [1, 3, 5, 7, 9];
/** mke2fs makes groups no larger than this, whatever the block size. */
const MAX_DEFAULT_GROUP = 65528;

/**
 * Looks for a backup superblock where mke2fs puts them by default, for each block size, and where the damaged primary
 * one says.
 * @param primary the bytes of the damaged primary superblock
 * @returns null when there is none that can belong to this filesystem
 */
export async function findBackup(source: ByteSource, primary: Uint8Array): Promise<FoundSuperblock | null> {
  const damaged = SUPERBLOCK.decode(primary);
  for (let log = 0; log <= MAX_LOG_BLOCK_SIZE; log++) {
    const blockSize = 1024 << log;
    const sizes = new Set([Math.min(blockSize * 8, MAX_DEFAULT_GROUP), damaged.blocks_per_group]);
    for (const perGroup of sizes) {
      if (perGroup === 0 || perGroup > blockSize * 8) continue;
      for (const group of BACKUP_GROUPS) {
        const offset = ((log === 0 ? 1 : 0) + group * perGroup) * blockSize;
        if (offset + SUPERBLOCK.size > source.size) break;
        const found = await usableBackup(source, offset, group, blockSize, perGroup, primary, damaged.uuid);
        if (found !== null) return found;
      }
    }
  }
  return null;
}

async function usableBackup(
  source: ByteSource,
  offset: number,
  group: number,
  blockSize: number,
  perGroup: number,
  primary: Uint8Array,
  uuid: Uint8Array,
): Promise<FoundSuperblock | null> {
  const bytes = await source.read(offset, SUPERBLOCK.size);
  if (!hasMagic(bytes)) return null;
  let superblock: Superblock;
  try {
    superblock = parseSuperblock(bytes, offset);
  } catch (error) {
    if (error instanceof TygrubError) return null; // damaged as well, or a file's contents: the next one
    throw error;
  }
  // What a file or an older filesystem left there must not be taken for this filesystem's backup.
  const own = superblock.fields.block_group_nr === group && superblock.blockSize === blockSize;
  const same = isZero(primary) || equalBytes(superblock.fields.uuid, uuid);
  if (!own || !same || superblock.fields.blocks_per_group !== perGroup) return null;
  if (superblock.metadataChecksums && !checksumMatches(bytes)) return null;
  return { superblock, group };
}
