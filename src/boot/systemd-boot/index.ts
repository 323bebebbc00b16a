/**
 * systemd-boot: loader.conf, type 1 entries and type 2 unified kernel images. Reference: the UAPI group's boot loader
 * specification and systemd's loader.conf(5); where they leave room, systemd-boot itself.
 */
import type { GuestVolume } from '../../guest/guest.js';
import type { BootDialect, FoundConfig, GuestFiles } from '../dialect.js';

/** Where the boot partition may be: on its own, or inside a root filesystem. */
const BASES = ['', '/boot', '/efi', '/boot/efi'];

/** What marks a boot partition, the best first. */
const MARKS = ['/loader/loader.conf', '/loader/entries', '/EFI/Linux'];

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  const found: FoundConfig[] = [];
  for (const base of BASES) {
    for (const mark of MARKS) {
      const path = base + mark;
      const names = mark.endsWith('.conf') ? [] : await files.list(volume, path);
      const there = mark.endsWith('.conf')
        ? (await files.stat(volume, path))?.type === 'f'
        : names.some((name) => name.toLowerCase().endsWith(mark === '/EFI/Linux' ? '.efi' : '.conf'));
      if (!there) continue;
      found.push({ volume, path });
      break;
    }
  }
  return found;
}

function claims(path: string): boolean {
  const lower = path.toLowerCase();
  return lower.endsWith('/loader/loader.conf') || `${lower}/`.includes('/loader/entries/') || lower.endsWith('/efi/linux');
}

/** systemd-boot's row in the table of dialects. */
export const SYSTEMD_BOOT: BootDialect = {
  name: 'systemd-boot',
  find,
  claims,
  read: async (...args) => (await import('./read.js')).readSystemdBoot(...args),
};
