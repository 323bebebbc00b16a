/** The SGI disk volume header (IRIX `sys/dvh.h`), sector 0, big-endian. */
import { array, bytes, layout, u32 } from '../../bytes/layout.js';

export const VHMAGIC = 0x0be5a941;
export const NPARTAB = 16;

export const VOLUME_HEADER = layout('SGI volume header', 512, 'big', {
  vh_magic: [0, u32],
  vh_pt: [312, bytes(NPARTAB * 12)],
});

/** These add up to 0 in a right header. */
export const VOLUME_HEADER_WORDS = layout('SGI volume header', 512, 'big', { words: [0, array(128, u32)] });

export const PARTITION_TABLE_ENTRY = layout('SGI partition', 12, 'big', {
  pt_nblks: [0, u32],
  pt_firstlbn: [4, u32],
  pt_type: [8, u32],
});
