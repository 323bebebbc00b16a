/** Whose GRUB 2 a config was written for: upstream's or Red Hat's, told from the disk. */
import { decodeLatin1 } from '../../bytes/text.js';
import { TygrubError } from '../../errors.js';
import type { FoundConfig, GuestFiles } from '../dialect.js';
import type { Flavour } from './surroundings.js';

/** Words that only the scripts of Red Hat and its kin write into grub.cfg. */
const MARKS = [
  'kernelopts',
  'menu_auto_hide',
  'boot_success',
  'boot_indeterminate',
  'tuned_params',
  '00_tuned',
  '01_users',
  '08_fallback_counting',
  '12_menu_auto_hide',
  'increment boot_counter',
  'bls_import',
];

/** What told which rules apply. */
export interface FlavourDecision {
  readonly flavour: Flavour;
  /** A phrase for `explain` and `inspect`. */
  readonly reason: string;
}

/** Reads the config, and the environment block beside it, for marks. @throws TygrubError when the config cannot be read */
export async function detectFlavour(config: FoundConfig, files: GuestFiles): Promise<FlavourDecision> {
  const text = decodeLatin1(await files.readConfig(config.volume, config.path));
  const mark = MARKS.find((word) => text.includes(word));
  if (mark !== undefined) return { flavour: 'redhat', reason: `the config has ${mark}` };
  // Upstream's lexer would take the backslash away: only Red Hat's keeps it for the kernel.
  if (/root=live|inst\.stage2|LABEL=/.test(text) && /\\x[0-9a-fA-F]{2}/.test(text)) {
    return { flavour: 'redhat', reason: 'the config has \\xHH escapes in its arguments' };
  }
  const directory = config.path.slice(0, config.path.lastIndexOf('/'));
  if (directory.endsWith('/grub2') && text.includes('blscfg'))
    return { flavour: 'redhat', reason: 'blscfg is called in a grub2 directory' };
  const environment = await environmentText(config, files, `${directory}/grubenv`);
  if (environment.includes('\nkernelopts=') || environment.includes('\nboot_success=')) {
    return { flavour: 'redhat', reason: 'the environment block has variables that only Red Hat sets' };
  }
  return { flavour: 'upstream', reason: 'the config has no mark of Red Hat' };
}

/** The environment block as text; empty where there is none that can be read, which decides nothing. */
async function environmentText(config: FoundConfig, files: GuestFiles, path: string): Promise<string> {
  try {
    return decodeLatin1(await files.readConfig(config.volume, path));
  } catch (error) {
    if (error instanceof TygrubError) return '';
    throw error;
  }
}
