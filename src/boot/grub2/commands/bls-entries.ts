/** What Red Hat's `blscfg` and upstream's share: reading an entry file, keeping the newest first, making a menu entry of it. */
import { TygrubError } from '../../../errors.js';
import type { GuestVolume } from '../../../guest/guest.js';
import { allValues, expandValue, firstValue, parseBlsFile } from '../bls/entry-file.js';
import type { BlsEntry, Machine } from '../machine.js';
import { ScriptText } from '../script-text.js';
import { addEntry, userNames } from './menu-entries.js';

/** Which of the entries that were read become entries of the menu. */
export interface Selection {
  readonly defaults: boolean;
  readonly others: boolean;
  readonly only: string | null;
}

/** Reads one entry file; null with a warning where that cannot be done. @throws TygrubError limit */
export async function readBlsEntry(machine: Machine, volume: GuestVolume, path: string): Promise<BlsEntry | null> {
  const { files, budget, flavour } = machine.surroundings;
  const where = `${volume.name}:${path}`;
  budget.step();
  let bytes: Uint8Array;
  try {
    bytes = await files.readConfig(volume, path);
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    machine.surroundings.warn(error.code, `${where}: ${error.summary}`, machine.place);
    return null;
  }
  budget.charge(bytes.length);
  const id = path.slice(path.lastIndexOf('/') + 1, -'.conf'.length);
  const file = parseBlsFile(id, bytes, flavour);
  for (const { code, message, line } of file.oddities) machine.surroundings.warn(code, message, { file: where, line });
  return { file, where, visible: false };
}

/** The list with the entry in its place; null where an equal one is there already, or too many are. */
export function insertNewest<T>(machine: Machine, entries: readonly T[], entry: T, compare: (a: T, b: T) => number): readonly T[] | null {
  const { limits, budget } = machine.surroundings;
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = entries[middle];
    const order = other === undefined ? 0 : compare(entry, other);
    if (order === 0) return null;
    if (order > 0) high = middle;
    else low = middle + 1;
  }
  budget.step(1 + Math.ceil(entries.length / 64));
  if (entries.length >= limits.menuEntries) {
    machine.surroundings.warn('limit.menuEntries', `more than ${limits.menuEntries} entry files are there`, machine.place);
    return null;
  }
  return entries.toSpliced(low, 0, entry);
}

/** A value with its variables, as `blscfg` puts them in when it makes the entry. @throws TygrubError limit expansionSize */
export function expanded(machine: Machine, value: string | null): string | null {
  const text = expandValue(value, (name) => machine.get(name), machine.surroundings.flavour);
  machine.surroundings.budget.charge(text?.length ?? 0);
  return text;
}

export function tellNoKernel(machine: Machine, { where }: BlsEntry): void {
  machine.surroundings.warn('bls.no-linux', 'the entry names no kernel', { file: where, line: 1 });
}

/** Puts an entry into the menu. @param lines its commands */
export function addBlsEntry(machine: Machine, { file, where }: BlsEntry, linux: string, lines: readonly string[]): void {
  const users = expanded(machine, firstValue(file, 'grub_users'));
  const title = firstValue(file, 'title') ?? linux;
  addEntry(machine, {
    title,
    id: file.id,
    args: [title, ...allValues(file, 'grub_arg')],
    source: ScriptText.ofString(`${lines.join('\n')}\n`, where, 1),
    submenu: false,
    users: users === null ? null : userNames(users),
    place: { file: where, line: 1 },
  });
}
