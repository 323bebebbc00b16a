/**
 * The on-disk structures of btrfs, field names and offsets as in the Linux kernel's `include/uapi/linux/btrfs_tree.h` and
 * the btrfs documentation ("On-disk format"). All integers are little-endian; structures have no padding.
 */
import { ascii, bytes, flags64, layout, u8, u16, u32, u64 } from '../../src/bytes/layout.js';
import { KEY_SIZE, keyField, keyNumber } from './key.js';
import { MAGIC_OFFSET, SUPERBLOCK_SIZE } from './magic.js';

/** Bytes of the field for a checksum, whatever the algorithm. */
export const CHECKSUM_FIELD = 32;
export const SYSTEM_CHUNK_ARRAY_SIZE = 2048;

/** `struct btrfs_dev_item`. */
export const DEV_ITEM = layout('btrfs device item', 98, 'little', {
  devid: [0, u64],
  total_bytes: [8, u64],
  generation: [44, u64],
  uuid: [66, bytes(16)],
  fsid: [82, bytes(16)],
});

/** `struct btrfs_super_block`. */
export const SUPERBLOCK = layout('btrfs superblock', SUPERBLOCK_SIZE, 'little', {
  csum: [0x00, bytes(CHECKSUM_FIELD)],
  fsid: [0x20, bytes(16)],
  bytenr: [0x30, u64],
  flags: [0x38, flags64],
  magic: [MAGIC_OFFSET, ascii(8)],
  generation: [0x48, u64],
  root: [0x50, u64],
  chunk_root: [0x58, u64],
  log_root: [0x60, u64],
  total_bytes: [0x70, u64],
  root_dir_objectid: [0x80, u64],
  num_devices: [0x88, u64],
  sectorsize: [0x90, u32],
  nodesize: [0x94, u32],
  sys_chunk_array_size: [0xa0, u32],
  chunk_root_generation: [0xa4, u64],
  compat_ro_flags: [0xb4, flags64],
  incompat_flags: [0xbc, flags64],
  csum_type: [0xc4, u16],
  root_level: [0xc6, u8],
  chunk_root_level: [0xc7, u8],
  log_root_level: [0xc8, u8],
  dev_item: [0xc9, bytes(DEV_ITEM.size)],
  label: [0x12b, bytes(256)],
  metadata_uuid: [0x23b, bytes(16)],
  sys_chunk_array: [0x32b, bytes(SYSTEM_CHUNK_ARRAY_SIZE)],
});

/** Bits of the high half of the superblock's `flags`. */
export const SUPER_FLAG_HIGH = {
  SEEDING: 0x1,
  METADUMP: 0x2,
  METADUMP_V2: 0x4,
} as const;

/** `struct btrfs_chunk` without its stripes. */
export const CHUNK = layout('btrfs chunk', 48, 'little', {
  length: [0, u64],
  stripe_len: [16, u64],
  type: [24, flags64],
  num_stripes: [44, u16],
  sub_stripes: [46, u16],
});

/** `struct btrfs_stripe`. */
export const STRIPE = layout('btrfs stripe', 32, 'little', {
  devid: [0, u64],
  offset: [8, u64],
  dev_uuid: [16, bytes(16)],
});

/** The only length of a stripe element that the kernel makes and accepts. */
export const STRIPE_LENGTH = 65536;

/** Bits of a chunk's `type`: what it holds, and its profile (none of these is `single`). */
export const BLOCK_GROUP = {
  DATA: 0x1,
  SYSTEM: 0x2,
  METADATA: 0x4,
  RAID0: 0x8,
  RAID1: 0x10,
  DUP: 0x20,
  RAID10: 0x40,
  RAID5: 0x80,
  RAID6: 0x100,
  RAID1C3: 0x200,
  RAID1C4: 0x400,
} as const;

/** `struct btrfs_header`, at the start of each tree block. */
export const HEADER = layout('btrfs tree block header', 101, 'little', {
  csum: [0x00, bytes(CHECKSUM_FIELD)],
  fsid: [0x20, bytes(16)],
  bytenr: [0x30, u64],
  generation: [0x50, u64],
  owner: [0x58, keyNumber],
  nritems: [0x60, u32],
  level: [0x64, u8],
});

/** `struct btrfs_item`: in a leaf, after the header; `offset` counts from the header's end. */
export const ITEM = layout('btrfs item', KEY_SIZE + 8, 'little', {
  key: [0, keyField],
  offset: [KEY_SIZE, u32],
  size: [KEY_SIZE + 4, u32],
});

/** `struct btrfs_key_ptr`: in a node above the leaves. */
export const KEY_POINTER = layout('btrfs key pointer', KEY_SIZE + 16, 'little', {
  key: [0, keyField],
  blockptr: [KEY_SIZE, u64],
  generation: [KEY_SIZE + 8, u64],
});

/** The kernel's BTRFS_MAX_LEVEL: levels are below it. */
export const MAX_LEVEL = 8;

