/**
 * `--pygrub-compat`: the entries of a GRUB 2 config by pygrub's numbers. pygrub does not run the script: it counts the
 * `menuentry` lines of the one file, those of branches that are not taken as well.
 */
import { GuestFiles } from '../boot/dialect.js';
import { type BootEntry, type BootMenu, findEntry } from '../boot/index.js';
import { decodeLatin1, decodeUtf8 } from '../bytes/text.js';
import { limitReached } from '../errors.js';
import type { Guest } from '../guest/guest.js';
import { integer } from './arguments.js';

/** An entry as pygrub sees it. */
interface SeenEntry {
  readonly title: string;
  readonly commands: readonly string[];
}

/**
 * The entry that `--entry` means: a number as Python reads it, the first one with a title, or what else names an entry.
 * @throws TygrubError not-found, usage
 */
export function namedEntry(menu: BootMenu, wanted: string): BootEntry {
  const number = integer(wanted);
  if (number !== null) return findEntry(menu, String(number));
  return menu.entries.find(({ title }) => title === wanted) ?? findEntry(menu, wanted);
}

/**
 * The menu with pygrub's entries in place of GRUB's. An entry that GRUB shows stays what GRUB makes of it; the others
 * are run as if they had been shown. Menus of other loaders, and configs that pygrub would refuse, stay as they are.
 * @throws TygrubError when the config cannot be read
 */
export async function numberedAsPygrub(menu: BootMenu, guest: Guest): Promise<BootMenu> {
  const { config } = menu;
  const volume = guest.volumes.find(({ name }) => name === config?.volume);
  if (config?.dialect !== 'grub2' || volume === undefined) return menu;
  const bytes = await new GuestFiles(guest, guest.limits).readConfig(volume, config.path);
  const seen = entriesInText(decodeUtf8(bytes) ?? decodeLatin1(bytes));
  if (seen === null) return menu;
  if (seen.length > guest.limits.menuEntries) {
    throw limitReached('menuEntries', `${config.path} has more than ${guest.limits.menuEntries} entries`);
  }
  const left = [...menu.entries];
  const entries: BootEntry[] = [];
  let standard = menu.default;
  for (const [index, { title, commands }] of seen.entries()) {
    const at = left.findIndex((entry) => entry.title === title && linesOf(entry.commands).join('\n') === commands.join('\n'));
    const [shown] = at < 0 ? [] : left.splice(at, 1);
    if (shown !== undefined && shown.index === menu.default) standard = index;
    entries.push({ ...(shown ?? (await menu.run(commands.join('\n'), null))), title, index });
  }
  return { ...menu, entries, default: standard };
}

/** The `menuentry` blocks of a config by its lines alone; null where their braces do not fit. */
function entriesInText(text: string): readonly SeenEntry[] | null {
  const entries: SeenEntry[] = [];
  let open: { readonly title: string; readonly commands: string[] } | null = null;
  let submenus = 0;
  let inFunction = false;
  for (const line of linesOf(text)) {
    if (line.startsWith('#')) continue;
    if (line.startsWith('function')) inFunction = true;
    else if (inFunction) inFunction = !line.startsWith('}');
    else if (/^menuentry ["'].*?["'] .*\{/.test(line)) {
      if (open !== null) return null;
      open = { title: (/["'](.*?)["'] .*\{/.exec(line)?.[1] ?? '').trim(), commands: [] };
    } else if (line.startsWith('submenu')) submenus += 1;
    else if (line.startsWith('}')) {
      if (open !== null) entries.push(open);
      else if (submenus === 0) return null;
      else submenus -= 1;
      open = null;
    } else open?.commands.push(line);
  }
  return open === null ? entries : null;
}

/** Lines with something on them, without the blanks around. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
