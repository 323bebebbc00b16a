/** Which entry of a menu a person means. */

import { printable } from '../bytes/text.js';
import { notFound, usageError } from '../errors.js';
import type { BootEntry, BootMenu } from './menu.js';

/** Characters of a message in which entries are named; a longer menu is only counted. */
const SHOWN = 160;

/** Entries of one name that a message tells apart. */
const MOST = 10;

/**
 * The entry that a person means by an index, a title, an id, or a path of titles, ids or numbers with `>` between
 * (`Advanced options>Debian`, `1>0`).
 * @throws TygrubError not-found listing the entries; usage when a name fits several
 */
export function findEntry(menu: BootMenu, wanted: string): BootEntry {
  const { entries } = menu;
  if (/^[0-9]{1,9}$/.test(wanted)) {
    const index = Number.parseInt(wanted, 10);
    const byIndex = entries.find((entry) => entry.index === index);
    if (byIndex !== undefined) return byIndex;
  }
  const parts = pathParts(wanted);
  const ways: ((entry: BootEntry) => boolean)[] = [
    (entry) => entry.id === wanted,
    (entry) => entry.title === wanted,
    (entry) => [...entry.submenus, entry.title].join('>') === wanted,
    (entry) => fitsPath(entry, parts),
    (entry) => entry.path.length > 1 && entry.path.join('>') === wanted.replaceAll(' ', ''),
  ];
  for (const fits of ways) {
    const found = entries.filter(fits);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    if (found.length > 1) {
      throw usageError('boot.ambiguous-entry', `${found.length} entries are called ${printable(wanted)}: ${named(found.slice(0, MOST))}`, {
        hint: 'name one by its index',
      });
    }
  }
  throw notFound('boot.no-entry', `there is no entry ${printable(wanted)}`, {
    hint: entries.length === 0 ? 'the menu is empty' : list(entries),
  });
}

/** Splits at single `>`; `>>` stands for the character itself, as in GRUB's $default. */
function pathParts(wanted: string): string[] {
  const parts = [''];
  for (let i = 0; i < wanted.length; i++) {
    const c = wanted.charAt(i);
    const doubled = c === '>' && wanted.charAt(i + 1) === '>';
    if (doubled) i += 1;
    if (c === '>' && !doubled) parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts;
}

/** Each part is the title or the id of a submenu, the last one of the entry. */
function fitsPath(entry: BootEntry, parts: readonly string[]): boolean {
  const titles = [...entry.submenus, entry.title];
  const ids = [...(entry.submenuIds ?? entry.submenus), entry.id];
  return parts.length === titles.length && parts.every((part, i) => part === titles[i] || part === ids[i]);
}

function named(entries: readonly BootEntry[]): string {
  return entries.map((entry) => `${entry.index} ${printable([...entry.submenus, entry.title].join('>'))}`).join('; ');
}

function list(entries: readonly BootEntry[]): string {
  const names = named(entries);
  if (names.length <= SHOWN) return `entries are ${names}`;
  return `the menu has ${entries.length} entries, 0 to ${entries.at(-1)?.index ?? 0}; tygrub list shows them`;
}
