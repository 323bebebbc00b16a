/**
 * FAT12, FAT16 and FAT32 with long names, after Microsoft's "FAT File System Specification" and, where disks differ from
 * it, after what Linux's vfat reads from them. Recognised here, read by what is loaded when one was recognised.
 */
import type { FileSystemFormat } from '../filesystem.js';
import { notFat } from './boot-sector.js';
import { BOOT_SECTOR } from './layout.js';

/** FAT's row in the table of filesystems. */
export const fat: FileSystemFormat = {
  name: 'fat',
  async probe(source) {
    return source.size >= BOOT_SECTOR.size && notFat(await source.read(0, BOOT_SECTOR.size)) === null;
  },
  open: async (source, options) => (await import('./file-system.js')).openFat(source, options),
};
