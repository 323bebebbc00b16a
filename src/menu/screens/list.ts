/** The list of entries: moving, choosing, and the keys that open everything else. */
import { mayBoot, mayEdit } from '../access.js';
import { type Key, keyWord } from '../keys.js';
import { bodyRows } from '../layout.js';
import { editedLine } from '../line-editor.js';
import { currentList, type Locked, type MenuContext, type MenuState, open, type Step, scrolledTo, selectedEntry, stay } from '../state.js';
import { whyNot } from '../words.js';
import { openCommandLine } from './command-line.js';
import { openArguments, openEditor } from './editor.js';
import { detailsPage, helpPage } from './page.js';
import { askPassword } from './password.js';

/** What a key does while the list is in front. */
export function handleList(state: MenuState, key: Key, context: MenuContext): Step {
  const { selected, submenu } = currentList(state);
  const page = bodyRows(state.size);
  switch (keyWord(key)) {
    case 'up':
    case '^p':
      return stay(select(state, selected - 1));
    case 'down':
    case '^n':
      return stay(select(state, selected + 1));
    case 'page-up':
      return stay(select(state, selected - page));
    case 'page-down':
      return stay(select(state, selected + page));
    case 'home':
      return stay(select(state, 0));
    case 'end':
      return stay(select(state, submenu.items.length - 1));
    case 'enter':
    case 'right':
    case 'b':
      return choose(state, context);
    case 'escape':
    case 'left':
      return stay(leaveSubmenu(state));
    case 'e':
    case 'a': {
      const entry = selectedEntry(state);
      if (entry === null) return stay({ ...state, message: 'A submenu has no commands of its own: choose an entry in it' });
      return unlock(state, { action: key.kind === 'text' && key.text === 'e' ? 'edit' : 'arguments', entry }, context);
    }
    case 'c':
      return unlock(state, { action: 'command-line' }, context);
    case 'p':
      if (context.menu.access === null) return stay({ ...state, message: 'This menu has no password' });
      return unlock(state, { action: 'unlock' }, context);
    case '/':
      return stay(open(state, { kind: 'search', line: editedLine(''), selected: 0, first: 0 }));
    case 'i':
      return stay(open(state, detailsPage(state, context)));
    case '?':
    case 'h':
      return stay(open(state, helpPage(context)));
    case 'q':
    case '^c':
      if (context.policy.confirmQuit) return stay(open(state, { kind: 'quit' }));
      return { state, effects: [{ kind: 'finish', result: { kind: 'quit' } }] };
    default:
      return stay(state);
  }
}

/** Puts the mark on an item, as near as there is one, and keeps it on the screen. */
export function select(state: MenuState, wanted: number): MenuState {
  const list = currentList(state);
  const selected = Math.max(0, Math.min(list.submenu.items.length - 1, wanted));
  const first = scrolledTo(selected, list.first, bodyRows(state.size));
  return { ...state, lists: [...state.lists.slice(0, -1), { submenu: list.submenu, selected, first }] };
}

/** After a resize: the same item, with the rows above it filled. */
export function restoreList(state: MenuState, selected: number): MenuState {
  const list = currentList(state);
  const first = Math.max(0, Math.min(list.first, list.submenu.items.length - bodyRows(state.size)));
  return select({ ...state, lists: [...state.lists.slice(0, -1), { ...list, first }] }, selected);
}

function leaveSubmenu(state: MenuState): MenuState {
  if (state.lists.length < 2) return state;
  const outer: MenuState = { ...state, lists: state.lists.slice(0, -1) };
  return restoreList(outer, currentList(outer).selected);
}

function choose(state: MenuState, context: MenuContext): Step {
  const { submenu, selected } = currentList(state);
  const item = submenu.items[selected];
  if (item === undefined) return stay({ ...state, message: 'The menu is empty: c opens a command line' });
  if (item.kind === 'submenu') return stay({ ...state, lists: [...state.lists, { submenu: item.submenu, selected: 0, first: 0 }] });
  const problem = whyNot(item.entry);
  if (problem !== null) return stay({ ...state, message: `Cannot boot: ${problem}` });
  return unlock(state, { action: 'boot', entry: item.entry }, context);
}

/** Whether those who gave their passwords may do it. */
export function isAllowed({ users }: MenuState, locked: Locked, context: MenuContext): boolean {
  return locked.action === 'boot' ? mayBoot(context, users, locked.entry) : mayEdit(context, users);
}

/** Does what may need a password, or asks for the password first. */
export function unlock(state: MenuState, locked: Locked, context: MenuContext): Step {
  const allowed = isAllowed(state, locked, context);
  return allowed ? perform(state, locked) : askPassword(state, locked, context);
}

/** Does what a password may have been asked for. */
export function perform(state: MenuState, locked: Locked): Step {
  switch (locked.action) {
    case 'edit':
      return stay(open(state, openEditor(locked.entry)));
    case 'arguments':
      return stay(open(state, openArguments(locked.entry)));
    case 'command-line':
      return stay(open(state, openCommandLine(state, selectedEntry(state), [])));
    case 'unlock':
      return stay({ ...state, message: 'Unlocked: entries can be edited' });
    case 'boot': {
      const { entry } = locked;
      return { state, effects: [{ kind: 'finish', result: { kind: 'boot', entry, args: entry.args, by: 'choice' } }] };
    }
  }
}

/** Asks for what is not known yet about the entry under the mark. */
export function describeSelected(step: Step): Step {
  const entry = selectedEntry(step.state);
  const covered = step.state.screens.length > 0;
  if (entry === null || covered || step.state.details.get(entry.index)?.isFinal === true || whyNot(entry) !== null) return step;
  return { state: step.state, effects: [...step.effects, { kind: 'describe', entry }] };
}
