/** The way from a guest to its boot menu. */
import { gravest, TygrubError } from '../errors.js';
import type { Guest } from '../guest/guest.js';
import { type BootDialect, type BootOptions, GuestFiles } from './dialect.js';
import { GRUB_LEGACY } from './grub-legacy/index.js';
import { GRUB2 } from './grub2/index.js';
import { KBOOT } from './kboot/index.js';
import { LILO } from './lilo/index.js';
import type { BootMenu } from './menu.js';
import { type ConfigCandidate, readNamedConfig, searchConfigs } from './search.js';
import { SYSLINUX } from './syslinux/index.js';
import { UKI } from './systemd-boot/firmware.js';
import { SYSTEMD_BOOT } from './systemd-boot/index.js';
import { U_BOOT } from './u-boot/index.js';

export type { BootOptions } from './dialect.js';
export { type ExplainedFile, type Explanation, explain } from './explain.js';
export { findEntry } from './find-entry.js';
export type { AccessControl, BootEntry, BootFile, BootMenu, ConfigPlace, ConfigWarning, Hypervisor } from './menu.js';
export type { ConfigCandidate } from './search.js';

/** All dialects, in the order in which a volume is asked for them. */
export const BOOT_DIALECTS: readonly BootDialect[] = [GRUB2, SYSTEMD_BOOT, UKI, SYSLINUX, GRUB_LEGACY, LILO, KBOOT, U_BOOT];

/**
 * Finds the boot configuration and reads its menu. Where there is none the menu is made of the kernels that lie on the
 * disk; such entries are marked as guesses, and none of them is the default without `options.guess`.
 * @throws TygrubError when there is none, listing each place that was looked at: not-found, or what the gravest failure there
 * was (corrupt, unsupported, limit, io)
 */
export async function readBootMenu(guest: Guest, options: BootOptions = {}): Promise<BootMenu> {
  if (options.config !== undefined) return readNamedConfig(guest, BOOT_DIALECTS, options.config, options);
  const { menu, attempts } = await searchConfigs(guest, BOOT_DIALECTS, options, false);
  if (menu !== null) return menu;
  const { guessMenu } = await import('./guess/index.js');
  const guesses = await guessMenu(new GuestFiles(guest, guest.limits), options);
  if (guesses === null) {
    throw new TygrubError(gravest(attempts.map(({ kind }) => kind)), 'boot.no-config', 'no boot configuration was found', {
      attempts: attempts.map(({ message }) => message),
      hint: 'tygrub inspect shows what is on the disk',
    });
  }
  const warnings = attempts.map(({ message }) => ({ code: 'boot.no-config', message, file: null, line: null }));
  return { ...guesses, warnings: [...warnings, ...guesses.warnings] };
}

/**
 * All boot configurations of the guest, in the order in which they count, the one that makes the menu marked.
 * @throws TygrubError only when a bound is reached
 */
export async function findConfigs(guest: Guest, options: BootOptions = {}): Promise<readonly ConfigCandidate[]> {
  return (await searchConfigs(guest, BOOT_DIALECTS, options, true)).configs;
}
