/**
 * The on-disk structures of XFS, field names and offsets as in the Linux kernel's `fs/xfs/libxfs/xfs_format.h` and
 * `xfs_da_format.h` and in "XFS Algorithms & Data Structures". Integers are big-endian; checksums alone are
 * little-endian. The log's structures are in `log/layout.ts`.
 */
import { array, bytes, type FieldType, flags64, i32, layout, u8, u16, u32, u64, u64OrNone } from '../../src/bytes/layout.js';
import { SUPERBLOCK_SIZE } from './magic.js';

/** A CRC-32C: little-endian in the middle of big-endian structures. */
const crcField: FieldType<number> = {
  size: 4,
  read: (view, at) => view.getUint32(at, true),
  write: (view, at, _little, value) => view.setUint32(at, value, true),
};

/** Bytes of the unit in which the log and the `blkno` of self-describing metadata count (a "basic block"). */
export const BASIC_BLOCK = 512;

/** `struct xfs_dsb`. */
export const SUPERBLOCK = layout('XFS superblock', SUPERBLOCK_SIZE, 'big', {
  magicnum: [0, u32],
  blocksize: [4, u32],
  dblocks: [8, u64],
  uuid: [32, bytes(16)],
  logstart: [48, u64],
  rootino: [56, u64],
  agblocks: [84, u32],
  agcount: [88, u32],
  logblocks: [96, u32],
  versionnum: [100, u16],
  sectsize: [102, u16],
  inodesize: [104, u16],
  inopblock: [106, u16],
  fname: [108, bytes(12)],
  blocklog: [120, u8],
  sectlog: [121, u8],
  inodelog: [122, u8],
  inopblog: [123, u8],
  agblklog: [124, u8],
  inprogress: [126, u8],
  imax_pct: [127, u8],
  dirblklog: [192, u8],
  logsectlog: [193, u8],
  logsectsize: [194, u16],
  logsunit: [196, u32],
  features2: [200, u32],
  bad_features2: [204, u32],
  features_compat: [208, u32],
  features_ro_compat: [212, u32],
  features_incompat: [216, u32],
  features_log_incompat: [220, u32],
  crc: [224, crcField],
  meta_uuid: [248, bytes(16)],
});

/** `IN`. */
export const INODE_MAGIC = 0x494e;

/** `struct xfs_dinode` up to `di_next_unlinked`: the whole core of versions 1 and 2. */
export const INODE = layout('XFS inode', 100, 'big', {
  magic: [0, u16],
  mode: [2, u16],
  version: [4, u8],
  format: [5, u8],
  onlink: [6, u16],
  uid: [8, u32],
  gid: [12, u32],
  nlink: [16, u32],
  projid_lo: [20, u16],
  projid_hi: [22, u16],
  // Takes the place of padding and `di_flushiter` where the inode has large extent counters.
  big_nextents: [24, u64OrNone],
  flushiter: [30, u16],
  atime: [32, flags64],
  mtime: [40, flags64],
  ctime: [48, flags64],
  size: [56, u64OrNone],
  nblocks: [64, u64OrNone],
  extsize: [72, u32],
  nextents: [76, u32],
  anextents: [80, u16],
  forkoff: [82, u8],
  aformat: [83, u8],
  flags: [90, u16],
  gen: [92, u32],
  next_unlinked: [96, u32],
});

/** What version 3 has behind the core, from the inode's start. */
export const INODE_V3 = layout('XFS inode, version 3', 176, 'big', {
  crc: [100, crcField],
  lsn: [112, flags64],
  flags2: [120, flags64],
  crtime: [144, flags64],
  ino: [152, u64],
  uuid: [160, bytes(16)],
});

/** `di_version` of inodes with checksums. */
export const INODE_VERSION_CRC = 3;
/** `di_forkoff` counts these. */
export const FORKOFF_UNIT = 8;

/** `di_format`, `di_aformat`. */
export const FORMAT = { DEV: 0, LOCAL: 1, EXTENTS: 2, BTREE: 3, UUID: 4 } as const;

/** `di_flags`. */
export const INODE_FLAG = {
  REALTIME: 0x1,
  PREALLOC: 0x2,
  NEWRTBM: 0x4,
  IMMUTABLE: 0x8,
  APPEND: 0x10,
  SYNC: 0x20,
  NOATIME: 0x40,
  NODUMP: 0x80,
  RTINHERIT: 0x100,
  PROJINHERIT: 0x200,
  NOSYMLINKS: 0x400,
  EXTSIZE: 0x800,
  EXTSZINHERIT: 0x1000,
  NODEFRAG: 0x2000,
  FILESTREAM: 0x4000,
} as const;

