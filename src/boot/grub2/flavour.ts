/** Whose GRUB 2 a config was written for: upstream's or Red Hat's, told from the disk. */
import { decodeLatin1 } from '../../bytes/text.js';
import type { FoundConfig, GuestFiles } from '../dialect.js';
import type { Flavour } from './surroundings.js';

/** Words that only the scripts of Red Hat and its kin write into grub.cfg. */
const MARKS = [
  'kernelopts',
  'menu_auto_hide',
  'boot_success',
  '01_users',
  'tuned_params',
  '08_fallback_counting',
  'increment boot_counter',
];

/** Reads the config for marks. @throws TygrubError when it cannot be read */
export async function detectFlavour(config: FoundConfig, files: GuestFiles): Promise<Flavour> {
  const text = decodeLatin1(await files.readConfig(config.volume, config.path));
  const redHatPlace = config.path.includes('/grub2/');
  if (MARKS.some((mark) => text.includes(mark))) return 'redhat';
  return redHatPlace && text.includes('blscfg') ? 'redhat' : 'upstream';
}
