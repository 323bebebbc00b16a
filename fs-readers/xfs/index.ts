/** XFS, versions 4 and 5: recognised here, read by what is loaded when one was recognised. */
import type { FileSystemFormat } from '../filesystem.js';
import { MAGIC, SUPERBLOCK, XFS_MAGIC } from './layout.js';

/** XFS by its magic number. */
export const xfs: FileSystemFormat = {
  name: 'xfs',
  async probe(source) {
    // Only the field itself: the 64-bit fields of what is no superblock may be anything.
    return source.size >= SUPERBLOCK.size && MAGIC.decode(await source.read(0, SUPERBLOCK.size)).magicnum === XFS_MAGIC;
  },
  open: async (source, options) => (await import('./file-system.js')).openXfs(source, options),
};
