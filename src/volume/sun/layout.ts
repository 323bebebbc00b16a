/** The disk label of SunOS and Solaris on SPARC (`struct dk_label`), sector 0, big-endian. */
import { array, bytes, layout, u16, u32 } from '../../bytes/layout.js';

export const SUN_MAGIC = 0xdabe;
export const SUN_LABEL_PARTITIONS = 8;

export const SUN_LABEL = layout('Sun disk label', 512, 'big', {
  vtoc_infos: [142, bytes(SUN_LABEL_PARTITIONS * 4)],
  ntrks: [436, u16],
  nsect: [438, u16],
  partitions: [444, bytes(SUN_LABEL_PARTITIONS * 8)],
  magic: [508, u16],
  csum: [510, u16],
});

/** The exclusive or of these is 0 in a right label. */
export const SUN_LABEL_WORDS = layout('Sun disk label', 512, 'big', { words: [0, array(256, u16)] });

export const SUN_PARTITION = layout('Sun partition', 8, 'big', {
  start_cylinder: [0, u32],
  num_sectors: [4, u32],
});

export const SUN_INFO = layout('Sun partition info', 4, 'big', {
  id: [0, u16],
  flags: [2, u16],
});
