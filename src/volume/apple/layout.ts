/** The Apple partition map (Inside Macintosh: Devices, chapter 3): a driver descriptor, then an entry in each block. */
import { ascii, bytes, layout, u16, u32 } from '../../bytes/layout.js';

export const DRIVER_DESCRIPTOR = layout('Apple driver descriptor', 512, 'big', {
  sbSig: [0, ascii(2)],
  sbBlkSize: [2, u16],
});
export const DRIVER_SIGNATURE = 'ER';

export const PARTITION_MAP_ENTRY = layout('Apple partition map entry', 512, 'big', {
  pmSig: [0, ascii(2)],
  pmMapBlkCnt: [4, u32],
  pmPyPartStart: [8, u32],
  pmPartBlkCnt: [12, u32],
  pmPartName: [16, bytes(32)],
  pmParType: [48, bytes(32)],
});
export const ENTRY_SIGNATURE = 'PM';