/** `di_flags2`, lower half. */
export const INODE_FLAG2 = { DAX: 0x1, REFLINK: 0x2, COWEXTSIZE: 0x4, BIGTIME: 0x8, NREXT64: 0x10, METADATA: 0x20 } as const;

/** An extent: `struct xfs_bmbt_rec`, 128 bits: flag, 54 bits of file offset, 52 of start block, 21 of length. */
export const EXTENT = layout('XFS extent', 16, 'big', { words: [0, array(4, u32)] });

/** `struct xfs_bmdr_block`: the root of a B+tree in the inode. */
export const BMDR_HEADER = layout('XFS B+tree root', 4, 'big', { level: [0, u16], numrecs: [2, u16] });
/** Keys (file offsets) and pointers (filesystem blocks) of B+tree nodes. */
export const BMBT_WORD = layout('XFS B+tree key or pointer', 8, 'big', { value: [0, u64] });

/** `BMAP`, without checksums. */
export const BMAP_MAGIC = 0x424d4150;
/** `BMA3`. */
export const BMAP_CRC_MAGIC = 0x424d4133;
/** `struct xfs_btree_block`, long form, version 4. */
export const BTREE_BLOCK = layout('XFS B+tree block', 24, 'big', { magic: [0, u32], level: [4, u16], numrecs: [6, u16] });
/** The same with checksums. */
export const BTREE_BLOCK_CRC = layout('XFS B+tree block', 72, 'big', {
  magic: [0, u32],
  level: [4, u16],
  numrecs: [6, u16],
  blkno: [24, u64],
  lsn: [32, flags64],
  uuid: [40, bytes(16)],
  owner: [56, u64],
  crc: [64, crcField],
});

/** `struct xfs_dir2_sf_hdr` before the parent's inode number. */
export const SHORTFORM_HEADER = layout('XFS short form directory', 2, 'big', { count: [0, u8], i8count: [1, u8] });
/** `struct xfs_dir2_sf_entry` before its name. */
export const SHORTFORM_ENTRY = layout('XFS short form entry', 3, 'big', { namelen: [0, u8], offset: [1, u16] });
export const INO32 = layout('XFS inode number', 4, 'big', { ino: [0, u32] });
export const INO64 = layout('XFS inode number', 8, 'big', { ino: [0, u64] });

/** `XD2B` and `XDB3`: a directory in one block. */
export const DIR_BLOCK_MAGIC = 0x58443242;
export const DIR_BLOCK_CRC_MAGIC = 0x58444233;
/** `XD2D` and `XDD3`: a block of names. */
export const DIR_DATA_MAGIC = 0x58443244;
export const DIR_DATA_CRC_MAGIC = 0x58444433;
/** `struct xfs_dir2_data_hdr`. */
export const DIR_DATA_HEADER = layout('XFS directory block', 16, 'big', { magic: [0, u32] });
/** `struct xfs_dir3_data_hdr`. */
export const DIR_DATA_HEADER_CRC = layout('XFS directory block', 64, 'big', {
  magic: [0, u32],
  crc: [4, crcField],
  blkno: [8, u64],
  lsn: [16, flags64],
  uuid: [24, bytes(16)],
  owner: [40, u64],
});
/** `struct xfs_dir2_data_entry` before its name. */
export const DIR_ENTRY = layout('XFS directory entry', 9, 'big', { inumber: [0, u64], namelen: [8, u8] });
/** Bytes of the tag that ends every entry. */
export const DIR_TAG_SIZE = 2;
/** `struct xfs_dir2_data_unused` before its free bytes. */
export const DIR_UNUSED = layout('XFS free directory space', 4, 'big', { freetag: [0, u16], length: [2, u16] });
export const DIR_FREE_TAG = 0xffff;
/** Entries start at multiples of this; addresses in a hash index count it. */
export const DIR_ALIGN = 8;
/** `struct xfs_dir2_block_tail`. */
export const DIR_BLOCK_TAIL = layout('XFS directory block tail', 8, 'big', { count: [0, u32], stale: [4, u32] });
/** `struct xfs_dir2_leaf_entry`. */
export const LEAF_ENTRY = layout('XFS directory leaf entry', 8, 'big', { hashval: [0, u32], address: [4, u32] });
/** Byte offset in the directory where its hash index starts (`XFS_DIR2_LEAF_OFFSET`). */
export const DIR_LEAF_OFFSET = 2 ** 35;
/** Byte offset where its free space index starts (`XFS_DIR2_FREE_OFFSET`): nothing that is read lies beyond. */
export const DIR_FREE_OFFSET = 2 ** 36;

