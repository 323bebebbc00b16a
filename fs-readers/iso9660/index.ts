/**
 * ISO 9660 (ECMA-119) with Rock Ridge and Joliet, as Linux reads it. Discs often hold the same files in several trees:
 * Rock Ridge's is preferred, then Joliet's, then the standard's own. Recognised
 * here, read by what is loaded when one was recognised.
 */
import type { FileSystemFormat } from '../filesystem.js';
import { hasDescriptors } from './descriptor-id.js';

/** ISO 9660's row in the table of filesystems. */
export const iso9660: FileSystemFormat = {
  name: 'iso9660',
  probe: hasDescriptors,
  open: async (source, options) => (await import('./file-system.js')).openIso9660(source, options),
};
