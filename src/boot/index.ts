/** The way from a guest to its boot menu. */
import { notFound } from '../errors.js';
import type { Guest } from '../guest/guest.js';
import type { BootDialect, BootOptions } from './dialect.js';
import { GRUB_LEGACY } from './grub-legacy/index.js';
import type { BootEntry, BootMenu } from './menu.js';
import { SYSLINUX } from './syslinux/index.js';

export type { BootOptions } from './dialect.js';
export type { AccessControl, BootEntry, BootFile, BootMenu, ConfigPlace, ConfigWarning, Hypervisor } from './menu.js';

/** All dialects, in the order in which a volume is asked for them. */
export const BOOT_DIALECTS: readonly BootDialect[] = [SYSLINUX, GRUB_LEGACY];

/**
 * Finds the boot configuration and reads its menu.
 * @throws TygrubError not-found when there is none, listing each place that was looked at
 */
export async function readBootMenu(guest: Guest, _options: BootOptions = {}): Promise<BootMenu> {
  throw notFound('boot.no-config', 'no boot configuration was found', { attempts: guest.volumes.map((v) => v.name) });
}

/**
 * The entry that a person means by an index, a title, an id or a path (`Submenu>Title`, `1>0`).
 * @throws TygrubError not-found listing the entries; usage when a title fits several
 */
export function findEntry(menu: BootMenu, wanted: string): BootEntry {
  throw notFound('boot.no-entry', `there is no entry ${wanted} among ${menu.entries.length}`);
}
