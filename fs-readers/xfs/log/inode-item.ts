/** Logged inodes, and inodes that were made (`xfs_inode_item_recover.c`, `xfs_icreate_item.c`). */
import { coreSize, inodeOffset } from '../inode.js';
import {
  BASIC_BLOCK,
  BMBT_WORD,
  BMDR_HEADER,
  BTREE_BLOCK,
  BTREE_BLOCK_CRC,
  FORKOFF_UNIT,
  INODE,
  INODE_FLAG2,
  INODE_MAGIC,
  INODE_V3,
  INODE_VERSION_CRC,
} from '../layout.js';
import type { Superblock } from '../superblock.js';
import { isBefore } from './buffer-item.js';
import { ICREATE, INODE_FIELDS, INODE_ITEM, INODE_ITEM_32 } from './layout.js';
import { logDamaged } from './record.js';
import type { RecoveredSource } from './recovered-source.js';
import type { LogItem, LogSequence } from './transactions.js';

/** The inode item's first region, in either of its forms. */
export interface InodeChange {
  readonly inode: number;
  readonly fields: number;
  readonly device: number;
  /** The buffer of inodes in which it is: sectors. */
  readonly block: number;
  readonly length: number;
  /** Byte offset in that buffer. */
  readonly offset: number;
}

/** Bytes of an inode of version 2 in the log: up to, not including, `di_next_unlinked`. */
const LOGGED_CORE = INODE.offsetOf('next_unlinked');

/** @throws TygrubError corrupt `xfs.log` */
export function decodeInodeItem(item: LogItem): InodeChange {
  const [region = new Uint8Array(0)] = item.regions;
  const layout = region.length === INODE_ITEM.size ? INODE_ITEM : region.length === INODE_ITEM_32.size ? INODE_ITEM_32 : null;
  if (layout === null) throw logDamaged(`an inode item of ${region.length} bytes`);
  const { fields, ino, rdev, blkno, len, boffset } = layout.decode(region);
  return { inode: ino, fields, device: rdev, block: blkno, length: len, offset: boffset };
}

/** Widths of the integers of an inode from `di_magic` on; 0 stands for bytes that have no order. */
const CORE_WIDTHS: readonly (readonly [offset: number, width: number])[] = [
  [0, 2],
  [2, 2],
  [4, 1],
  [5, 1],
  [6, 2],
  [8, 4],
  [12, 4],
  [16, 4],
  [20, 2],
  [22, 2],
  [56, 8],
  [64, 8],
  [72, 4],
  [82, 1],
  [83, 1],
  [84, 4],
  [88, 2],
  [90, 2],
  [92, 4],
];
const V3_WIDTHS: readonly (readonly [offset: number, width: number])[] = [
  [104, 8],
  [120, 8],
  [128, 4],
  [152, 8],
];
const TIMES: readonly number[] = [32, 40, 48];
const CREATION_TIME = 144;

/**
 * Turns an inode as the log has it, in the byte order of its machine, to that of the disk. Checksum, log sequence and
 * the list of unlinked inodes are not taken from the log.
 */
function toDisk(logged: Uint8Array, disk: Uint8Array): void {
  const from = new DataView(logged.buffer, logged.byteOffset, logged.byteLength);
  const put = (offset: number, width: number): void => {
    for (let i = 0; i < width; i++) disk[offset + i] = logged[offset + width - 1 - i] as number;
  };
  for (const [offset, width] of CORE_WIDTHS) put(offset, width);
  const wide = from.getUint8(4) === INODE_VERSION_CRC;
  const flags2 = wide ? from.getUint32(120, true) : 0;
  // A time is one number of nanoseconds, or seconds and nanoseconds.
  const putTime = (offset: number): void => {
    if ((flags2 & INODE_FLAG2.BIGTIME) !== 0) put(offset, 8);
    else {
      put(offset, 4);
      put(offset + 4, 4);
    }
  };
  for (const offset of TIMES) putTime(offset);
  if ((flags2 & INODE_FLAG2.NREXT64) !== 0) {
    put(24, 8);
    put(76, 4);
    disk.fill(0, 80, 82);
  } else {
    // In version 2 the last two of these bytes count how often the inode was written: a replay begins again at zero.
    disk.fill(0, 24, 32);
    put(76, 4);
    put(80, 2);
  }
  if (!wide) return;
  for (const [offset, width] of V3_WIDTHS) put(offset, width);
  putTime(CREATION_TIME);
  disk.set(logged.subarray(160, 176), 160);
}

