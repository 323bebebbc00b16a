/** The GUID partition table: header and entries (UEFI specification, section 5.3). */
import { ascii, bytes, flags64, layout, u32, u64OrNone } from '../../bytes/layout.js';

/** `Signature` of the header. */
export const EFI_PART = 'EFI PART';

export const GPT_HEADER = layout('GPT header', 92, 'little', {
  Signature: [0, ascii(8)],
  Revision: [8, u32],
  HeaderSize: [12, u32],
  HeaderCRC32: [16, u32],
  MyLBA: [24, u64OrNone],
  AlternateLBA: [32, u64OrNone],
  FirstUsableLBA: [40, u64OrNone],
  LastUsableLBA: [48, u64OrNone],
  DiskGUID: [56, bytes(16)],
  PartitionEntryLBA: [72, u64OrNone],
  NumberOfPartitionEntries: [80, u32],
  SizeOfPartitionEntry: [84, u32],
  PartitionEntryArrayCRC32: [88, u32],
});

export const GPT_ENTRY = layout('GPT partition entry', 128, 'little', {
  PartitionTypeGUID: [0, bytes(16)],
  UniquePartitionGUID: [16, bytes(16)],
  StartingLBA: [32, u64OrNone],
  EndingLBA: [40, u64OrNone],
  Attributes: [48, flags64],
  PartitionName: [56, bytes(72)],
});

/** `Attributes` bit 2: a legacy BIOS may boot from this partition. */
export const LEGACY_BIOS_BOOTABLE = 1 << 2;
/** The sizes of logical sectors that disks have; the header is in sector 1. */
export const SECTOR_SIZES = [512, 4096] as const;
