/**
 * SYSLINUX, EXTLINUX, ISOLINUX and PXELINUX configurations, and U-Boot's and petitboot's reading of extlinux.conf.
 * Reference: doc/syslinux.txt, doc/menu.txt and com32/elflink/ldlinux/readconfig.c of SYSLINUX 6.
 */
import type { GuestVolume } from '../../guest/guest.js';
import { baseName, directoryOf, existingConfigs } from '../assemble.js';
import type { BootDialect, FoundConfig, GuestFiles } from '../dialect.js';

/** Where the loaders look, extlinux first: an installed system has that one. */
const PLACES = [
  ...['/boot/extlinux/extlinux.conf', '/extlinux/extlinux.conf', '/boot/extlinux.conf', '/extlinux.conf'],
  ...['/boot/syslinux/extlinux.conf', '/boot/syslinux/syslinux.cfg', '/syslinux/syslinux.cfg', '/boot/syslinux.cfg', '/syslinux.cfg'],
  ...['/boot/isolinux/isolinux.cfg', '/isolinux/isolinux.cfg', '/isolinux.cfg', '/boot/isolinux/syslinux.cfg', '/isolinux/syslinux.cfg'],
  ...['/EFI/syslinux/syslx64.cfg', '/EFI/syslinux/syslinux.cfg', '/EFI/BOOT/syslx64.cfg', '/EFI/BOOT/syslinux.cfg'],
];

const NAMES: ReadonlySet<string> = new Set(['extlinux.conf', 'syslinux.cfg', 'isolinux.cfg', 'syslx64.cfg', 'syslia32.cfg']);
const DIRECTORIES: ReadonlySet<string> = new Set(['extlinux', 'syslinux', 'isolinux', 'pxelinux.cfg']);

function claims(path: string): boolean {
  return NAMES.has(baseName(path).toLowerCase()) || DIRECTORIES.has(baseName(directoryOf(path)).toLowerCase());
}

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  return existingConfigs(files, volume, PLACES);
}

/** SYSLINUX's row in the table of dialects. */
export const SYSLINUX: BootDialect = {
  name: 'syslinux',
  find,
  claims,
  read: async (...args) => (await import('./read.js')).readSyslinux(...args),
};
