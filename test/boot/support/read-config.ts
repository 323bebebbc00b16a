/** Reading one config of a guest in memory, without the search for it. */
import { GuestFiles } from '../../../src/boot/dialect.js';
import { BOOT_DIALECTS } from '../../../src/boot/index.js';
import type { BootEntry, BootMenu } from '../../../src/boot/menu.js';
import type { Guest } from '../../../src/guest/guest.js';
import { type Files, oneVolumeGuest } from '../../support/directory-filesystem.js';

/** Reads a config with the dialect of a name. The volume is the guest's first one where none is named. */
export async function readConfig(guest: Guest, dialect: string, path: string, volume?: string): Promise<BootMenu> {
  const row = BOOT_DIALECTS.find((each) => each.name === dialect);
  const where = guest.volumes.find((each) => volume === undefined || each.name === volume);
  if (row === undefined || where === undefined) throw new Error(`no dialect ${dialect} or no volume ${volume}`);
  return row.read({ volume: where, path }, new GuestFiles(guest, guest.limits), {});
}

/** The menu of a config in a table of files, on one filesystem. */
export function menuOf(dialect: string, path: string, files: Files): Promise<BootMenu> {
  return readConfig(oneVolumeGuest(files), dialect, path);
}

/** What boots, on one line: `VOLUME:KERNEL [INITRDS] ARGS`, with the hypervisor in front. */
export function summary(entry: BootEntry | undefined): string {
  if (entry === undefined) return 'none';
  const { hypervisor, kernel, initrds, args } = entry;
  const xen = hypervisor === null ? '' : `${hypervisor.path} {${hypervisor.args}} `;
  const parts = initrds.map((file) => (file.part === null ? file.path : `${file.path}#${file.part}`)).join(' ');
  return kernel === null ? 'boots nothing' : `${xen}${kernel.volume}:${kernel.path} [${parts}] ${args}`.trimEnd();
}

/** The entry that a menu boots by default. */
export function defaultOf(menu: BootMenu): BootEntry | undefined {
  return menu.default === null ? undefined : menu.entries[menu.default];
}
