/**
 * LILO and ELILO. Reference: lilo.conf(5) and elilo.txt. LILO keeps block numbers of the files, not their names; the
 * config that it was installed from says which files these were.
 */
import type { GuestVolume } from '../../guest/guest.js';
import { baseName, existingConfigs, vendorPaths } from '../assemble.js';
import type { BootDialect, FoundConfig, GuestFiles } from '../dialect.js';

const PLACES = ['/etc/lilo.conf', '/etc/elilo.conf'];

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  return existingConfigs(files, volume, [...PLACES, ...(await vendorPaths(files, volume, 'elilo.conf'))]);
}

/** LILO's row in the table of dialects. */
export const LILO: BootDialect = {
  name: 'lilo',
  find,
  claims: (path) => ['lilo.conf', 'elilo.conf'].includes(baseName(path)),
  read: async (...args) => (await import('./read.js')).readLilo(...args),
};
