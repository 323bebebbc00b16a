/** GRUB 2: finds its configs on a volume and reads the menu that they make. */
import { notFound } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import type { BootDialect, BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import type { BootMenu } from '../menu.js';
import { COMMANDS } from './commands/index.js';
import { detectFlavour } from './flavour.js';
import { readMenu } from './read-menu.js';
import { Surroundings } from './surroundings.js';

/** Directories that hold a grub.cfg, best first: on a root filesystem, on a separate /boot, on an ESP. */
const PLACES = ['/boot/grub', '/boot/grub2', '/grub', '/grub2', '/@/boot/grub', '/@/boot/grub2', '/root/boot/grub', '/root/boot/grub2'];

/** Directories with a directory for each vendor, which holds a grub.cfg. */
const VENDOR_PLACES = ['/EFI', '/efi', '/boot/efi/EFI', '/boot/EFI'];

async function find(files: GuestFiles, volume: GuestVolume): Promise<readonly FoundConfig[]> {
  const found: FoundConfig[] = [];
  const seen = new Set<string>();
  const look = async (path: string): Promise<void> => {
    const node = await files.stat(volume, path);
    if (node?.type !== 'f' || seen.has(node.id)) return;
    seen.add(node.id);
    found.push({ volume, path });
  };
  for (const place of PLACES) await look(`${place}/grub.cfg`);
  for (const place of VENDOR_PLACES) {
    const vendors = (await files.list(volume, place)).slice(0, MAX_VENDORS);
    for (const vendor of vendors.sort()) await look(`${place}/${vendor}/grub.cfg`);
  }
  await look('/grub.cfg');
  return found;
}

/** Directories below /EFI that are looked into; a real ESP has a handful. */
const MAX_VENDORS = 64;

async function read(config: FoundConfig, files: GuestFiles, options: BootOptions): Promise<BootMenu> {
  const { flavour, reason } =
    options.grubFlavour === undefined
      ? await detectFlavour(config, files)
      : { flavour: options.grubFlavour, reason: 'they were asked for' };
  const surroundings = new Surroundings(files, flavour, COMMANDS);
  const rules = `${flavour === 'redhat' ? "Red Hat's" : "upstream's"} rules of GRUB 2 apply: ${reason}`;
  const start = { volume: config.volume, path: config.path, platform: options.platform ?? 'pc' };
  const menu = await readMenu(surroundings, start, rules);
  if (menu === null) {
    const attempts = surroundings.allWarnings().map((w) => `${w.file ?? ''}${w.line === null ? '' : `:${w.line}`} ${w.message}`);
    throw notFound('grub2.no-entries', `${config.volume.name}:${config.path} makes no menu entries`, { attempts: attempts.slice(0, 10) });
  }
  return menu;
}

export const GRUB2: BootDialect = { name: 'grub2', find, claims: (path) => path.endsWith('/grub.cfg'), read };
