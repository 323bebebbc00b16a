/**
 * FAT's structures, by the names of Microsoft's "FAT File System Specification" (August 2005). All integers are
 * little-endian.
 */
import { ascii, bytes, type Decoded, layout, u8, u16, u32 } from '../../src/bytes/layout.js';

/** The boot sector with the BIOS parameter block, as all three FATs have it (section 3.1), and its signature. */
export const BOOT_SECTOR = layout('FAT boot sector', 512, 'little', {
  BS_jmpBoot: [0, bytes(3)],
  BS_OEMName: [3, ascii(8)],
  BPB_BytsPerSec: [11, u16],
  BPB_SecPerClus: [13, u8],
  BPB_RsvdSecCnt: [14, u16],
  BPB_NumFATs: [16, u8],
  BPB_RootEntCnt: [17, u16],
  BPB_TotSec16: [19, u16],
  BPB_Media: [21, u8],
  BPB_FATSz16: [22, u16],
  BPB_TotSec32: [32, u32],
  Signature_word: [510, u16],
});

/** What follows the common part on FAT12 and FAT16 (section 3.2). */
export const BOOT_SECTOR_FAT16 = layout('FAT12/16 boot sector', 512, 'little', {
  BS_VolID: [39, u32],
  BS_FilSysType: [54, ascii(8)],
});

/** What follows the common part on FAT32 (section 3.3). */
export const BOOT_SECTOR_FAT32 = layout('FAT32 boot sector', 512, 'little', {
  BPB_FATSz32: [36, u32],
  BPB_ExtFlags: [40, u16],
  BPB_RootClus: [44, u32],
  BS_VolID: [67, u32],
  BS_FilSysType: [82, ascii(8)],
});

/** `BPB_ExtFlags`: only the FAT whose number stands in the low bits is kept up to date. */
export const NO_MIRRORING = 0x80;
export const ACTIVE_FAT = 0x0f;

/** `Signature_word`. */
export const SIGNATURE = 0xaa55;

/** A directory entry (section 6). `DIR_NTRes` carries the case of the short name. */
export const DIRECTORY_ENTRY = layout('FAT directory entry', 32, 'little', {
  DIR_Name: [0, bytes(11)],
  DIR_Attr: [11, u8],
  DIR_NTRes: [12, u8],
  DIR_CrtTimeTenth: [13, u8],
  DIR_CrtTime: [14, u16],
  DIR_CrtDate: [16, u16],
  DIR_LstAccDate: [18, u16],
  DIR_FstClusHI: [20, u16],
  DIR_WrtTime: [22, u16],
  DIR_WrtDate: [24, u16],
  DIR_FstClusLO: [26, u16],
  DIR_FileSize: [28, u32],
});

/** A part of a long name (section 7): 13 UTF-16 characters in three pieces. */
export const LONG_NAME_ENTRY = layout('FAT long name entry', 32, 'little', {
  LDIR_Ord: [0, u8],
  LDIR_Name1: [1, bytes(10)],
  LDIR_Attr: [11, u8],
  LDIR_Chksum: [13, u8],
  LDIR_Name2: [14, bytes(12)],
  LDIR_Name3: [28, bytes(4)],
});

export type DirectoryRecord = Decoded<typeof DIRECTORY_ENTRY>;

/** Bits of `DIR_Attr`. */
export const ATTR_READ_ONLY = 0x01;
export const ATTR_HIDDEN = 0x02;
export const ATTR_SYSTEM = 0x04;
export const ATTR_VOLUME_ID = 0x08;
export const ATTR_DIRECTORY = 0x10;
export const ATTR_ARCHIVE = 0x20;
/** Exactly these bits mark a part of a long name. */
export const ATTR_LONG_NAME = ATTR_READ_ONLY | ATTR_HIDDEN | ATTR_SYSTEM | ATTR_VOLUME_ID;

/** First byte of `DIR_Name` of a deleted entry, and of one that never was used. */
export const DELETED = 0xe5;
export const UNUSED = 0x00;
/** Stands for 0xe5 as the first byte of a name. */
export const KANJI_E5 = 0x05;

/** Bits of `DIR_NTRes`: the base or the extension is shown in lower case. */
export const LOWER_BASE = 0x08;
export const LOWER_EXTENSION = 0x10;

/** `LDIR_Ord` of the part that comes first on the disk and last in the name. */
export const LAST_LONG_ENTRY = 0x40;
/** Characters in one part of a long name, and parts that the longest name (255 characters) has. */
export const LONG_NAME_PART = 13;
export const LONG_NAME_PARTS = 20;
