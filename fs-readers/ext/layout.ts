/**
 * The on-disk structures of ext2/3/4, field names and offsets as in the Linux kernel's `fs/ext4/ext4.h` and its
 * documentation (Documentation/filesystems/ext4). All integers are little-endian. The journal's are in `journal/layout.ts`.
 */
import { array, bytes, layout, u8, u16, u32 } from '../../src/bytes/layout.js';

/** Byte offset of the primary superblock, whatever the block size. */
export const SUPERBLOCK_OFFSET = 1024;
export const EXT_MAGIC = 0xef53;

/** `struct ext4_super_block`. */
export const SUPERBLOCK = layout('ext superblock', 1024, 'little', {
  inodes_count: [0x00, u32],
  blocks_count_lo: [0x04, u32],
  first_data_block: [0x14, u32],
  log_block_size: [0x18, u32],
  log_cluster_size: [0x1c, u32],
  blocks_per_group: [0x20, u32],
  clusters_per_group: [0x24, u32],
  inodes_per_group: [0x28, u32],
  magic: [0x38, u16],
  state: [0x3a, u16],
  creator_os: [0x48, u32],
  rev_level: [0x4c, u32],
  first_ino: [0x54, u32],
  inode_size: [0x58, u16],
  block_group_nr: [0x5a, u16],
  feature_compat: [0x5c, u32],
  feature_incompat: [0x60, u32],
  feature_ro_compat: [0x64, u32],
  uuid: [0x68, bytes(16)],
  volume_name: [0x78, bytes(16)],
  reserved_gdt_blocks: [0xce, u16],
  journal_uuid: [0xd0, bytes(16)],
  journal_inum: [0xe0, u32],
  journal_dev: [0xe4, u32],
  last_orphan: [0xe8, u32],
  hash_seed: [0xec, array(4, u32)],
  def_hash_version: [0xfc, u8],
  desc_size: [0xfe, u16],
  first_meta_bg: [0x104, u32],
  blocks_count_hi: [0x150, u32],
  flags: [0x160, u32],
  checksum_type: [0x175, u8],
  backup_bgs: [0x24c, array(2, u32)],
  checksum_seed: [0x270, u32],
  encoding: [0x27c, u16],
  encoding_flags: [0x27e, u16],
  checksum: [0x3fc, u32],
});

/** `s_state`. */
export const STATE_CLEAN = 0x1;
export const STATE_ERRORS = 0x2;
/** `s_flags`: directory hashes were made with `char` signed or unsigned. */
export const FLAG_UNSIGNED_HASH = 0x2;
export const REVISION_OLD = 0;
export const CREATOR_LINUX = 0;
export const CREATOR_HURD = 1;

/** `struct ext4_group_desc`, the 32 bytes that all have. */
export const GROUP_DESCRIPTOR = layout('ext group descriptor', 32, 'little', {
  inode_table_lo: [0x08, u32],
  flags: [0x12, u16],
  checksum: [0x1e, u16],
});

/** What a descriptor of 64 bytes or more adds. */
export const GROUP_DESCRIPTOR_64 = layout('ext group descriptor', 64, 'little', {
  inode_table_hi: [0x28, u32],
});

/** Bytes of an inode of revision 0, and of the part that all inodes have. */
export const OLD_INODE_SIZE = 128;

/** `struct ext4_inode`, its first 128 bytes. */
export const INODE = layout('ext inode', OLD_INODE_SIZE, 'little', {
  mode: [0x00, u16],
  uid: [0x02, u16],
  size_lo: [0x04, u32],
  atime: [0x08, u32],
  ctime: [0x0c, u32],
  mtime: [0x10, u32],
  gid: [0x18, u16],
  links_count: [0x1a, u16],
  blocks_lo: [0x1c, u32],
  flags: [0x20, u32],
  block: [0x28, bytes(60)],
  generation: [0x64, u32],
  file_acl_lo: [0x68, u32],
  size_high: [0x6c, u32],
  blocks_high: [0x74, u16],
  file_acl_high: [0x76, u16],
  uid_high: [0x78, u16],
  gid_high: [0x7a, u16],
  checksum_lo: [0x7c, u16],
});

/** Length of the part that follows the first 128 bytes, where inodes are larger; it includes this field. */
export const INODE_EXTRA_SIZE = layout('ext inode extra size', 2, 'little', { extra_isize: [0x00, u16] });

/** `struct ext4_inode` from byte 128 on; a field counts only where `extra_isize` reaches over it. */
export const INODE_EXTRA = layout('ext inode extra fields', 32, 'little', {
  extra_isize: [0x00, u16],
  checksum_hi: [0x02, u16],
  ctime_extra: [0x04, u32],
  mtime_extra: [0x08, u32],
  atime_extra: [0x0c, u32],
  crtime: [0x10, u32],
  crtime_extra: [0x14, u32],
  version_hi: [0x18, u32],
  projid: [0x1c, u32],
});

export const ROOT_INODE = 2;
/** The first inode number that is free for use in revision 0. */
export const OLD_FIRST_INODE = 11;

/** `i_flags` that change how an inode is read. */
export const INODE_FLAG = {
  COMPRESSED: 0x4,
  ENCRYPT: 0x800,
  INDEX: 0x1000,
  HUGE_FILE: 0x40000,
  EXTENTS: 0x80000,
  EA_INODE: 0x200000,
  INLINE_DATA: 0x10000000,
  CASEFOLD: 0x40000000,
} as const;

