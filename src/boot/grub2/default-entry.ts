/** Which entry `$default` (or a member of `$fallback`) means. */
import type { EntryDefinition } from './machine.js';
import { isSpace, parseUnsigned } from './numbers.js';
import type { Flavour } from './surroundings.js';

/** A choice in one menu, and what it leaves for the submenu that was chosen. */
export interface Choice {
  /** Position in the menu; null when nothing fits. */
  readonly position: number | null;
  /** How it was found, for explaining. */
  readonly by: 'number' | 'title' | 'id' | 'file name' | null;
}

/** True when `wanted` is `text`, `>>` standing for `>` and a single `>` ending it. */
export function namesEntry(text: string, wanted: string): boolean {
  let at = 0;
  for (let i = 0; i < text.length; i++, at++) {
    if (wanted.charAt(at) !== text.charAt(i)) return false;
    if (text.charAt(i) === '>') {
      if (wanted.charAt(at + 1) !== '>') return false;
      at += 1;
    }
  }
  return at === wanted.length || (wanted.charAt(at) === '>' && wanted.charAt(at + 1) !== '>');
}

/** What follows the first single `>`: the choice in the submenu. Null when there is none. */
export function submenuPart(wanted: string): string | null {
  for (let i = 0; i < wanted.length; i++) {
    if (wanted.charAt(i) !== '>') continue;
    if (wanted.charAt(i + 1) === '>') i += 1;
    else return i + 1 < wanted.length ? wanted.slice(i + 1) : null;
  }
  return null;
}

/** A number at the start counts, whatever follows it; only then titles and ids are compared, in the menu's order. */
function chooseUpstream(wanted: string, definitions: readonly EntryDefinition[]): Choice {
  const number = parseUnsigned(wanted, 0);
  if (number.found && !number.overflow) return { position: number.value < definitions.length ? number.value : null, by: 'number' };
  for (const [position, { title, id }] of definitions.entries()) {
    if (namesEntry(title, wanted)) return { position, by: 'title' };
    if (namesEntry(id, wanted)) return { position, by: 'id' };
  }
  return { position: null, by: null };
}

/** Red Hat: all ids, then all titles, and a number only when nothing but blanks follows it. */
function chooseRedHat(wanted: string, definitions: readonly EntryDefinition[]): Choice {
  let end = 0;
  while (end < wanted.length && !isSpace(wanted.charAt(end))) end += 1;
  const first = wanted.slice(0, end);
  const byId = definitions.findIndex(({ id }) => namesEntry(id, first));
  if (byId >= 0) return { position: byId, by: 'id' };
  const byTitle = definitions.findIndex(({ title }) => namesEntry(title, wanted));
  if (byTitle >= 0) return { position: byTitle, by: 'title' };
  // A saved file name: GRUB itself compares without the suffix and would boot the first entry instead.
  const bare = first.endsWith('.conf') ? definitions.findIndex(({ id }) => namesEntry(id, first.slice(0, -'.conf'.length))) : -1;
  if (bare >= 0) return { position: bare, by: 'file name' };
  const number = parseUnsigned(wanted, 0);
  const tail = wanted.slice(number.end);
  if (!number.found || number.overflow || [...tail].some((c) => !isSpace(c))) return { position: null, by: null };
  return { position: number.value < definitions.length ? number.value : null, by: 'number' };
}

/** The entry of a menu that a value of `$default` means; position null when none fits. */
export function chooseEntry(wanted: string, definitions: readonly EntryDefinition[], flavour: Flavour): Choice {
  return flavour === 'redhat' ? chooseRedHat(wanted, definitions) : chooseUpstream(wanted, definitions);
}
