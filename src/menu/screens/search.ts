/** The search for an entry by a part of its title, over all submenus. */
import type { BootEntry } from '../../boot/index.js';
import { type Key, keyWord } from '../keys.js';
import { bodyRows } from '../layout.js';
import { editLine, lineText } from '../line-editor.js';
import {
  close,
  type ListPosition,
  type MenuContext,
  type MenuState,
  replace,
  type SearchScreen,
  type Step,
  scrolledTo,
  stay,
} from '../state.js';
import { findInTree } from '../tree.js';
import { restoreList } from './list.js';

/** The entries whose title, with the submenus' above it, has the text that was typed; letters of either case. */
export function matches(context: MenuContext, text: string): readonly BootEntry[] {
  const wanted = text.toLowerCase();
  return context.menu.entries.filter((entry) => titlePath(entry).toLowerCase().includes(wanted));
}

/** An entry's title with the titles of the submenus above it. */
export function titlePath(entry: BootEntry): string {
  return [...entry.submenus, entry.title].join(' > ');
}

/** What a key does while the search is in front. */
export function handleSearch(state: MenuState, screen: SearchScreen, key: Key, context: MenuContext): Step {
  const found = matches(context, lineText(screen.line));
  const page = bodyRows(state.size);
  const show = (wanted: number): Step => {
    const selected = Math.max(0, Math.min(found.length - 1, wanted));
    return stay(replace(state, { ...screen, selected, first: scrolledTo(selected, screen.first, page) }));
  };
  switch (keyWord(key)) {
    case 'up':
    case '^p':
      return show(screen.selected - 1);
    case 'down':
    case '^n':
    case 'tab':
      return show(screen.selected + 1);
    case 'page-up':
      return show(screen.selected - page);
    case 'page-down':
      return show(screen.selected + page);
    case 'escape':
    case '^c':
      return stay(close(state));
    case 'enter': {
      const entry = found[screen.selected];
      if (entry === undefined) return stay({ ...close(state), message: 'No entry has that in its title' });
      return stay(goTo(close(state), entry.index, context));
    }
    default: {
      const line = editLine(screen.line, key, context.limits.typedLine);
      return stay(line === null ? state : replace(state, { ...screen, line, selected: 0, first: 0 }));
    }
  }
}

/** Opens the submenus above an entry and puts the mark on it. */
function goTo(state: MenuState, index: number, context: MenuContext): MenuState {
  const place = findInTree(context.root, index);
  if (place === null) return state;
  const lists: ListPosition[] = place.menus.map((submenu, depth) => ({ submenu, selected: place.selected[depth] ?? 0, first: 0 }));
  return restoreList({ ...state, lists }, place.selected[lists.length - 1] ?? 0);
}
