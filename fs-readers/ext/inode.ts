/** Inodes: found in their block group's table, verified, decoded (Documentation/filesystems/ext4/inodes.rst). */
import { type Decoded, safeU64 } from '../../src/bytes/layout.js';
import { corrupt } from '../../src/errors.js';
import type { FileType, Timestamp } from '../filesystem.js';
import { crcWithout, inodeSeed } from './checksums.js';
import { INCOMPAT, RO_COMPAT } from './features.js';
import {
  BLOCK_FIELD_SIZE,
  CREATOR_HURD,
  CREATOR_LINUX,
  INODE,
  INODE_EXTRA,
  INODE_EXTRA_SIZE,
  INODE_FLAG,
  OLD_INODE_SIZE,
  ROOT_INODE,
} from './layout.js';
import type { ExtVolume } from './volume.js';

/** A decoded inode. */
export interface Inode {
  readonly number: number;
  readonly fields: Decoded<typeof INODE>;
  readonly type: FileType;
  /** Bytes of the content. */
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  /** Project id of quotas; 0 where the filesystem has none. */
  readonly project: number;
  /** `i_flags`. */
  readonly flags: number;
  /** `i_blocks` in units of 512 bytes. */
  readonly sectors: number;
  /** The block with extended attributes, 0 for none. */
  readonly attributeBlock: number;
  readonly mtime: Timestamp;
  readonly atime: Timestamp;
  readonly ctime: Timestamp;
  readonly crtime: Timestamp | undefined;
  /** Start of the checksums of this inode's blocks. */
  readonly seed: number;
  /** The whole inode as it is on the disk, for what stands in it (inline data, attributes). */
  readonly raw: Uint8Array;
  /** Byte offset in `raw` after the last known field; attributes begin there. */
  readonly extraEnd: number;
}

const TYPES = new Map<number, FileType>([
  [0x1, 'p'],
  [0x2, 'c'],
  [0x4, 'd'],
  [0x6, 'b'],
  [0x8, 'f'],
  [0xa, 'l'],
  [0xc, 's'],
]);

const SECTOR = 512;

/** Whether an inode flag is set. */
export function hasFlag(inode: Inode, flag: number): boolean {
  return (inode.flags & flag) !== 0;
}

/**
 * Reads an inode that a directory entry names.
 * @throws TygrubError corrupt when the number cannot be a file's, and as `readInode`
 */
export async function readNamedInode(volume: ExtVolume, number: number): Promise<Inode> {
  const { superblock } = volume;
  if (number !== ROOT_INODE && (number < superblock.firstInode || number > superblock.fields.inodes_count)) {
    throw corrupt('ext.inode-out-of-range', `inode ${number} cannot be a file: the filesystem has ${superblock.fields.inodes_count}`);
  }
  return readInode(volume, number);
}

/**
 * The bytes of an inode as they are on the disk, nothing verified.
 * @throws TygrubError corrupt when there is no such inode
 */
export async function readRawInode(volume: ExtVolume, number: number): Promise<{ readonly raw: Uint8Array; readonly offset: number }> {
  const { superblock } = volume;
  if (number < 1 || number > superblock.fields.inodes_count) {
    throw corrupt('ext.inode-out-of-range', `inode ${number} does not exist, the filesystem has ${superblock.fields.inodes_count}`);
  }
  const perGroup = superblock.fields.inodes_per_group;
  const group = Math.floor((number - 1) / perGroup);
  const table = await volume.groups.inodeTable(group);
  const offset = table * superblock.blockSize + (number - 1 - group * perGroup) * superblock.inodeSize;
  return { raw: await volume.source.read(offset, superblock.inodeSize), offset };
}

/**
 * Reads any inode, reserved ones (the journal) included.
 * @throws TygrubError corrupt when the number is out of range, the checksum is wrong, the inode is free or contradicts itself
 */