/**
 * Replays an inode item, unless the inode on the disk is newer.
 * @throws TygrubError corrupt `xfs.log`
 */
export async function replayInode(
  source: RecoveredSource,
  superblock: Superblock,
  item: LogItem,
  change: InodeChange,
  lsn: LogSequence,
): Promise<void> {
  const { inodeSize, checksums } = superblock;
  const what = `inode ${change.inode}`;
  const offset = change.block * BASIC_BLOCK + change.offset;
  if (inodeOffset(superblock, change.inode) !== offset) throw logDamaged(`${what} would be written to byte ${offset}`);
  const [, core = new Uint8Array(0), ...forks] = item.regions;
  const disk = (await source.read(offset, inodeSize)).slice();
  const old = INODE.decode(disk);
  if (old.magic !== INODE_MAGIC) throw logDamaged(`${what} is to be changed, but there is none at byte ${offset}`);
  if (core.length < (checksums ? INODE_V3.size : LOGGED_CORE)) throw logDamaged(`${what} has ${core.length} bytes`);
  const view = new DataView(core.buffer, core.byteOffset, core.byteLength);
  const version = view.getUint8(4);
  if (view.getUint16(0, true) !== INODE_MAGIC || (version === INODE_VERSION_CRC) !== checksums)
    throw logDamaged(`${what} has the version ${version}`);
  if (checksums) {
    const written = INODE_V3.decode(disk).lsn;
    const none = written.high === 0xffffffff && written.low === 0xffffffff;
    if (!none && isBefore(lsn, written)) return;
  } else if (isFlushedLater(view.getUint16(30, true), old.flushiter)) return;
  toDisk(core, disk);
  const start = coreSize(version);
  const forkoff = view.getUint8(82) * FORKOFF_UNIT;
  const room = disk.subarray(start);
  const dataFork = forkoff === 0 ? room : room.subarray(0, forkoff);
  const { fields } = change;
  if ((fields & INODE_FIELDS.DEV) !== 0) new DataView(dataFork.buffer, dataFork.byteOffset).setUint32(0, change.device);
  const dataFields = fields & (INODE_FIELDS.DDATA | INODE_FIELDS.DEXT | INODE_FIELDS.DBROOT);
  const attributeFields = fields & (INODE_FIELDS.ADATA | INODE_FIELDS.AEXT | INODE_FIELDS.ABROOT);
  let next = 0;
  if (dataFields !== 0 && forks.length > 0) putFork(dataFork, forks[next++], dataFields === INODE_FIELDS.DBROOT, checksums, what);
  if (attributeFields !== 0 && forks.length > 0) {
    if (forkoff === 0 || forkoff >= room.length) throw logDamaged(`${what} has attributes and no room for them`);
    putFork(room.subarray(forkoff), forks[next++], attributeFields === INODE_FIELDS.ABROOT, checksums, what);
  }
  await source.write(offset, disk);
}

/** The counter `di_flushiter` starts again after this (`DI_MAX_FLUSH`). */
const MAX_FLUSH = 0xffff;

/** Version 2: whether the inode on the disk was written after this was logged. */
function isFlushedLater(logged: number, disk: number): boolean {
  const startedAgain = disk === MAX_FLUSH && logged < MAX_FLUSH >>> 1;
  return logged < disk && !startedAgain;
}

