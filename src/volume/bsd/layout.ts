/** The BSD disklabel (`struct disklabel` of FreeBSD, NetBSD and OpenBSD; also OSF/1's and GNU parted's `bsd`). */
import { array, ascii, bytes, layout, u8, u16, u32 } from '../../bytes/layout.js';

/** `d_magic` and `d_magic2`. */
export const DISKLABEL_MAGIC = 0x82564557;
/** Byte offset of the label in its slice or disk: sector 1 on x86 BSD, byte 64 of sector 0 on Alpha (OSF/1) and in parted. */
export const LABEL_SECTOR = 1;
export const OSF_LABEL_OFFSET = 64;

/** Entries that the smallest label has room for; the table may have up to 22. */
export const DISKLABEL = layout('BSD disklabel', 148, 'little', {
  d_magic: [0, u32],
  d_type: [4, u16],
  d_subtype: [6, u16],
  d_typename: [8, ascii(16)],
  d_packname: [24, ascii(16)],
  d_secsize: [40, u32],
  d_nsectors: [44, u32],
  d_ntracks: [48, u32],
  d_ncylinders: [52, u32],
  d_secpercyl: [56, u32],
  d_secperunit: [60, u32],
  d_drivedata: [64, array(17, u32)],
  d_magic2: [132, u32],
  d_checksum: [136, u16],
  d_npartitions: [138, u16],
  d_bbsize: [140, u32],
  d_sbsize: [144, u32],
});

export const DISKLABEL_PARTITION = layout('BSD partition', 16, 'little', {
  p_size: [0, u32],
  p_offset: [4, u32],
  p_fsize: [8, u32],
  p_fstype: [12, u8],
  p_frag: [13, u8],
  p_cpg: [14, bytes(2)],
});

/** `p_fstype` of an entry that is not in use. */
export const FS_UNUSED = 0;
/** Index of partition `c`, which stands for the whole slice. */
export const RAW_PART = 2;
