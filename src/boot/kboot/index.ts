/**
 * kboot.conf, as petitboot (and kboot before it) reads it: `name='KERNEL ARGUMENTS'`, with `initrd=` among the arguments.
 */
import type { GuestVolume } from '../../guest/guest.js';
import { baseName, existingConfigs } from '../assemble.js';
import type { BootDialect, FoundConfig, GuestFiles } from '../dialect.js';

const PLACES = ['/kboot.conf', '/kboot.cnf', '/etc/kboot.conf', '/etc/kboot.cnf', '/boot/kboot.conf'];

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  return existingConfigs(files, volume, PLACES);
}

/** kboot's row in the table of dialects. */
export const KBOOT: BootDialect = {
  name: 'kboot',
  find,
  claims: (path) => ['kboot.conf', 'kboot.cnf'].includes(baseName(path).toLowerCase()),
  read: async (...args) => (await import('./read.js')).readKboot(...args),
};
