/**
 * What the menu is at one moment, as plain values: no terminal, no time, no files. `handle.ts` says what each event
 * does to it, `draw/` how it looks.
 */
import type { BootEntry, BootMenu } from '../boot/index.js';
import type { Limits } from '../limits.js';
import type { Size } from './frame.js';
import type { Key } from './keys.js';
import type { EditedLine } from './line-editor.js';
import type { Submenu } from './tree.js';

/** What is found out about an entry beyond its config: shown beside it before it is chosen. */
export interface EntryDetails {
  /** The kernel's version, from the kernel itself. */
  readonly version: string | null;
  /** The kernel on part of a line: `6.1.0-50-amd64 x86_64 PV PVH xz`; what it is instead of a kernel. */
  readonly short: string | null;
  /** Why it may not boot, a sentence each. */
  readonly warnings: readonly string[];
  /** False where more is being found out. */
  readonly isFinal: boolean;
}

/** How the menu behaves; fixed while it is shown. */
export interface MenuPolicy {
  /** Seconds until the default entry boots; null: it waits for a key. */
  readonly timeout: number | null;
  /** Index of the entry that boots by itself; null: none does, and a countdown ends the menu. */
  readonly default: number | null;
  /** Ask before leaving without booting: where a stray byte on the line must not fail a VM start. */
  readonly confirmQuit: boolean;
  /** Seconds without a key after which a stopped countdown goes on; null: never. */
  readonly resumeAfter: number | null;
}

/** All that handlers may look at and never change. */
export interface MenuContext {
  readonly menu: BootMenu;
  readonly root: Submenu;
  readonly policy: MenuPolicy;
  readonly limits: Limits;
  /** Whether entries get described: until one is, nothing is said about it, since a line would be sent twice. */
  readonly describes: boolean;
}

/** How the menu ended. */
export type MenuResult =
  /** Boot `entry` with `args` as the kernel's command line; `by` says who chose. */
  | { readonly kind: 'boot'; readonly entry: BootEntry; readonly args: string; readonly by: 'countdown' | 'choice' | 'edit' }
  /** A person left without booting. */
  | { readonly kind: 'quit' }
  /** The countdown ended and the menu has no entry to boot by default. */
  | { readonly kind: 'no-default' }
  /** The terminal went away. */
  | { readonly kind: 'hangup' };

/** An open menu and the place in it. */
export interface ListPosition {
  readonly submenu: Submenu;
  readonly selected: number;
  /** The item in the first row. */
  readonly first: number;
}

/** What a right password opens. */
export type Locked =
  | { readonly action: 'edit'; readonly entry: BootEntry }
  | { readonly action: 'arguments'; readonly entry: BootEntry }
  | { readonly action: 'boot'; readonly entry: BootEntry }
  | { readonly action: 'command-line' }
  | { readonly action: 'unlock' };

/** The commands of an entry, being edited. */
export interface EditorScreen {
  readonly kind: 'editor';
  readonly entry: BootEntry;
  readonly lines: readonly string[];
  readonly selected: number;
  readonly first: number;
  /** The selected line while it is edited; `fresh`: it was made by `o` and goes away on Escape. */
  readonly editing: { readonly line: EditedLine; readonly fresh: boolean } | null;
}

/** The kernel's arguments, being edited. */
export interface ArgumentsScreen {
  readonly kind: 'arguments';
  readonly entry: BootEntry;
  readonly line: EditedLine;
}

/** The command line. */
export interface CommandLineScreen {
  readonly kind: 'command-line';
  /** Commands so far: what `boot` runs. */
  readonly commands: readonly string[];
  /** Everything shown, the newest last. */
  readonly output: readonly string[];
  readonly line: EditedLine;
  /** Which line of the history is shown; its length for the new line. */
  readonly recalled: number;
  /** The new line, kept while older ones are shown. */
  readonly fresh: string;
  /** Whose submenu and variables apply; null for the main menu. */
  readonly like: BootEntry | null;
}

/** The question for a name and a password. */
export interface PasswordScreen {
  readonly kind: 'password';
  readonly asks: 'user' | 'password';
  readonly user: EditedLine;
  readonly password: EditedLine;
  readonly locked: Locked;
}

/** The search for an entry by a part of its title. */
export interface SearchScreen {
  readonly kind: 'search';
  readonly line: EditedLine;
  readonly selected: number;
  readonly first: number;
}

/** Text to read. */
export interface PageScreen {
  readonly kind: 'page';
  readonly title: string;
  /** Logical lines; wrapped when they are drawn. */
  readonly lines: readonly string[];
  readonly first: number;
}

/** "Quit without booting?" */
export interface QuitScreen {
  readonly kind: 'quit';
}

