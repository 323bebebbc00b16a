/** Linux md: arrays of volumes, named as GRUB names them (`md/NAME`, `mduuid/HEX`). */
import type { VolumeManager } from '../volume.js';
import { hasSuperblock0 } from './superblock-0.js';
import { hasSuperblock1 } from './superblock-1.js';

/** Recognises members; what puts them together is loaded when there are some. */
export const md: VolumeManager = {
  name: 'md',
  async probe(source) {
    return (await hasSuperblock1(source)) || (await hasSuperblock0(source));
  },
  assemble: async (members, limits) => (await import('./assemble.js')).assembleMd(members, limits),
};
