/** btrfs: recognised here, read by what is loaded when one was recognised. */
import type { FileSystemFormat } from '../filesystem.js';
import { hasMagic, superblockBytes } from './magic.js';

const open: FileSystemFormat['open'] = async (source, options) => (await import('./file-system.js')).openBtrfs(source, options);

/** btrfs by the magic number of its first superblock. */
export const btrfs: FileSystemFormat = {
  name: 'btrfs',
  async probe(source) {
    const bytes = await superblockBytes(source, 0);
    return bytes !== null && hasMagic(bytes);
  },
  open,
};

/** btrfs whose first superblock was lost: recognised by a copy. To be asked after all formats with a magic number of their own. */
export const btrfsBackup: FileSystemFormat = {
  name: 'btrfs backup superblock',
  async probe(source) {
    const copy = await superblockBytes(source, 1);
    return copy !== null && hasMagic(copy) && (await import('./superblock.js')).hasOnlyBackup(source);
  },
  open,
};
