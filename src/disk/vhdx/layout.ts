/** On-disk structures of VHDX, by the names of MS-VHDX. All integers are little-endian. */
import { ascii, bytes, flags64, layout, u16, u32, u64 } from '../../bytes/layout.js';

const KiB = 1024;

export const MiB = 1024 * KiB;
/** Headers and region tables each have two copies at fixed places (2.1). */
export const HEADER_OFFSETS = [64 * KiB, 128 * KiB] as const;
export const REGION_TABLE_OFFSETS = [192 * KiB, 256 * KiB] as const;
export const REGION_TABLE_SIZE = 64 * KiB;
/** Everything in the log is aligned to this. */
export const LOG_SECTOR = 4 * KiB;

export const FILE_TYPE_IDENTIFIER = layout('VHDX file type identifier', 520, 'little', {
  signature: [0, ascii(8)],
  creator: [8, bytes(512)],
});
export const FILE_SIGNATURE = 'vhdxfile';

export const HEADER = layout('VHDX header', 4096, 'little', {
  signature: [0, ascii(4)],
  checksum: [4, u32],
  sequenceNumber: [8, flags64],
  fileWriteGuid: [16, bytes(16)],
  dataWriteGuid: [32, bytes(16)],
  logGuid: [48, bytes(16)],
  logVersion: [64, u16],
  version: [66, u16],
  logLength: [68, u32],
  logOffset: [72, u64],
});

export const REGION_TABLE_HEADER = layout('VHDX region table', 16, 'little', {
  signature: [0, ascii(4)],
  checksum: [4, u32],
  entryCount: [8, u32],
});
export const REGION_TABLE_ENTRY = layout('VHDX region table entry', 32, 'little', {
  guid: [0, bytes(16)],
  fileOffset: [16, u64],
  length: [24, u32],
  required: [28, u32],
});
/** Entries of a region table and of a metadata table at most (2.2.3, 2.6.1). */
export const MAX_TABLE_ENTRIES = 2047;

export const Region = { bat: '2dc27766-f623-4200-9d64-115e9bfd4a08', metadata: '8b7ca206-4790-4b9a-b8fe-575f050f886e' } as const;

export const METADATA_TABLE_HEADER = layout('VHDX metadata table', 32, 'little', { signature: [0, ascii(8)], entryCount: [10, u16] });
export const METADATA_TABLE_ENTRY = layout('VHDX metadata table entry', 32, 'little', {
  itemId: [0, bytes(16)],
  offset: [16, u32],
  length: [20, u32],
  flags: [24, u32],
});
/** Bit of a metadata entry's `flags`: a reader that does not know the item must not open the file. */
export const METADATA_REQUIRED = 4;

export const Metadata = {
  fileParameters: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
  virtualDiskSize: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
  virtualDiskId: 'beca12ab-b2e6-4523-93ef-c309e000c746',
  logicalSectorSize: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
  physicalSectorSize: 'cda348c7-445d-4471-9cc9-e9885251c556',
  parentLocator: 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c',
} as const;

export const FILE_PARAMETERS = layout('VHDX file parameters', 8, 'little', { blockSize: [0, u32], flags: [4, u32] });
/** Bit of `FILE_PARAMETERS.flags`. */
export const HAS_PARENT = 2;
export const VIRTUAL_DISK_SIZE = layout('VHDX virtual disk size', 8, 'little', { virtualDiskSize: [0, u64] });
export const LOGICAL_SECTOR_SIZE = layout('VHDX logical sector size', 4, 'little', { logicalSectorSize: [0, u32] });

export const PARENT_LOCATOR_HEADER = layout('VHDX parent locator', 20, 'little', { locatorType: [0, bytes(16)], keyValueCount: [18, u16] });
export const PARENT_LOCATOR_ENTRY = layout('VHDX parent locator entry', 12, 'little', {
  keyOffset: [0, u32],
  valueOffset: [4, u32],
  keyLength: [8, u16],
  valueLength: [10, u16],
});
/** The only locator type that there is. */
export const VHDX_PARENT_LOCATOR = 'b04aefb7-d19e-4a81-b789-25b8e9445913';

/** State in bits 0 to 2, offset in MiB in bits 20 to 63. */
export const BAT_ENTRY = layout('VHDX BAT entry', 8, 'little', { entry: [0, flags64] });
/** States of payload blocks (2.5.1.1); `present` is that of sector bitmap blocks as well. */
export const BlockState = { notPresent: 0, undefined: 1, zero: 2, unmapped: 3, present: 6, partiallyPresent: 7 } as const;
/** Sectors that one sector bitmap block describes. */
export const SECTORS_PER_CHUNK = 2 ** 23;

export const LOG_ENTRY_HEADER = layout('VHDX log entry', 64, 'little', {
  signature: [0, ascii(4)],
  checksum: [4, u32],
  entryLength: [8, u32],
  tail: [12, u32],
  sequenceNumber: [16, flags64],
  descriptorCount: [24, u32],
  logGuid: [32, bytes(16)],
  flushedFileOffset: [48, u64],
  lastFileOffset: [56, u64],
});
export const LOG_DESCRIPTOR = layout('VHDX log descriptor', 32, 'little', {
  signature: [0, ascii(4)],
  trailingBytes: [4, bytes(4)],
  leadingBytes: [8, bytes(8)],
  fileOffset: [16, u64],
  sequenceNumber: [24, flags64],
});
/** A zero descriptor has a length in the place of the leading bytes. */
export const LOG_ZERO_DESCRIPTOR = layout('VHDX log zero descriptor', 32, 'little', {
  signature: [0, ascii(4)],
  zeroLength: [8, u64],
  fileOffset: [16, u64],
  sequenceNumber: [24, flags64],
});
export const LOG_DATA_SECTOR = layout('VHDX log data sector', 4096, 'little', {
  signature: [0, ascii(4)],
  sequenceHigh: [4, u32],
  data: [8, bytes(4084)],
  sequenceLow: [4092, u32],
});
/** What a descriptor begins with. */
export const DESCRIPTOR_SIGNATURE = { data: 'desc', zero: 'zero' } as const;
