/** U-Boot's own scripts: found and named, not read. They are programs for the board's firmware, with its environment. */
import { unsupported } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import { baseName, existingConfigs } from '../assemble.js';
import type { BootDialect, FoundConfig, GuestFiles } from '../dialect.js';
import type { BootMenu } from '../menu.js';

/** What U-Boot's standard boot looks for, and the environment files of older boards. */
const PLACES = ['boot.scr.uimg', 'boot.scr', 'uEnv.txt'].flatMap((name) => [`/${name}`, `/boot/${name}`]);

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  return existingConfigs(files, volume, PLACES);
}

async function read({ volume, path }: FoundConfig): Promise<BootMenu> {
  throw unsupported('u-boot.script', `${volume.name}:${path} is a script for U-Boot, which tygrub does not run`, {
    hint: 'write an extlinux.conf, or name the kernel yourself',
  });
}

/** U-Boot's row in the table of dialects: the last one, so that every other config comes first. */
export const U_BOOT: BootDialect = {
  name: 'u-boot',
  lastResort: true,
  find,
  claims: (path) => ['boot.scr', 'boot.scr.uimg', 'uenv.txt'].includes(baseName(path).toLowerCase()),
  read,
};
