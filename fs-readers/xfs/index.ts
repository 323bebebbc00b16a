/** XFS, versions 4 and 5: recognised here, read by what is loaded when one was recognised. */
import type { FileSystemFormat } from '../filesystem.js';
import { hasMagic } from './magic.js';

/** XFS by its magic number. */
export const xfs: FileSystemFormat = {
  name: 'xfs',
  probe: hasMagic,
  open: async (source, options) => (await import('./file-system.js')).openXfs(source, options),
};
