/** Pages to read: help, and everything that is known about an entry. */
import { type Key, keyWord } from '../keys.js';
import { bodyRows } from '../layout.js';
import {
  close,
  currentList,
  type MenuContext,
  type MenuState,
  type PageScreen,
  replace,
  type Step,
  selectedEntry,
  stay,
} from '../state.js';
import { countEntries } from '../tree.js';
import { placeOf, sizeText } from '../words.js';

/** What a key does while a page is in front: it scrolls, everything else closes it. */
export function handlePage(state: MenuState, screen: PageScreen, key: Key): Step {
  const page = bodyRows(state.size);
  // Wrapping needs the terminal, so the end is only known when the page is drawn: `draw` shows the last rows then.
  const last = Math.max(0, wrappedBound(screen, state.size.columns) - 1);
  const to = (first: number): Step => stay(replace(state, { ...screen, first: Math.max(0, Math.min(last, first)) }));
  switch (keyWord(key)) {
    case 'up':
    case '^p':
      return to(screen.first - 1);
    case 'down':
    case '^n':
    case 'enter':
      return to(screen.first + 1);
    case 'page-up':
      return to(screen.first - page);
    case 'page-down':
    case ' ':
      return to(screen.first + page);
    case 'home':
      return to(0);
    default:
      return stay(close(state));
  }
}

/** At most so many rows does a page have in a width. */
function wrappedBound(screen: PageScreen, columns: number): number {
  const width = Math.max(1, columns - 3);
  let rows = 0;
  for (const line of screen.lines) rows += 1 + Math.floor(line.length / width);
  return rows;
}

/** The keys and marks. */
export function helpPage(context: MenuContext): PageScreen {
  const countdown = context.policy.timeout === null ? [] : ['t         stop the countdown, or let it go on'];
  const password = context.menu.access === null ? [] : ['p         enter the password, which e, a and c need'];
  return {
    kind: 'page',
    title: 'Help',
    first: 0,
    lines: [
      'Up, Down  move (also PgUp, PgDn, Home, End)',
      'Enter, b  boot the entry, or enter the submenu',
      'Esc       leave the submenu',
      'e         edit the commands: e edits a line, o and O add one, d deletes it, b boots',
      "a         change the kernel's arguments",
      'c         command line: ls, cat, and commands as in the configuration; Tab completes',
      '/         search the titles, in all submenus',
      'i         all that is known about the entry',
      ...countdown,
      ...password,
      'q         leave without booting',
      'Ctrl-L    draw the screen again',
      '',
      'Marks: * boots by default, + submenu, ! cannot boot (see the line below the list)',
      'Editing: Ctrl-A and E go to the ends, B and F or arrows move, D and Backspace delete,',
      'K and U delete to the ends, W a word; Enter accepts, Esc gives up',
    ],
  };
}

/** All about the selected entry. */
export function detailsPage(state: MenuState, context: MenuContext): PageScreen {
  const page = (lines: readonly string[]): PageScreen => ({ kind: 'page', title: 'Details', lines, first: 0 });
  const entry = selectedEntry(state);
  if (entry === null) {
    const { submenu, selected } = currentList(state);
    const item = submenu.items[selected];
    if (item?.kind !== 'submenu') return page(['The menu is empty']);
    return page([item.submenu.trail.join(' > '), `A submenu with ${countEntries(item.submenu)} entries`]);
  }
  const details = state.details.get(entry.index);
  const lines = [`Title:      ${[...entry.submenus, entry.title].join(' > ')}`];
  if (entry.id !== null) lines.push(`Id:         ${entry.id}`);
  lines.push(`Number:     ${entry.index}`);
  if (entry.problem !== null) lines.push(`Cannot boot: ${entry.problem.message}`);
  for (const warning of details?.warnings ?? []) lines.push(`Warning:    ${warning}`);
  if (entry.hypervisor !== null) lines.push(`Hypervisor: ${placeOf(entry.hypervisor)} ${entry.hypervisor.args}`);
  if (entry.kernel !== null) lines.push(`Kernel:     ${placeOf(entry.kernel)}, ${sizeText(entry.kernel.size)}`);
  if (details?.short !== undefined && details.short !== null) lines.push(`What:       ${details.short}`);
  for (const initrd of entry.initrds) lines.push(`Initrd:     ${placeOf(initrd)}, ${sizeText(initrd.size)}`);
  lines.push(`Arguments:  ${entry.args}`);
  const { config, warnings } = context.menu;
  if (config !== null) lines.push(`Config:     ${config.volume}:${config.path} (${config.dialect})`);
  if (entry.index === context.policy.default) lines.push(...context.menu.explanation.map((reason) => `Default:    ${reason}`));
  for (const warning of warnings) lines.push(`Config warning: ${warning.message}`);
  return page(lines.slice(0, context.limits.typedLines));
}