function putFork(fork: Uint8Array, bytes: Uint8Array | undefined, isRoot: boolean, checksums: boolean, what: string): void {
  if (bytes === undefined) throw logDamaged(`${what} has a fork that is not in the log`);
  if (isRoot) {
    putRoot(fork, bytes, checksums, what);
    return;
  }
  // What is logged is padded to a multiple of four bytes.
  if (bytes.length > fork.length) throw logDamaged(`${what} has a fork of ${bytes.length} bytes, there is room for ${fork.length}`);
  fork.set(bytes);
}

/** The root of a B+tree: in memory, and so in the log, it is a block like all others, with a short header on the disk. */
function putRoot(fork: Uint8Array, bytes: Uint8Array, checksums: boolean, what: string): void {
  const header = (checksums ? BTREE_BLOCK_CRC : BTREE_BLOCK).size;
  if (bytes.length < header) throw logDamaged(`${what} has a tree of ${bytes.length} bytes`);
  const { level, numrecs } = BTREE_BLOCK.decode(bytes);
  const pair = 2 * BMBT_WORD.size;
  const from = Math.floor((bytes.length - header) / pair);
  const to = Math.floor((fork.length - BMDR_HEADER.size) / pair);
  if (numrecs > from || numrecs > to) throw logDamaged(`${what} has a tree of ${numrecs} children`);
  BMDR_HEADER.encode(fork, { level, numrecs });
  const size = numrecs * BMBT_WORD.size;
  fork.set(bytes.subarray(header, header + size), BMDR_HEADER.size);
  const pointers = header + from * BMBT_WORD.size;
  fork.set(bytes.subarray(pointers, pointers + size), BMDR_HEADER.size + to * BMBT_WORD.size);
}

/** Inodes are made by this many, or by those of one block where that has more (`XFS_INODES_PER_CHUNK`). */
const CHUNK = 64;

/** New inodes: a range of blocks that becomes empty inodes. */
export interface InodeCreation {
  /** Byte offset on the volume, and bytes. */
  readonly offset: number;
  readonly length: number;
  readonly count: number;
  readonly firstInode: number;
  readonly generation: number;
}

/** @throws TygrubError corrupt `xfs.log` */
export function decodeInodeCreation(superblock: Superblock, item: LogItem): InodeCreation {
  const [region = new Uint8Array(0)] = item.regions;
  if (region.length < ICREATE.size) throw logDamaged('the creation of inodes is cut off');
  const { ag, agbno, count, isize, length, gen } = ICREATE.decode(region);
  const { fields, blockSize, inodeSize, inodesPerGroup } = superblock;
  const fits =
    ag < fields.agcount && length > 0 && agbno + length <= fields.agblocks && ag * fields.agblocks + agbno + length <= fields.dblocks;
  if (!fits || isize !== inodeSize || count > Math.max(CHUNK, fields.inopblock) || count * isize !== length * blockSize) {
    throw logDamaged(`${count} inodes are to be made in ${length} blocks at block ${agbno} of allocation group ${ag}`);
  }
  return {
    offset: (ag * fields.agblocks + agbno) * blockSize,
    length: length * blockSize,
    count,
    firstInode: ag * inodesPerGroup + agbno * fields.inopblock,
    generation: gen,
  };
}

const NO_INODE = 0xffffffff;

/** Replays the creation of inodes. */
export async function replayInodeCreation(source: RecoveredSource, superblock: Superblock, creation: InodeCreation): Promise<void> {
  const inode = new Uint8Array(superblock.inodeSize);
  const version = superblock.checksums ? INODE_VERSION_CRC : 2;
  for (let i = 0; i < creation.count; i++) {
    INODE.encode(inode, { magic: INODE_MAGIC, version, gen: creation.generation, next_unlinked: NO_INODE });
    if (superblock.checksums) INODE_V3.encode(inode, { ino: creation.firstInode + i, uuid: superblock.metaUuid });
    await source.write(creation.offset + i * superblock.inodeSize, inode);
  }
}
