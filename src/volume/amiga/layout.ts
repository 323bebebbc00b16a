/** The Amiga rigid disk block and its partition blocks (AmigaOS `devices/hardblocks.h`), big-endian. */
import { array, ascii, bytes, layout, u32 } from '../../bytes/layout.js';

/** The rigid disk block is in one of the first blocks. */
export const RDB_LOCATION_LIMIT = 16;
export const BLOCK = 512;

/** What all blocks begin with. The longs up to `SummedLongs` add up to 0. */
export const AMIGA_BLOCK = layout('Amiga disk block', BLOCK, 'big', {
  ID: [0, ascii(4)],
  SummedLongs: [4, u32],
  longs: [0, array(BLOCK / 4, u32)],
});

export const RIGID_DISK_BLOCK = layout('Amiga rigid disk block', BLOCK, 'big', {
  rdb_BlockBytes: [16, u32],
  rdb_PartitionList: [28, u32],
});
export const IDNAME_RIGIDDISK = 'RDSK';

export const PARTITION_BLOCK = layout('Amiga partition block', BLOCK, 'big', {
  pb_Next: [16, u32],
  pb_DriveName: [36, bytes(32)],
  de_Surfaces: [140, u32],
  de_BlocksPerTrack: [148, u32],
  de_LowCyl: [164, u32],
  de_HighCyl: [168, u32],
  de_DosType: [192, u32],
});
export const IDNAME_PARTITION = 'PART';
/** Ends a list of blocks. */
export const LIST_END = 0xffffffff;
