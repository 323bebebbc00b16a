/** The way from a guest to its boot menu. */
import { notFound, problemOf, usageError } from '../errors.js';
import type { Guest } from '../guest/guest.js';
import { type BootDialect, type BootOptions, GuestFiles } from './dialect.js';
import { GRUB_LEGACY } from './grub-legacy/index.js';
import { GRUB2 } from './grub2/index.js';
import { KBOOT } from './kboot/index.js';
import { LILO } from './lilo/index.js';
import type { BootMenu } from './menu.js';
import { SYSLINUX } from './syslinux/index.js';
import { UKI } from './systemd-boot/firmware.js';
import { SYSTEMD_BOOT } from './systemd-boot/index.js';
import { U_BOOT } from './u-boot/index.js';

export type { BootOptions } from './dialect.js';
export { findEntry } from './find-entry.js';
export type { AccessControl, BootEntry, BootFile, BootMenu, ConfigPlace, ConfigWarning, Hypervisor } from './menu.js';

/** All dialects, in the order in which a volume is asked for them. */
export const BOOT_DIALECTS: readonly BootDialect[] = [GRUB2, SYSTEMD_BOOT, UKI, SYSLINUX, GRUB_LEGACY, LILO, KBOOT, U_BOOT];

/**
 * Finds the boot configuration and reads its menu.
 * @throws TygrubError not-found when there is none, listing each place that was looked at
 */
export async function readBootMenu(guest: Guest, options: BootOptions = {}): Promise<BootMenu> {
  const files = new GuestFiles(guest, guest.limits);
  if (options.config !== undefined) return readNamedConfig(guest, files, options.config, options);
  const attempts: string[] = [];
  for (const volume of guest.volumes) {
    const { filesystem, problem } = await volume.inspect();
    if (filesystem === null) {
      attempts.push(`${volume.name}: ${problem?.message ?? 'no filesystem that tygrub knows'}`);
      continue;
    }
    let found = 0;
    for (const dialect of BOOT_DIALECTS) {
      try {
        for (const config of await dialect.find(files, volume)) {
          found += 1;
          try {
            return await dialect.read(config, files, options);
          } catch (error) {
            attempts.push(`${volume.name}:${config.path}: ${problemOf(error).message}`);
          }
        }
      } catch (error) {
        attempts.push(`${volume.name}: ${dialect.name}: ${problemOf(error).message}`);
      }
    }
    if (found === 0) attempts.push(`${volume.name}: no boot configuration`);
  }
  throw notFound('boot.no-config', 'no boot configuration was found', { attempts });
}

async function readNamedConfig(guest: Guest, files: GuestFiles, place: string, options: BootOptions): Promise<BootMenu> {
  const colon = place.indexOf(':');
  if (colon < 1) throw usageError('boot.config-place', `${place} is no VOLUME:PATH`);
  const volume = await guest.volume(place.slice(0, colon));
  const path = place.slice(colon + 1);
  const dialect = BOOT_DIALECTS.find((row) => row.claims(path)) ?? GRUB2;
  return dialect.read({ volume, path }, files, options);
}
