/** GRUB legacy (0.97): menu.lst and grub.conf. Reference: its manual, "Configuration" and "Commands", and stage 2. */
import type { GuestVolume } from '../../guest/guest.js';
import { baseName, existingConfigs, vendorPaths } from '../assemble.js';
import type { BootDialect, FoundConfig, GuestFiles } from '../dialect.js';

/** Where stage 2 is installed to look, and the link that Red Hat keeps in /etc. */
const PLACES = ['/boot/grub/menu.lst', '/boot/grub/grub.conf', '/grub/menu.lst', '/grub/grub.conf', '/etc/grub.conf'];

const NAMES: ReadonlySet<string> = new Set(['menu.lst', 'grub.conf']);

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  return existingConfigs(files, volume, [...PLACES, ...(await vendorPaths(files, volume, 'grub.conf'))]);
}

/** GRUB legacy's row in the table of dialects. */
export const GRUB_LEGACY: BootDialect = {
  name: 'grub-legacy',
  find,
  claims: (path) => NAMES.has(baseName(path)),
  read: async (...args) => (await import('./read.js')).readGrubLegacy(...args),
};