/** Trees and objects with fixed numbers; negative ones count down from 2^64. */
export const OBJECT = {
  ROOT_TREE: 1,
  CHUNK_TREE: 3,
  FS_TREE: 5,
  CSUM_TREE: 7,
  /** The tree of log trees, and each of these. */
  TREE_LOG: -6,
  FIRST_FREE: 256,
  FIRST_CHUNK_TREE: 256,
  EXTENT_CSUM: -10,
} as const;

/** Types of items, the middle part of keys. */
export const ITEM_TYPE = {
  INODE_ITEM: 1,
  INODE_REF: 12,
  INODE_EXTREF: 13,
  XATTR_ITEM: 24,
  /** Only in log trees, as the ranges of names that they tell everything about. */
  DIR_LOG_INDEX: 72,
  DIR_ITEM: 84,
  DIR_INDEX: 96,
  EXTENT_DATA: 108,
  EXTENT_CSUM: 128,
  ROOT_ITEM: 132,
  ROOT_REF: 156,
  CHUNK_ITEM: 228,
} as const;

/** `struct btrfs_timespec`. */
const TIME_SIZE = 12;

/** `struct btrfs_inode_item`. */
export const INODE_ITEM = layout('btrfs inode item', 160, 'little', {
  generation: [0, u64],
  size: [16, u64],
  nlink: [40, u32],
  uid: [44, u32],
  gid: [48, u32],
  mode: [52, u32],
  rdev: [56, flags64],
  flags: [64, flags64],
  atime: [112, bytes(TIME_SIZE)],
  ctime: [124, bytes(TIME_SIZE)],
  mtime: [136, bytes(TIME_SIZE)],
  otime: [148, bytes(TIME_SIZE)],
});

export const TIMESPEC = layout('btrfs time', TIME_SIZE, 'little', { sec: [0, flags64], nsec: [8, u32] });

/** Bits of an inode's `flags`. */
export const INODE_FLAG = { NODATASUM: 0x1 } as const;

/** Bits of an inode's `flags`, with the names that `lsattr -l` has for them, or the kernel's own. */
export const INODE_FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x1, 'no-data-checksums'],
  [0x2, 'no-cow'],
  [0x8, 'no-compression'],
  [0x20, 'synchronous'],
  [0x40, 'immutable'],
  [0x80, 'append-only'],
  [0x100, 'no-dump'],
  [0x200, 'no-atime'],
  [0x400, 'synchronous-directory'],
  [0x800, 'compressed'],
];

/** `struct btrfs_dir_item` without name and data; also what extended attributes are. */
export const DIR_ITEM = layout('btrfs directory item', 30, 'little', {
  location: [0, keyField],
  data_len: [25, u16],
  name_len: [27, u16],
  type: [29, u8],
});

/** `struct btrfs_inode_ref` without the name; the key's offset is the directory. */
export const INODE_REF = layout('btrfs inode reference', 10, 'little', {
  index: [0, u64],
  name_len: [8, u16],
});

/** `struct btrfs_inode_extref` without the name; the key's offset is a hash of directory and name. */
export const INODE_EXTREF = layout('btrfs extended inode reference', 18, 'little', {
  parent_objectid: [0, u64],
  index: [8, u64],
  name_len: [16, u16],
});

/** `struct btrfs_dir_log_item`; the key's offset is the first index of the range. */
export const DIR_LOG_ITEM = layout('btrfs directory log item', 8, 'little', { end: [0, keyNumber] });

/** The kernel's BTRFS_NAME_LEN. */
export const NAME_LENGTH = 255;

/** `struct btrfs_root_item`, the part that all versions have. */
export const ROOT_ITEM = layout('btrfs root item', 239, 'little', {
  generation: [160, u64],
  root_dirid: [168, u64],
  bytenr: [176, u64],
  flags: [208, flags64],
  refs: [216, u32],
  level: [238, u8],
});

/** `struct btrfs_root_ref` without the name. */
export const ROOT_REF = layout('btrfs root reference', 18, 'little', {
  dirid: [0, u64],
  name_len: [16, u16],
});

/** `struct btrfs_file_extent_item` up to the place where inline data begin. */
export const FILE_EXTENT = layout('btrfs file extent', 21, 'little', {
  generation: [0, u64],
  ram_bytes: [8, u64],
  compression: [16, u8],
  encryption: [17, u8],
  other_encoding: [18, u16],
  type: [20, u8],
});

/** `struct btrfs_file_extent_item` of regular and preallocated extents, as a whole. */
export const FILE_EXTENT_ON_DISK = layout('btrfs file extent', 53, 'little', {
  disk_bytenr: [21, u64],
  disk_num_bytes: [29, u64],
  offset: [37, u64],
  num_bytes: [45, u64],
});

export const EXTENT_TYPE = { INLINE: 0, REGULAR: 1, PREALLOC: 2 } as const;
export const COMPRESSION = { NONE: 0, ZLIB: 1, LZO: 2, ZSTD: 3 } as const;

/** The kernel's BTRFS_MAX_COMPRESSED and BTRFS_MAX_UNCOMPRESSED: bytes of one compressed extent. */
export const MAX_COMPRESSED = 128 * 1024;

/** LZO extents: a length of the whole, then segments of one sector, each with its length in front. */
export const LZO_LENGTH = layout('btrfs LZO length', 4, 'little', { length: [0, u32] });
