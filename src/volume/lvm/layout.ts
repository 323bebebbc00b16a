/** LVM2's structures on a physical volume: label, header, metadata areas. */
import { ascii, layout, u32, u64 } from '../../bytes/layout.js';

export const SECTOR = 512;
/** The label is in one of the first four sectors. */
export const LABEL_SCAN_SECTORS = 4;

export const LABEL_HEADER = layout('LVM2 label', 32, 'little', {
  id: [0, ascii(8)],
  sector_xl: [8, u64],
  crc_xl: [16, u32],
  offset_xl: [20, u32],
  type: [24, ascii(8)],
});
export const LABEL_ID = 'LABELONE';
export const LVM2_LABEL = 'LVM2 001';

/** Follows the label at `offset_xl`; then come two lists of `DISK_LOCN`, each ended by one with offset 0. */
export const PV_HEADER = layout('LVM2 physical volume header', 40, 'little', {
  pv_uuid: [0, ascii(32)],
  device_size_xl: [32, u64],
});

export const DISK_LOCN = layout('LVM2 disk location', 16, 'little', {
  offset: [0, u64],
  size: [8, u64],
});

/** The first sector of a metadata area; then come `RAW_LOCN`s up to one with offset 0. */
export const MDA_HEADER = layout('LVM2 metadata area header', 40, 'little', {
  checksum_xl: [0, u32],
  magic: [4, ascii(16)],
  version: [20, u32],
  start: [24, u64],
  size: [32, u64],
});
export const FMTT_MAGIC = ' LVM2 x[5A%r0N*>';
export const FMTT_VERSION = 1;
export const MDA_HEADER_SIZE = 512;

export const RAW_LOCN = layout('LVM2 metadata location', 24, 'little', {
  offset: [0, u64],
  size: [8, u64],
  checksum: [16, u32],
  flags: [20, u32],
});
/** Bit of `flags`: the area is not kept up to date. */
export const RAW_LOCN_IGNORED = 1;

/** What LVM's CRC-32 starts from; it is not inverted at the end. */
export const INITIAL_CRC = 0xf597a6cf;

/** The superblock that dm-raid keeps in the metadata volume of each image. */
export const DM_RAID_SUPERBLOCK = layout('dm-raid superblock', 52, 'little', {
  magic: [0, u32],
  compat_features: [4, u32],
  num_devices: [8, u32],
  array_position: [12, u32],
  events: [16, u64],
  failed_devices: [24, u64],
  disk_recovery_offset_low: [32, u32],
  disk_recovery_offset_high: [36, u32],
});
export const DM_RAID_MAGIC = 0x64526d44;
