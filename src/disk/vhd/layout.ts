/**
 * The on-disk structures of VHD 1.0 (Microsoft, October 2006) and of blktap's extensions. Integers are big-endian, a
 * sector is 512 bytes, times are seconds since 2000-01-01T00:00:00Z.
 */
import { ascii, bytes, type Decoded, layout, u8, u16, u32, u64OrNone } from '../../bytes/layout.js';

/** Bytes of a sector: the unit of the BAT, of the block bitmaps and of the alignment of every structure. */
export const SECTOR = 512;

/** "Hard Disk Footer Format". Stands in the last sector, and for dynamic and differencing disks also at offset 0. */
export const FOOTER = layout('VHD footer', 512, 'big', {
  cookie: [0, ascii(8)],
  features: [8, u32],
  fileFormatVersion: [12, u32],
  /** Byte offset of the dynamic header; all ones for a fixed disk. */
  dataOffset: [16, u64OrNone],
  timestamp: [24, u32],
  creatorApplication: [28, ascii(4)],
  creatorVersion: [32, u32],
  creatorHostOs: [36, ascii(4)],
  originalSize: [40, u64OrNone],
  currentSize: [48, u64OrNone],
  cylinders: [56, u16],
  heads: [58, u8],
  sectorsPerTrack: [59, u8],
  diskType: [60, u32],
  checksum: [64, u32],
  uniqueId: [68, bytes(16)],
  savedState: [84, u8],
  /** blktap: an inner node of a storage repository's tree. Reserved zeros elsewhere. */
  hidden: [85, u8],
  reserved: [86, bytes(426)],
});
export type Footer = Decoded<typeof FOOTER>;

/** Footers written before Virtual PC 2004 lack the last byte, which is a reserved zero. */
export const OLD_FOOTER_SIZE = 511;

export const FOOTER_COOKIE = 'conectix';
/** blktap replaces the cookie while a journalled operation runs. */
export const POISON_COOKIE = 'v_poison';
/** blktap fills the footer with this byte while a disk is open for writing. */
export const KILLED_BYTE = 0xc7;

export const FEATURE_TEMPORARY = 1;
/** "Reserved": must always be set. */
export const FEATURE_RESERVED = 2;

export const FORMAT_VERSION = 0x0001_0000;

/** The disk types that are read. */
export const DiskType = { fixed: 2, dynamic: 3, differencing: 4 } as const;

/** The names of all disk types of the specification. */
export const DISK_TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'none'],
  [1, 'reserved (deprecated)'],
  [2, 'fixed'],
  [3, 'dynamic'],
  [4, 'differencing'],
  [5, 'reserved (deprecated)'],
  [6, 'reserved (deprecated)'],
]);

/** "Dynamic Disk Header Format", at the footer's data offset. */
export const DYNAMIC_HEADER = layout('VHD dynamic header', 1024, 'big', {
  cookie: [0, ascii(8)],
  /** All ones: reserved for a further header. */
  dataOffset: [8, u64OrNone],
  /** Byte offset of the block allocation table. */
  tableOffset: [16, u64OrNone],
  headerVersion: [24, u32],
  maxTableEntries: [28, u32],
  /** Bytes of a block's data, without its bitmap. */
  blockSize: [32, u32],
  checksum: [36, u32],
  /** All zero on a differencing disk: blktap's raw parent. */
  parentUniqueId: [40, bytes(16)],
  parentTimestamp: [56, u32],
  reserved1: [60, u32],
  /** UTF-16 big-endian, padded with NUL. */
  parentUnicodeName: [64, bytes(512)],
  /** Eight entries of `PARENT_LOCATOR`. */
  parentLocatorEntries: [576, bytes(192)],
  reserved2: [768, bytes(256)],
});
export type DynamicHeader = Decoded<typeof DYNAMIC_HEADER>;

export const HEADER_COOKIE = 'cxsparse';

/** "Parent Locator Entry": where the name of the parent stands in the file, in the form of one platform. */
export const PARENT_LOCATOR = layout('VHD parent locator', 24, 'big', {
  platformCode: [0, ascii(4)],
  /** Room for the payload: sectors by the specification, bytes by most writers. Never needed for reading. */
  platformDataSpace: [4, u32],
  platformDataLength: [8, u32],
  reserved: [12, u32],
  platformDataOffset: [16, u64OrNone],
});
export type ParentLocatorEntry = Decoded<typeof PARENT_LOCATOR>;

export const PARENT_LOCATORS = 8;
export const NO_PLATFORM = '\0\0\0\0';

/** A BAT entry is the absolute sector of a block's bitmap, as an unsigned 32-bit integer. */
export const BAT_ENTRY_SIZE = 4;
export const BAT_UNUSED = 0xffff_ffff;

/** blktap's batmap header, in the sector after the BAT: which blocks are completely written. */
export const BATMAP_HEADER = layout('VHD batmap header', 512, 'big', {
  cookie: [0, ascii(8)],
  batmapOffset: [8, u64OrNone],
  /** Sectors. */
  batmapSize: [16, u32],
  batmapVersion: [20, u32],
  checksum: [24, u32],
  /** For the toolstack's own use. */
  marker: [28, u8],
  /** 1: the disk is encrypted, `keyHash` is SHA-256 of nonce and key. */
  keyHashCookie: [29, u8],
  nonce: [30, bytes(32)],
  keyHash: [62, bytes(32)],
  reserved: [94, bytes(418)],
});
export type BatmapHeader = Decoded<typeof BATMAP_HEADER>;

export const BATMAP_COOKIE = 'tdbatmap';
export const BATMAP_VERSION = 0x0001_0002;
/** Version 1.1 summed the map's bytes as signed characters. */
export const BATMAP_VERSION_SIGNED = 0x0001_0001;

/** Block sizes that are read: a power of two in this range. All known writers use 2 MiB. */
export const MIN_BLOCK_SIZE = 512;
export const MAX_BLOCK_SIZE = 256 * 1024 * 1024;
/** The largest virtual disk: BAT entries are 32-bit sectors, so a file stays below 2 TiB. */
export const MAX_DISK_SIZE = 2040 * 1024 * 1024 * 1024;

/** Seconds from the Unix epoch to VHD's epoch. */
export const EPOCH = 946_684_800;