/** All of `i_flags`, with the names that `lsattr -l` and the kernel use. */
export const INODE_FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x1, 'secure-deletion'],
  [0x2, 'undelete'],
  [0x4, 'compressed'],
  [0x8, 'synchronous'],
  [0x10, 'immutable'],
  [0x20, 'append-only'],
  [0x40, 'no-dump'],
  [0x80, 'no-atime'],
  [0x100, 'dirty'],
  [0x800, 'encrypted'],
  [0x1000, 'indexed'],
  [0x2000, 'imagic'],
  [0x4000, 'journalled-data'],
  [0x8000, 'no-tail-merging'],
  [0x10000, 'synchronous-directory'],
  [0x20000, 'top-directory'],
  [0x40000, 'huge-file'],
  [0x80000, 'extents'],
  [0x100000, 'verity'],
  [0x200000, 'ea-inode'],
  [0x2000000, 'dax'],
  [0x10000000, 'inline-data'],
  [0x20000000, 'project-inherit'],
  [0x40000000, 'casefold'],
];

/** `i_block` as pointers: 12 direct blocks, then an indirect, a double-indirect and a triple-indirect one. */
export const DIRECT_BLOCKS = 12;
/** Bytes of `i_block`. */
export const BLOCK_FIELD_SIZE = 60;
/** Bytes of one block pointer. */
export const POINTER_SIZE = 4;

export const EXTENT_MAGIC = 0xf30a;
/** The kernel's EXT4_MAX_EXTENT_DEPTH. */
export const MAX_EXTENT_DEPTH = 5;
/** An `ee_len` above this is that of an unwritten extent, which reads as zeros. */
export const MAX_WRITTEN_LENGTH = 32768;

/** `struct ext4_extent_header`. */
export const EXTENT_HEADER = layout('ext extent header', 12, 'little', {
  magic: [0, u16],
  entries: [2, u16],
  max: [4, u16],
  depth: [6, u16],
});

/** `struct ext4_extent`. */
export const EXTENT = layout('ext extent', 12, 'little', {
  block: [0, u32],
  len: [4, u16],
  start_hi: [6, u16],
  start_lo: [8, u32],
});

/** `struct ext4_extent_idx`. */
export const EXTENT_INDEX = layout('ext extent index', 12, 'little', {
  block: [0, u32],
  leaf_lo: [4, u32],
  leaf_hi: [8, u16],
});

/** `struct ext4_extent_tail`, after the last possible entry of an extent block. */
export const EXTENT_TAIL = layout('ext extent tail', 4, 'little', { checksum: [0, u32] });

/** `struct ext4_dir_entry_2` without the name. */
export const DIRECTORY_ENTRY = layout('ext directory entry', 8, 'little', {
  inode: [0, u32],
  rec_len: [4, u16],
  name_len: [6, u8],
  file_type: [7, u8],
});

/** `struct ext4_dir_entry_tail`: looks like an unused entry at the end of a directory block, holds the checksum. */
export const DIRECTORY_TAIL = layout('ext directory tail', 12, 'little', {
  inode: [0, u32],
  rec_len: [4, u16],
  name_len: [6, u8],
  file_type: [7, u8],
  checksum: [8, u32],
});
export const DIRECTORY_TAIL_TYPE = 0xde;

/** Head of an inline directory: the parent's inode number, then entries without `.` and `..`. */
export const INLINE_DIRECTORY_HEAD = 4;

/** `struct dx_root_info`, after the entries for `.` and `..` (12 bytes each) of a hash tree's root block. */
export const DX_ROOT_INFO = layout('ext hash tree root', 8, 'little', {
  reserved_zero: [0, u32],
  hash_version: [4, u8],
  info_length: [5, u8],
  indirect_levels: [6, u8],
  unused_flags: [7, u8],
});
export const DX_ROOT_INFO_OFFSET = 24;
/** Where the entries of an inner node begin, after an empty directory entry over the whole block. */
export const DX_NODE_OFFSET = 8;

/** `struct dx_countlimit`, in the place of the first entry's hash. */
export const DX_COUNT_LIMIT = layout('ext hash tree count and limit', 4, 'little', {
  limit: [0, u16],
  count: [2, u16],
});

/** `struct dx_entry`. */
export const DX_ENTRY = layout('ext hash tree entry', 8, 'little', {
  hash: [0, u32],
  block: [4, u32],
});
/** Bits of `dx_entry.block` that are the block number. */
export const DX_BLOCK_MASK = 0x0fffffff;

/** `struct dx_tail`, after the last possible entry. */
export const DX_TAIL = layout('ext hash tree tail', 8, 'little', {
  reserved: [0, u32],
  checksum: [4, u32],
});

export const XATTR_MAGIC = 0xea020000;
/** `struct ext4_xattr_ibody_header`. */
export const XATTR_INODE_HEADER = layout('ext attribute header in an inode', 4, 'little', { magic: [0, u32] });

/** `struct ext4_xattr_header`. */
export const XATTR_BLOCK_HEADER = layout('ext attribute block header', 32, 'little', {
  magic: [0, u32],
  refcount: [4, u32],
  blocks: [8, u32],
  hash: [12, u32],
  checksum: [16, u32],
});

/** `struct ext4_xattr_entry` without the name. */
export const XATTR_ENTRY = layout('ext attribute entry', 16, 'little', {
  name_len: [0, u8],
  name_index: [1, u8],
  value_offs: [2, u16],
  value_inum: [4, u32],
  value_size: [8, u32],
  hash: [12, u32],
});
