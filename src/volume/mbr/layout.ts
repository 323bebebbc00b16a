/**
 * The master boot record and the extended boot records of logical partitions, as IBM's DOS laid them out and as
 * the UEFI specification (section 5.2) writes them down.
 */
import { bytes, layout, u8, u16, u32 } from '../../bytes/layout.js';

/** One of the four partition records. */
export const PARTITION_RECORD = layout('MBR partition record', 16, 'little', {
  boot_indicator: [0, u8],
  starting_chs: [1, bytes(3)],
  os_type: [4, u8],
  ending_chs: [5, bytes(3)],
  starting_lba: [8, u32],
  size_in_lba: [12, u32],
});

/** Sector 0 of a disk, or the first sector of an extended partition. */
export const BOOT_RECORD = layout('MBR', 512, 'little', {
  boot_code: [0, bytes(440)],
  unique_mbr_disk_signature: [440, u32],
  partition_record: [446, bytes(64)],
  signature: [510, u16],
});

/** The two last bytes, 55 AA. */
export const BOOT_SIGNATURE = 0xaa55;
/** A boot indicator with any other bits is boot code, not a table. */
export const ACTIVE = 0x80;

/** `os_type` of partitions that hold a chain of logical partitions: CHS, LBA, Linux. */
export const EXTENDED_TYPES: ReadonlySet<number> = new Set([0x05, 0x0f, 0x85]);
/** `os_type` of the protective record that stands for a GPT. */
export const GPT_PROTECTIVE = 0xee;
/** `os_type` of partitions with a BSD disklabel inside: FreeBSD, OpenBSD, NetBSD. */
export const BSD_TYPES: ReadonlySet<number> = new Set([0xa5, 0xa6, 0xa9]);
/** `os_type` of partitions with a Solaris x86 VTOC inside: old (shared with Linux swap) and new. */
export const SOLARIS_TYPES: ReadonlySet<number> = new Set([0x82, 0xbf]);