/** Work that goes on elsewhere; keys but Escape wait. */
export interface BusyScreen {
  readonly kind: 'busy';
  readonly what: string;
  /** Which work: answers to work that was given up are dropped. */
  readonly token: number;
}

/** What stands over the list of entries. */
export type Screen =
  | EditorScreen
  | ArgumentsScreen
  | CommandLineScreen
  | PasswordScreen
  | SearchScreen
  | PageScreen
  | QuitScreen
  | BusyScreen;

/** The menu at one moment. */
export interface MenuState {
  readonly size: Size;
  /** The open menus, the main menu first; never empty. */
  readonly lists: readonly ListPosition[];
  /** What was opened over the list, the visible one last. */
  readonly screens: readonly Screen[];
  /** Seconds left, and whether they run; null where no countdown was set. */
  readonly countdown: { readonly left: number; readonly running: boolean } | null;
  /** Seconds since the last key. */
  readonly idle: number;
  /** One line for the person, until the next key. */
  readonly message: string | null;
  /** Who gave their passwords. */
  readonly users: readonly string[];
  /** By index of the entry. */
  readonly details: ReadonlyMap<number, EntryDetails>;
  /** Counts the work that was asked for. */
  readonly token: number;
  readonly history: readonly string[];
}

/** Something that happened. */
export type MenuEvent =
  | { readonly kind: 'key'; readonly key: Key }
  /** A second went by. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'resize'; readonly size: Size }
  | { readonly kind: 'described'; readonly index: number; readonly details: EntryDetails }
  | { readonly kind: 'ran'; readonly token: number; readonly entry: BootEntry | null; readonly problem: string | null }
  | { readonly kind: 'output'; readonly token: number; readonly lines: readonly string[] }
  | { readonly kind: 'completed'; readonly token: number; readonly insert: string; readonly candidates: readonly string[] }
  | { readonly kind: 'authenticated'; readonly token: number; readonly user: string | null }
  /** Work that could not be done. */
  | { readonly kind: 'failed'; readonly token: number; readonly problem: string };

/** Work for whoever runs the menu. */
export type Effect =
  | { readonly kind: 'finish'; readonly result: MenuResult }
  | { readonly kind: 'describe'; readonly entry: BootEntry }
  /** Run commands as the boot loader would; answered by `ran`. */
  | { readonly kind: 'run'; readonly token: number; readonly commands: string; readonly like: BootEntry | null }
  /** A command of the command line that only looks (`ls`, `cat`); answered by `output`. */
  | { readonly kind: 'look'; readonly token: number; readonly line: string; readonly commands: readonly string[] }
  /** Complete the text before the cursor; answered by `completed`. */
  | { readonly kind: 'complete'; readonly token: number; readonly text: string; readonly commands: readonly string[] }
  | { readonly kind: 'authenticate'; readonly token: number; readonly user: string | null; readonly password: string }
  /** Draw everything again (Control-L). */
  | { readonly kind: 'redraw' };

/** What an event leads to. */
export interface Step {
  readonly state: MenuState;
  readonly effects: readonly Effect[];
}

/** A step without work for others. */
export function stay(state: MenuState): Step {
  return { state, effects: [] };
}

/** Opens a screen over what is shown. */
export function open(state: MenuState, screen: Screen): MenuState {
  return { ...state, screens: [...state.screens, screen] };
}

/** Closes the visible screen. */
export function close(state: MenuState): MenuState {
  return { ...state, screens: state.screens.slice(0, -1) };
}

/** Puts a screen in place of the visible one. */
export function replace(state: MenuState, screen: Screen): MenuState {
  return { ...state, screens: [...state.screens.slice(0, -1), screen] };
}

/** Asks for work and shows that it goes on; `effect` gets the token by which its answer is known. */
export function startWork(state: MenuState, what: string, effect: (token: number) => Effect): Step {
  const token = state.token + 1;
  return { state: open({ ...state, token }, { kind: 'busy', what, token }), effects: [effect(token)] };
}

/** The list that is open. */
export function currentList(state: MenuState): ListPosition {
  const list = state.lists[state.lists.length - 1];
  if (list === undefined) throw new RangeError('the menu has no open list');
  return list;
}

/** The entry on which the list's mark stands; null on a submenu and in an empty menu. */
export function selectedEntry(state: MenuState): BootEntry | null {
  const { submenu, selected } = currentList(state);
  const item = submenu.items[selected];
  return item?.kind === 'entry' ? item.entry : null;
}

/**
 * Keeps a selected line on the screen: the new first line of a window.
 * @param rows lines that the window shows
 */
export function scrolledTo(selected: number, first: number, rows: number): number {
  if (selected < first) return selected;
  return selected >= first + rows ? selected - rows + 1 : first;
}
