/** Runs entries on trial: what each one would load, and which menu a submenu would show. */

import { type Problem, problemOf, TygrubError } from '../../errors.js';
import { submenuPart } from './default-entry.js';
import { runWithParameters } from './interpreter.js';
import type { EntryDefinition, Machine, OpenedMenu } from './machine.js';

/** What became of an entry. */
export interface EntryRun {
  /** The machine after it ran. */
  readonly machine: Machine;
  /** The menu that it opened; null for one that boots or does nothing. */
  readonly menu: OpenedMenu | null;
  /** GRUB would boot what it loaded. */
  readonly boots: boolean;
  /** The bound that stopped it. */
  readonly problem: Problem | null;
}

/** Entries that share the steps left: one of them alone may use this part of them. */
const SHARES = 10;

/**
 * Runs an entry in a copy of its menu's machine, as GRUB does when it is chosen.
 * @param automatic chosen without a person: a submenu then boots its own default at once
 */
export async function runEntry(menu: Machine, definition: EntryDefinition, automatic: boolean): Promise<EntryRun> {
  const machine = menu.fork();
  if (definition.foreign !== undefined) {
    const { kernel, problem } = definition.foreign;
    return { machine, menu: null, boots: kernel !== null && problem === null, problem: null };
  }
  machine.menu = definition.submenu ? [] : machine.menu;
  const wanted = menu.get('default');
  const chosen = menu.get('chosen');
  if (definition.submenu) {
    machine.variables = menu.variables.context(menu.surroundings.flavour === 'redhat');
    if (automatic) machine.variables.set('timeout', '0', definition.place);
  }
  const id = definition.id.replaceAll('>', '>>');
  machine.variables.set('chosen', chosen === undefined ? id : `${chosen}>${id}`, definition.place);
  machine.variables.export('chosen', definition.place);
  const rest = wanted === undefined ? null : submenuPart(wanted);
  if (rest !== null) machine.variables.set('default', rest, definition.place);
  else if (menu.surroundings.flavour === 'upstream') machine.variables.unset('default');
  let status = 0;
  try {
    status = await menu.surroundings.budget.share(SHARES, () => runWithParameters(machine, definition.source, definition.args));
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    return { machine, menu: null, boots: false, problem: problemOf(error) };
  }
  if (machine.ended?.kind === 'menu') return { machine, menu: machine.ended.menu, boots: false, problem: null };
  if (definition.submenu && machine.menu.length > 0) {
    return { machine, menu: { machine, definitions: machine.menu, config: null }, boots: false, problem: null };
  }
  const left = machine.ended?.kind === 'left';
  const finished = machine.ended?.kind === 'boot' || menu.surroundings.flavour === 'upstream' || status === 0;
  return { machine, menu: null, boots: !left && machine.loaded !== null && finished, problem: null };
}
