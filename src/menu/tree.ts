/** The menu as a tree: submenus with the entries in them, from the flat list that a boot configuration gives. */
import type { BootEntry, BootMenu } from '../boot/index.js';

/** A submenu; the main menu is the one without a title. */
export interface Submenu {
  readonly title: string;
  /** Titles of the submenus around it, outermost first, its own last. */
  readonly trail: readonly string[];
  readonly items: readonly MenuItem[];
}

/** A line of a menu. */
export type MenuItem = { readonly kind: 'entry'; readonly entry: BootEntry } | { readonly kind: 'submenu'; readonly submenu: Submenu };

interface Building {
  readonly title: string;
  readonly trail: readonly string[];
  readonly items: (MenuItem & { place: number })[];
  readonly submenus: Map<number, { menu: Building; place: number }>;
}

/** The main menu. Items stand in the order of their places (`BootEntry.path`), entries without one in order of index. */
export function menuTree(menu: BootMenu): Submenu {
  const root: Building = { title: '', trail: [], items: [], submenus: new Map() };
  for (const entry of menu.entries) {
    let parent = root;
    for (const [depth, title] of entry.submenus.entries()) {
      const place = entry.path[depth] ?? 0;
      let below = parent.submenus.get(place);
      if (below === undefined) {
        below = { menu: { title, trail: [...parent.trail, title], items: [], submenus: new Map() }, place };
        parent.submenus.set(place, below);
      }
      parent = below.menu;
    }
    parent.items.push({ kind: 'entry', entry, place: entry.path[entry.submenus.length] ?? entry.index });
  }
  return finished(root);
}

function finished(building: Building): Submenu {
  const items: (MenuItem & { place: number })[] = [...building.items];
  for (const { menu, place } of building.submenus.values()) items.push({ kind: 'submenu', submenu: finished(menu), place });
  items.sort((a, b) => a.place - b.place);
  return { title: building.title, trail: building.trail, items };
}

/** Entries in a submenu, at any depth. */
export function countEntries(submenu: Submenu): number {
  let count = 0;
  for (const item of submenu.items) count += item.kind === 'entry' ? 1 : countEntries(item.submenu);
  return count;
}

/** The way from a menu to an entry: the submenus, outermost first, and the place in the last; null when it is not there. */
export function findInTree(
  root: Submenu,
  index: number,
): { readonly menus: readonly Submenu[]; readonly selected: readonly number[] } | null {
  for (const [at, item] of root.items.entries()) {
    if (item.kind === 'entry') {
      if (item.entry.index === index) return { menus: [root], selected: [at] };
      continue;
    }
    const below = findInTree(item.submenu, index);
    if (below !== null) return { menus: [root, ...below.menus], selected: [at, ...below.selected] };
  }
  return null;
}
