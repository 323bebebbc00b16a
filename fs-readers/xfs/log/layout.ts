/**
 * The structures of the log, field names and offsets as in the Linux kernel's `fs/xfs/libxfs/xfs_log_format.h`. Record
 * and operation headers are big-endian; what they carry is in the byte order of the machine that wrote it.
 */
import { array, bytes, flags64, i32, layout, u8, u16, u32, u64 } from '../../../src/bytes/layout.js';

/** `XLOG_HEADER_MAGIC_NUM`. */
export const RECORD_MAGIC = 0xfeedbabe;

/** Cycle numbers of data blocks that one header block holds. */
export const CYCLES_PER_HEADER = 64;
/** Bytes of a record's data for which one header block has cycle numbers (`XLOG_HEADER_CYCLE_SIZE`). */
export const HEADER_CYCLE_SIZE = 32 * 1024;
/** The largest record (`XLOG_MAX_RECORD_BSIZE`). */
export const MAX_RECORD_SIZE = 256 * 1024;
/** Records that may be on their way to the disk at once (`XLOG_MAX_ICLOGS`): any of these may be torn after a crash. */
export const MAX_RECORDS_IN_FLIGHT = 8;

/** `struct xlog_rec_header`. */
export const RECORD_HEADER = layout('XFS log record header', 328, 'big', {
  magicno: [0, u32],
  cycle: [4, u32],
  version: [8, u32],
  len: [12, u32],
  lsn: [16, flags64],
  tail_lsn: [24, flags64],
  // Little-endian on the disk; read by the code that verifies it.
  crc: [32, bytes(4)],
  prev_block: [36, u32],
  num_logops: [40, u32],
  cycle_data: [44, array(64, u32)],
  fmt: [300, u32],
  fs_uuid: [304, bytes(16)],
  size: [320, u32],
});
/** Bytes of the header that its checksum covers: 32-bit kernels had no padding at the end. */
export const RECORD_HEADER_SUMMED: readonly number[] = [328, 324];

/** `struct xlog_rec_ext_header`. */
export const RECORD_EXTENSION = layout('XFS log record extension', 260, 'big', { cycle: [0, u32], cycle_data: [4, array(64, u32)] });

/** `h_version`. */
export const RECORD_VERSION_2 = 2;
/** `h_fmt`: what Linux writes on little-endian machines. */
export const FORMAT_LINUX_LITTLE_ENDIAN = 1;

/** `struct xlog_op_header`. */
export const OPERATION = layout('XFS log operation', 12, 'big', { tid: [0, u32], len: [4, u32], clientid: [8, u8], flags: [9, u8] });
/** `oh_flags`. */
export const OPERATION_FLAG = { START: 0x01, COMMIT: 0x02, CONTINUE: 0x04, WAS_CONTINUED: 0x08, END: 0x10, UNMOUNT: 0x20 } as const;
/** `oh_clientid` of transactions and of the log itself. */
export const CLIENTS: readonly number[] = [0x69, 0xaa];

/** `struct xfs_trans_header`; `TRAN`. */
export const TRANSACTION_HEADER = layout('XFS log transaction header', 16, 'little', {
  magic: [0, u32],
  type: [4, u32],
  tid: [8, i32],
  num_items: [12, u32],
});
export const TRANSACTION_MAGIC = 0x5452414e;

/** What all items begin with: their type and how many regions they have. */
export const ITEM = layout('XFS log item', 4, 'little', { type: [0, u16], size: [2, u16] });
/** The most regions of one item (`XLOG_MAX_REGIONS_IN_ITEM`). */
export const MAX_REGIONS = (64 * 1024) / 128 / 2 + 1;

/** `XFS_LI_*`. */
export const ITEM_TYPE = {
  EFI: 0x1236,
  EFD: 0x1237,
  IUNLINK: 0x1238,
  INODE: 0x123b,
  BUF: 0x123c,
  DQUOT: 0x123d,
  QUOTAOFF: 0x123e,
  ICREATE: 0x123f,
  RUI: 0x1240,
  RUD: 0x1241,
  CUI: 0x1242,
  CUD: 0x1243,
  BUI: 0x1244,
  BUD: 0x1245,
  ATTRI: 0x1246,
  ATTRD: 0x1247,
  XMI: 0x1248,
  XMD: 0x1249,
} as const;

/** `struct xfs_buf_log_format` before its bitmap. */
export const BUFFER_ITEM = layout('XFS log buffer item', 20, 'little', {
  type: [0, u16],
  size: [2, u16],
  flags: [4, u16],
  len: [6, u16],
  blkno: [8, u64],
  map_size: [16, u32],
});
export const BITMAP_WORD = layout('XFS log buffer bitmap', 4, 'little', { bits: [0, u32] });
/** Bytes for which one bit of the bitmap stands (`XFS_BLF_CHUNK`). */
export const BUFFER_CHUNK = 128;
/** `blf_flags`. */
export const BUFFER_FLAG = { INODE_BUF: 0x1, CANCEL: 0x2, UDQUOT: 0x4, PDQUOT: 0x8, GDQUOT: 0x10 } as const;

/** `struct xfs_inode_log_format`. */
export const INODE_ITEM = layout('XFS log inode item', 56, 'little', {
  type: [0, u16],
  size: [2, u16],
  fields: [4, u32],
  asize: [8, u16],
  dsize: [10, u16],
  ino: [16, u64],
  rdev: [24, u32],
  blkno: [40, u64],
  len: [48, i32],
  boffset: [52, i32],
});
/** `struct xfs_inode_log_format_32`, by kernels that did not align 64-bit numbers. */
export const INODE_ITEM_32 = layout('XFS log inode item', 52, 'little', {
  type: [0, u16],
  size: [2, u16],
  fields: [4, u32],
  asize: [8, u16],
  dsize: [10, u16],
  ino: [12, u64],
  rdev: [20, u32],
  blkno: [36, u64],
  len: [44, i32],
  boffset: [48, i32],
});
/** `ilf_fields`: what of the inode is there. */
export const INODE_FIELDS = {
  CORE: 0x001,
  DDATA: 0x002,
  DEXT: 0x004,
  DBROOT: 0x008,
  DEV: 0x010,
  UUID: 0x020,
  ADATA: 0x040,
  AEXT: 0x080,
  ABROOT: 0x100,
  DOWNER: 0x200,
  AOWNER: 0x400,
} as const;

/** `struct xfs_icreate_log`; big-endian but for its first two fields, which `ITEM` has. */
export const ICREATE = layout('XFS log inode creation', 28, 'big', {
  ag: [4, u32],
  agbno: [8, u32],
  count: [12, u32],
  isize: [16, u32],
  length: [20, u32],
  gen: [24, u32],
});

/** What all intents and their done items have in common: an id that pairs them. */
export const INTENT = layout('XFS log intent', 16, 'little', { type: [0, u16], size: [2, u16], nextents: [4, u32], id: [8, flags64] });
/** The inode of `struct xfs_attri_log_format`, and the owner of the first extent of `struct xfs_bui_log_format`. */
export const INTENT_INODE = layout('XFS log intent', 24, 'little', { inode: [16, u64] });
/** The two inodes of `struct xfs_xmi_log_format`. */
export const INTENT_INODES = layout('XFS log intent', 32, 'little', { first: [16, u64], second: [24, u64] });