export async function readInode(volume: ExtVolume, number: number): Promise<Inode> {
  const { superblock } = volume;
  const replaced = volume.fastCommits?.inode(number);
  const { raw, offset } = replaced === undefined ? await readRawInode(volume, number) : { raw: replaced, offset: 0 };
  const fields = INODE.decode(raw);
  const invalid = (what: string) => corrupt('ext.inode', `inode ${number} is damaged: ${what}`, { offset });
  const extraSize = raw.length > OLD_INODE_SIZE ? INODE_EXTRA_SIZE.decode(raw, OLD_INODE_SIZE).extra_isize : 0;
  if (OLD_INODE_SIZE + extraSize > raw.length || extraSize % 4 !== 0) throw invalid(`its extra fields take ${extraSize} bytes`);
  const extra = extraFields(raw, extraSize);
  const seed = inodeSeed(superblock.checksumSeed, number, fields.generation);
  // An inode out of a fast commit has the checksum of that commit, not its own.
  if (replaced === undefined && superblock.metadataChecksums && superblock.fields.creator_os === CREATOR_LINUX) {
    verify(volume, number, raw, fields.checksum_lo, extraSize, extra.checksum_hi, seed, offset);
  }
  if (fields.links_count === 0) throw invalid('it is not in use');
  const type = TYPES.get(fields.mode >>> 12);
  if (type === undefined) throw invalid(`its mode is 0${fields.mode.toString(8)}`);
  const wideSize = type === 'f' || superblock.hasIncompat(INCOMPAT.LARGEDIR);
  const hugeFile = superblock.hasRoCompat(RO_COMPAT.HUGE_FILE);
  const blocks = (hugeFile ? fields.blocks_high * 0x1_0000_0000 : 0) + fields.blocks_lo;
  const wideAcl = superblock.hasIncompat(INCOMPAT['64BIT']) && superblock.fields.creator_os !== CREATOR_HURD;
  return {
    number,
    fields,
    type,
    size: wideSize ? safeU64(fields.size_high, fields.size_lo, `the size of inode ${number}`) : fields.size_lo,
    uid: fields.uid_high * 0x10000 + fields.uid,
    gid: fields.gid_high * 0x10000 + fields.gid,
    project: superblock.hasRoCompat(RO_COMPAT.PROJECT) ? extra.projid : 0,
    flags: fields.flags,
    sectors: hugeFile && (fields.flags & INODE_FLAG.HUGE_FILE) !== 0 ? blocks * (superblock.blockSize / SECTOR) : blocks,
    attributeBlock: (wideAcl ? fields.file_acl_high * 0x1_0000_0000 : 0) + fields.file_acl_lo,
    mtime: timestamp(fields.mtime, extra.mtime_extra),
    atime: timestamp(fields.atime, extra.atime_extra),
    ctime: timestamp(fields.ctime, extra.ctime_extra),
    crtime: extraSize >= INODE_EXTRA.offsetOf('crtime_extra') + 4 ? timestamp(extra.crtime, extra.crtime_extra) : undefined,
    seed,
    raw,
    extraEnd: OLD_INODE_SIZE + extraSize,
  };
}

/** The fields behind the first 128 bytes; those that the inode does not have count as zeros. */
function extraFields(raw: Uint8Array, extraSize: number): Decoded<typeof INODE_EXTRA> {
  if (extraSize >= INODE_EXTRA.size) return INODE_EXTRA.decode(raw, OLD_INODE_SIZE);
  const known = new Uint8Array(INODE_EXTRA.size);
  known.set(raw.subarray(OLD_INODE_SIZE, OLD_INODE_SIZE + extraSize));
  return INODE_EXTRA.decode(known);
}

function verify(
  volume: ExtVolume,
  number: number,
  raw: Uint8Array,
  low: number,
  extraSize: number,
  high: number,
  seed: number,
  offset: number,
): void {
  const lowAt = INODE.offsetOf('checksum_lo');
  const highAt = INODE_EXTRA.offsetOf('checksum_hi');
  const hasHigh = extraSize >= highAt + 2;
  const crc = hasHigh ? crcWithout(raw, seed, [lowAt, 2], [OLD_INODE_SIZE + highAt, 2]) : crcWithout(raw, seed, [lowAt, 2]) & 0xffff;
  const stored = hasHigh ? high * 0x10000 + low : low;
  if (crc !== stored) volume.report.mismatch(`inode ${number}`, offset);
}

/** Seconds as 32 signed bits, and 2 bits more of them below the nanoseconds: years up to 2446. */
function timestamp(seconds: number, extra: number): Timestamp {
  return { seconds: (seconds | 0) + (extra & 3) * 0x1_0000_0000, nanoseconds: Math.min(extra >>> 2, 999_999_999) };
}

/**
 * Whether a link's target stands in `i_block`: it owns no blocks beyond its attributes' (the kernel's rule; with
 * ea_inode, where attributes can be anywhere, the size decides).
 */
export function isFastLink(volume: ExtVolume, inode: Inode): boolean {
  const { superblock } = volume;
  if (superblock.hasIncompat(INCOMPAT.EA_INODE)) return inode.size > 0 && inode.size < BLOCK_FIELD_SIZE;
  const attributes = inode.attributeBlock === 0 ? 0 : superblock.clusterSize / SECTOR;
  return inode.sectors === attributes;
}
