/** Which entry GRUB would boot, and how it comes to it. */
import { printable } from '../../bytes/text.js';
import type { MenuDetails, MenuVariable } from '../menu.js';
import { type Choice, chooseEntry } from './default-entry.js';
import type { EntryDefinition, Machine, OpenedMenu } from './machine.js';
import { parseUnsigned } from './numbers.js';
import type { ListedEntry, ListedMenu } from './read-menu.js';
import type { Flavour } from './surroundings.js';

/** Variables that have a part in the choice, in the order in which they are told. */
const TOLD = (
  'default saved_entry next_entry prev_saved_entry fallback boot_once timeout timeout_style recordfail boot_success ' +
  'boot_indeterminate boot_counter menu_auto_hide menu_show_once superusers root prefix blsdir kernelopts default_kernelopts ' +
  'tuned_params early_initrd'
).split(' ');

/** What the main menu's variables and the environment blocks were. */
export function detailsOf(opened: OpenedMenu, rules: string): MenuDetails {
  const variables: MenuVariable[] = [];
  for (const name of TOLD) {
    const found = opened.machine.variables.lookup(name);
    if (found !== undefined) variables.push({ name, value: found.value, file: found.place?.file ?? null, line: found.place?.line ?? null });
  }
  return { rules, variables, environment: opened.machine.surroundings.environment };
}

/** `$default is "0" (volume:path:12)`. */
function told(machine: Machine, name: string): string {
  const found = machine.variables.lookup(name);
  if (found === undefined) return `$${name} is not set`;
  const { place } = found;
  const where = place === null ? '' : ` (set at ${[place.file ?? 'the menu', place.line].join(':')})`;
  return `$${name} is ${JSON.stringify(printable(found.value))}${where}`;
}

/**
 * The entry that GRUB would boot: `$default`, then the members of `$fallback` where it cannot boot. Where none can, it is
 * the one that `$default` means, whose problem tells why. Null in a menu whose choice is a submenu without entries.
 * @param explanation gets a sentence for each step
 */
export function defaultEntry(menu: ListedMenu, explanation: string[] = []): ListedEntry | null {
  const { machine, definitions } = menu.opened;
  const { flavour } = machine.surroundings;
  const wanted = machine.get('default');
  const choice: Choice = wanted === undefined ? { position: 0, by: null } : chooseEntry(wanted, definitions, flavour);
  const position = choice.position ?? 0;
  explanation.push(`${told(machine, 'default')}: ${meaning(wanted, choice, definitions[position])}`);
  const next = machine.surroundings.environment.find(({ name, value }) => name === 'next_entry' && value !== '');
  if (next !== undefined && wanted === next.value) {
    explanation.push(`next_entry in ${next.file} is for one boot only; tygrub writes nothing to the disk and does not clear it`);
  }
  const first = follow(menu, position, explanation);
  if (first === null || first.run.boots) return first;
  const problem = first.entry?.problem?.message ?? 'it loads nothing that could be booted';
  const others = fallbacks(machine, definitions, flavour);
  if (others.length === 0) return first;
  explanation.push(`${printable(first.definition.title)} does not boot: ${problem}; ${told(machine, 'fallback')}`);
  for (const candidate of others) {
    const other = follow(menu, candidate, explanation);
    if (other === null || !other.run.boots) continue;
    explanation.push(`the fallback ${printable(other.definition.title)} boots`);
    return other;
  }
  explanation.push('no fallback boots either');
  return first;
}

function meaning(wanted: string | undefined, { position, by }: Choice, definition: EntryDefinition | undefined): string {
  const title = `${definition?.submenu === true ? 'the submenu ' : ''}${JSON.stringify(printable(definition?.title ?? ''))}`;
  if (wanted === undefined) return `the first entry counts, ${title}`;
  if (by === 'number' && position !== null) return `the number ${position} counts, which is ${title}`;
  if (position === null) {
    return by === 'number'
      ? `there is no such number, so the first entry counts, ${title}`
      : `no entry is called so, and the first one counts, ${title}`;
  }
  if (by === 'file name') return `without .conf it is the id of ${title} (GRUB itself would boot the first entry)`;
  return `it is the ${by} of ${title}`;
}

function follow(menu: ListedMenu, position: number, explanation: string[]): ListedEntry | null {
  const entry = menu.entries[position];
  if (entry === undefined) return null;
  return entry.submenu === null ? entry : defaultEntry(entry.submenu, explanation);
}

/** Positions that `$fallback` lists: numbers, and with Red Hat's rules ids and titles too. */
function fallbacks(machine: Machine, definitions: readonly EntryDefinition[], flavour: Flavour): number[] {
  const positions: number[] = [];
  for (const word of (machine.get('fallback') ?? '').split(/[ \t\n]+/)) {
    if (word === '') continue;
    const number = parseUnsigned(word, 0);
    const position = flavour === 'redhat' ? chooseEntry(word, definitions, flavour).position : number.found ? number.value : null;
    if (position === null) break;
    positions.push(position);
  }
  return positions;
}
