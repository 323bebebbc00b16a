/** The Solaris x86 volume table of contents (`struct dk_label` with `struct dkl_vtoc`), in sector 1 of its partition. */
import { array, ascii, layout, u16, u32 } from '../../bytes/layout.js';

/** `v_sanity`. */
export const VTOC_SANE = 0x600ddeee;
/** `v_version` that is understood. */
export const V_VERSION = 1;
/** Sector of the label in the partition. */
export const LABEL_SECTOR = 1;
/** Entries in the table: 16 on x86, 8 where `v_nparts` says no more. */
export const SLICES = 16;

export const VTOC = layout('Solaris VTOC', 264, 'little', {
  v_bootinfo: [0, array(3, u32)],
  v_sanity: [12, u32],
  v_version: [16, u32],
  v_volume: [20, ascii(8)],
  v_sectorsz: [28, u16],
  v_nparts: [30, u16],
});

/** One slice; the table starts at byte 72 of the label. */
export const VTOC_SLICE = layout('Solaris slice', 12, 'little', {
  s_tag: [0, u16],
  s_flag: [2, u16],
  s_start: [4, u32],
  s_size: [8, u32],
});
export const SLICE_TABLE_OFFSET = 72;
