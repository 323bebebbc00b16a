/**
 * The on-disk structures of the journal (JBD2) and of ext4's fast commits, names and offsets as in the Linux kernel's
 * `include/linux/jbd2.h` and `fs/ext4/fast_commit.h`. JBD2 is big-endian, fast commits are little-endian.
 */
import { bytes, layout, u8, u16, u32 } from '../../../src/bytes/layout.js';

export const JOURNAL_MAGIC = 0xc03b3998;

/** `journal_header_t`: every block of the journal that is not logged data begins so. */
export const JOURNAL_HEADER = layout('journal block header', 12, 'big', {
  magic: [0x0, u32],
  blocktype: [0x4, u32],
  sequence: [0x8, u32],
});

export const BLOCK_TYPE = { DESCRIPTOR: 1, COMMIT: 2, SUPERBLOCK_V1: 3, SUPERBLOCK_V2: 4, REVOKE: 5 } as const;

/** `journal_superblock_t`. */
export const JOURNAL_SUPERBLOCK = layout('journal superblock', 1024, 'big', {
  magic: [0x00, u32],
  blocktype: [0x04, u32],
  blocksize: [0x0c, u32],
  maxlen: [0x10, u32],
  first: [0x14, u32],
  sequence: [0x18, u32],
  start: [0x1c, u32],
  errno: [0x20, u32],
  feature_compat: [0x24, u32],
  feature_incompat: [0x28, u32],
  feature_ro_compat: [0x2c, u32],
  uuid: [0x30, bytes(16)],
  nr_users: [0x40, u32],
  checksum_type: [0x50, u8],
  num_fc_blks: [0x54, u32],
  checksum: [0xfc, u32],
});

export const JOURNAL_COMPAT = { CHECKSUM: 0x1 } as const;
export const JOURNAL_INCOMPAT = {
  REVOKE: 0x1,
  '64BIT': 0x2,
  ASYNC_COMMIT: 0x4,
  CSUM_V2: 0x8,
  CSUM_V3: 0x10,
  FAST_COMMIT: 0x20,
} as const;

/** `s_checksum_type` of CRC-32C. */
export const JOURNAL_CRC32C = 4;
/** Blocks of the fast commit area where the superblock gives none. */
export const DEFAULT_FAST_COMMIT_BLOCKS = 256;

/** `journal_block_tag_t`; `t_blocknr_high` counts only with 64BIT. */
export const BLOCK_TAG = layout('journal block tag', 8, 'big', { blocknr: [0x0, u32], checksum: [0x4, u16], flags: [0x6, u16] });
export const BLOCK_TAG_HIGH = layout('journal block tag, high part', 4, 'big', { blocknr_high: [0x0, u32] });
/** Two bytes that CSUM_V2 adds to every tag. */
export const TAG_V2_EXTRA = 2;

/** `journal_block_tag3_t`, with CSUM_V3. */
export const BLOCK_TAG_V3 = layout('journal block tag', 16, 'big', {
  blocknr: [0x0, u32],
  flags: [0x4, u32],
  blocknr_high: [0x8, u32],
  checksum: [0xc, u32],
});

export const TAG_FLAG = { ESCAPE: 0x1, SAME_UUID: 0x2, LAST_TAG: 0x8 } as const;
/** Bytes of the UUID after a tag without SAME_UUID. */
export const TAG_UUID_SIZE = 16;

/** `struct jbd2_journal_block_tail`, at the end of descriptor and revoke blocks with CSUM_V2 or V3. */
export const JOURNAL_TAIL = layout('journal block tail', 4, 'big', { checksum: [0x0, u32] });

/** `struct commit_header`. */
export const COMMIT_HEADER = layout('journal commit block', 60, 'big', {
  chksum_type: [0x0c, u8],
  chksum_size: [0x0d, u8],
  chksum: [0x10, u32],
  commit_sec_hi: [0x30, u32],
  commit_sec_lo: [0x34, u32],
  commit_nsec: [0x38, u32],
});
/** `h_chksum_type` and `h_chksum_size` of the first kind of checksums. */
export const COMMIT_CRC32 = 1;
export const COMMIT_CRC32_SIZE = 4;

/** `jbd2_journal_revoke_header_t`. */
export const REVOKE_HEADER = layout('journal revoke block', 16, 'big', { count: [0x0c, u32] });

/** `struct ext4_fc_tl`: tag and length before every record of a fast commit. */
export const FC_RECORD = layout('fast commit record', 4, 'little', { tag: [0, u16], len: [2, u16] });

export const FC_TAG = { ADD_RANGE: 1, DEL_RANGE: 2, CREAT: 3, LINK: 4, UNLINK: 5, INODE: 6, PAD: 7, TAIL: 8, HEAD: 9 } as const;

/** `struct ext4_fc_head`. */
export const FC_HEAD = layout('fast commit head', 8, 'little', { features: [0, u32], tid: [4, u32] });
/** `struct ext4_fc_tail`. */
export const FC_TAIL = layout('fast commit tail', 8, 'little', { tid: [0, u32], crc: [4, u32] });
/** `struct ext4_fc_add_range` before its extent. */
export const FC_ADD_RANGE = layout('fast commit added range', 4, 'little', { ino: [0, u32] });
/** `struct ext4_fc_del_range`. */
export const FC_DEL_RANGE = layout('fast commit removed range', 12, 'little', { ino: [0, u32], lblk: [4, u32], len: [8, u32] });
/** `struct ext4_fc_dentry_info` before its name. */
export const FC_DENTRY = layout('fast commit name', 8, 'little', { parent_ino: [0, u32], ino: [4, u32] });
/** `struct ext4_fc_inode` before the inode's bytes. */
export const FC_INODE = layout('fast commit inode', 4, 'little', { ino: [0, u32] });
