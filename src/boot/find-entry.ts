/** Which entry of a menu a person means. */

import { printable } from '../bytes/text.js';
import { notFound, usageError } from '../errors.js';
import type { BootEntry, BootMenu } from './menu.js';

/** Entries named in a message. */
const SHOWN = 20;

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
  const ways: ((entry: BootEntry) => boolean)[] = [
    (entry) => entry.id === wanted,
    (entry) => entry.title === wanted,
    (entry) => [...entry.submenus, entry.title].join('>') === wanted,
    (entry) => entry.id !== null && [...entry.submenus, entry.id].join('>') === wanted,
    (entry) => entry.path.length > 1 && entry.path.join('>') === wanted.replaceAll(' ', ''),
  ];
  for (const fits of ways) {
    const found = entries.filter(fits);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    if (found.length > 1) {
      throw usageError('boot.ambiguous-entry', `${found.length} entries are called ${printable(wanted)}: ${list(found)}`, {
        hint: 'name one by its index',
      });
    }
  }
  throw notFound('boot.no-entry', `there is no entry ${printable(wanted)}`, {
    hint: entries.length === 0 ? 'the menu is empty' : `entries are ${list(entries)}`,
  });
}

function list(entries: readonly BootEntry[]): string {
  const shown = entries.slice(0, SHOWN).map((entry) => `${entry.index} ${printable([...entry.submenus, entry.title].join('>'))}`);
  return `${shown.join('; ')}${entries.length > SHOWN ? `; and ${entries.length - SHOWN} more` : ''}`;
}
