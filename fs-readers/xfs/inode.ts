/** Inodes: found by their number, verified, decoded ("XFS Algorithms & Data Structures", On-disk Inode). */
import type { Decoded } from '../../src/bytes/layout.js';
import { equalBytes } from '../../src/bytes/text.js';
import { formatUuid } from '../../src/bytes/uuid.js';
import { corrupt } from '../../src/errors.js';
import type { FileType, Timestamp } from '../filesystem.js';
import { crcWithout } from './checksum.js';
import { FORKOFF_UNIT, FORMAT, INODE, INODE_FLAG2, INODE_MAGIC, INODE_V3, INODE_VERSION_CRC } from './layout.js';
import type { Superblock } from './superblock.js';
import { readMetadata, type XfsVolume } from './volume.js';

/** The part of an inode that holds data, or its map: of the content or of the extended attributes. */
export interface Fork {
  readonly format: number;
  /** The fork's bytes in the inode. */
  readonly bytes: Uint8Array;
  /** Extents in all. */
  readonly extents: number;
}

/** A decoded inode. */
export interface Inode {
  readonly number: number;
  readonly fields: Decoded<typeof INODE>;
  readonly type: FileType;
  /** Bytes of the content. */
  readonly size: number;
  readonly links: number;
  readonly project: number;
  /** `di_flags2`, lower half. */
  readonly flags2: number;
  readonly mtime: Timestamp;
  readonly atime: Timestamp;
  readonly ctime: Timestamp;
  readonly crtime: Timestamp | undefined;
  readonly data: Fork;
  /** Null where the inode has no extended attributes. */
  readonly attributes: Fork | null;
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

/**
 * Byte offset of an inode.
 * @throws TygrubError corrupt `xfs.inode-out-of-range`
 */
export function inodeOffset(superblock: Superblock, number: number): number {
  const { fields, inodesPerGroup, blockSize, inodeSize } = superblock;
  const group = Math.floor(number / inodesPerGroup);
  const inGroup = number % inodesPerGroup;
  const block = Math.floor(inGroup / fields.inopblock);
  const linear = group * fields.agblocks + block;
  if (number <= 0 || group >= fields.agcount || block >= fields.agblocks || linear >= fields.dblocks) {
    throw corrupt('xfs.inode-out-of-range', `inode ${number} does not exist: it would be in block ${block} of allocation group ${group}`);
  }
  return linear * blockSize + (inGroup % fields.inopblock) * inodeSize;
}

/** Bytes of an inode before its forks. */
export function coreSize(version: number): number {
  return version === INODE_VERSION_CRC ? INODE_V3.size : INODE.size;
}

/**
 * Reads an inode.
 * @throws TygrubError corrupt when it does not exist, is not in use, is another's or contradicts itself
 */
export async function readInode(volume: XfsVolume, number: number): Promise<Inode> {
  const { superblock } = volume;
  const offset = inodeOffset(superblock, number);
  const raw = await readMetadata(volume, offset, superblock.inodeSize, `inode ${number}`);
  const fields = INODE.decode(raw);
  const invalid = (what: string) => corrupt('xfs.inode', `inode ${number} is damaged: ${what}`, { offset });
  if (fields.magic !== INODE_MAGIC) throw invalid(`its magic is 0x${fields.magic.toString(16)}`);
  const { version } = fields;
  if (superblock.checksums ? version !== INODE_VERSION_CRC : version < 1 || version >= INODE_VERSION_CRC) {
    throw invalid(`its version is ${version}`);
  }
  const v3 = version === INODE_VERSION_CRC ? verified(volume, raw, number, offset) : null;
  if (fields.mode === 0) throw invalid('it is not in use');
  const type = TYPES.get(fields.mode >>> 12);
  if (type === undefined) throw invalid(`its mode is 0${fields.mode.toString(8)}`);
  if (fields.size === null) throw invalid('its size is above every bound');
  const flags2 = v3?.flags2.low ?? 0;
  const large = (flags2 & INODE_FLAG2.NREXT64) !== 0;
  const extents = large ? fields.big_nextents : fields.nextents;
  if (extents === null) throw invalid('its number of extents is above every bound');
  const core = coreSize(version);
  const room = raw.length - core;
  const dataSize = fields.forkoff === 0 ? room : fields.forkoff * FORKOFF_UNIT;
  if (dataSize > room || (fields.forkoff !== 0 && dataSize === room)) throw invalid(`its forks divide at ${dataSize} of ${room} bytes`);
  const time = (flags2 & INODE_FLAG2.BIGTIME) === 0 ? timestamp : bigTimestamp;
  return {
    number,
    fields,
    type,
    size: fields.size,
    links: version === 1 ? fields.onlink : fields.nlink,
    project: version === 1 ? 0 : fields.projid_lo + (superblock.wideProjectIds ? fields.projid_hi * 0x10000 : 0),
    flags2,
    mtime: time(fields.mtime),
    atime: time(fields.atime),
    ctime: time(fields.ctime),
    crtime: v3 === null ? undefined : time(v3.crtime),
    data: { format: fields.format, bytes: raw.subarray(core, core + dataSize), extents },
    attributes:
      fields.forkoff === 0
        ? null
        : {
            format: fields.aformat,
            bytes: raw.subarray(core + dataSize),
            // The large counters of attributes stand where the small ones of data do.
            extents: large ? fields.nextents : fields.anextents,
          },
  };
}

function verified(volume: XfsVolume, raw: Uint8Array, number: number, offset: number): Decoded<typeof INODE_V3> {
  const v3 = INODE_V3.decode(raw);
  const current = volume.replayed?.touches(offset, raw.length) !== true;
  if (current && crcWithout(raw, INODE_V3.offsetOf('crc')) !== v3.crc) volume.report.mismatch(`inode ${number}`, offset);
  const foreign = (why: string) => corrupt('xfs.inode', `inode ${number} is damaged: ${why}`, { offset });
  if (v3.ino !== number) throw foreign(`it says that it is inode ${v3.ino}`);
  if (!equalBytes(v3.uuid, volume.superblock.metaUuid)) throw foreign(`it belongs to the filesystem ${formatUuid(v3.uuid)}`);
  return v3;
}

interface Halves {
  readonly high: number;
  readonly low: number;
}

const NANOSECONDS = 1_000_000_000;

/** Seconds and nanoseconds, signed 32 bits each. */
function timestamp({ high, low }: Halves): Timestamp {
  return { seconds: high | 0, nanoseconds: Math.min(low, NANOSECONDS - 1) };
}

/** The first second that a 32-bit time could tell: big timestamps count nanoseconds from there. */
const BIGTIME_START = 2 ** 31;

/** Divides 64 bits by a billion, 16 bits at a time: the whole is more than a number holds exactly. */
function bigTimestamp({ high, low }: Halves): Timestamp {
  let seconds = 0;
  let rest = 0;
  for (const digit of [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff]) {
    const part = rest * 0x10000 + digit;
    seconds = seconds * 0x10000 + Math.floor(part / NANOSECONDS);
    rest = part % NANOSECONDS;
  }
  return { seconds: seconds - BIGTIME_START, nanoseconds: rest };
}

/** Whether a fork's content stands in the inode itself. */
export function isLocal(fork: Fork): boolean {
  return fork.format === FORMAT.LOCAL;
}