/** Magics of `xfs_da_blkinfo`, without and with checksums. */
export const DIR_LEAF1_MAGIC = 0xd2f1;
export const DIR_LEAF1_CRC_MAGIC = 0x3df1;
export const DIR_LEAFN_MAGIC = 0xd2ff;
export const DIR_LEAFN_CRC_MAGIC = 0x3dff;
export const DA_NODE_MAGIC = 0xfebe;
export const DA_NODE_CRC_MAGIC = 0x3ebe;
export const ATTR_LEAF_MAGIC = 0xfbee;
export const ATTR_LEAF_CRC_MAGIC = 0x3bee;

/** `struct xfs_da_blkinfo` with what leaves and nodes have behind it. */
export const DA_BLOCK = layout('XFS index block', 16, 'big', {
  forw: [0, u32],
  back: [4, u32],
  magic: [8, u16],
  count: [12, u16],
  level: [14, u16],
});
/** `struct xfs_da3_blkinfo` likewise. */
export const DA_BLOCK_CRC = layout('XFS index block', 64, 'big', {
  forw: [0, u32],
  back: [4, u32],
  magic: [8, u16],
  crc: [12, crcField],
  blkno: [16, u64],
  lsn: [24, flags64],
  uuid: [32, bytes(16)],
  owner: [48, u64],
  count: [56, u16],
  level: [58, u16],
});
/** `struct xfs_da_node_entry`. */
export const NODE_ENTRY = layout('XFS index entry', 8, 'big', { hashval: [0, u32], before: [4, u32] });

/** `struct xfs_attr_sf_hdr`. */
export const ATTR_SHORTFORM_HEADER = layout('XFS short form attributes', 4, 'big', { totsize: [0, u16], count: [2, u8] });
/** `struct xfs_attr_sf_entry` before name and value. */
export const ATTR_SHORTFORM_ENTRY = layout('XFS short form attribute', 3, 'big', { namelen: [0, u8], valuelen: [1, u8], flags: [2, u8] });
/** Bytes of `struct xfs_attr_leaf_hdr`, without and with checksums: entries follow. */
export const ATTR_LEAF_HEADER_SIZE = 32;
export const ATTR_LEAF_HEADER_CRC_SIZE = 80;
/** `struct xfs_attr_leaf_entry`. */
export const ATTR_LEAF_ENTRY = layout('XFS attribute entry', 8, 'big', { hashval: [0, u32], nameidx: [4, u16], flags: [6, u8] });
/** `struct xfs_attr_leaf_name_local` before name and value. */
export const ATTR_LOCAL = layout('XFS local attribute', 3, 'big', { valuelen: [0, u16], namelen: [2, u8] });
/** `struct xfs_attr_leaf_name_remote` before the name. */
export const ATTR_REMOTE = layout('XFS remote attribute', 9, 'big', { valueblk: [0, u32], valuelen: [4, u32], namelen: [8, u8] });
/** Flags of attribute entries. */
export const ATTR_FLAG = { LOCAL: 0x1, ROOT: 0x2, SECURE: 0x4, PARENT: 0x8, INCOMPLETE: 0x80 } as const;

/** `XSLM`: a piece of a long symbolic link. */
export const SYMLINK_MAGIC = 0x58534c4d;
/** `XARM`: a block of a long attribute's value. */
export const ATTR_REMOTE_MAGIC = 0x5841524d;
/** `struct xfs_dsymlink_hdr` and `struct xfs_attr3_rmt_hdr`, which are alike. */
export const REMOTE_HEADER = layout('XFS remote block', 56, 'big', {
  magic: [0, u32],
  offset: [4, u32],
  bytes: [8, u32],
  crc: [12, crcField],
  uuid: [16, bytes(16)],
  owner: [32, u64],
  blkno: [40, u64],
  lsn: [48, flags64],
});
/** `XFS_SYMLINK_MAXLEN`. */
export const SYMLINK_MAX = 1024;

/** `struct xfs_acl` and its entries, as the attributes `SGI_ACL_FILE` and `SGI_ACL_DEFAULT` hold them. */
export const ACL_HEADER = layout('XFS ACL', 4, 'big', { cnt: [0, u32] });
export const ACL_ENTRY = layout('XFS ACL entry', 12, 'big', { tag: [0, i32], id: [4, u32], perm: [8, u16] });
