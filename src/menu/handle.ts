/** What each event does to the menu. Pure: the same state and event give the same step. */
import type { BootMenu } from '../boot/index.js';
import type { Limits } from '../limits.js';
import type { Size } from './frame.js';
import type { Key } from './keys.js';
import { bodyRows } from './layout.js';
import { handleCommandLine, receiveCompletion, receiveOutput } from './screens/command-line.js';
import { handleArguments, handleEditor } from './screens/editor.js';
import { describeSelected, handleList, restoreList } from './screens/list.js';
import { handlePage } from './screens/page.js';
import { handlePassword, receiveAuthentication } from './screens/password.js';
import { handleSearch } from './screens/search.js';
import {
  close,
  currentList,
  type MenuContext,
  type MenuEvent,
  type MenuPolicy,
  type MenuState,
  type Screen,
  type Step,
  scrolledTo,
  stay,
} from './state.js';
import { findInTree, menuTree } from './tree.js';

/** The menu before the first key, with the default entry selected. */
export function startMenu(
  menu: BootMenu,
  policy: MenuPolicy,
  limits: Limits,
  size: Size,
  describes: boolean,
): { context: MenuContext; step: Step } {
  const root = menuTree(menu);
  const context: MenuContext = { menu, root, policy, limits, describes };
  const found = policy.default === null ? null : findInTree(root, policy.default);
  const selected = found?.selected[0] ?? 0;
  const state: MenuState = {
    size,
    lists: [{ submenu: root, selected, first: scrolledTo(selected, 0, bodyRows(size)) }],
    screens: [],
    countdown: policy.timeout === null ? null : { left: policy.timeout, running: true },
    idle: 0,
    message: null,
    users: [],
    details: new Map(),
    token: 0,
    history: [],
  };
  return { context, step: describeSelected(stay(state)) };
}

/** The step that an event leads to. */
export function handle(state: MenuState, event: MenuEvent, context: MenuContext): Step {
  switch (event.kind) {
    case 'key':
      return handleKey(state, event.key, context);
    case 'tick':
      return tick(state, context);
    case 'resize':
      return stay(resized(state, event.size));
    case 'described':
      return stay({ ...state, details: new Map(state.details).set(event.index, event.details) });
    case 'ran':
      return awaited(state, event.token, (rest) => {
        const { entry, problem } = event;
        if (entry === null || problem !== null) return stay({ ...rest, message: problem ?? 'The commands load no kernel' });
        return { state: rest, effects: [{ kind: 'finish', result: { kind: 'boot', entry, args: entry.args, by: 'edit' } }] };
      });
    case 'output':
      return awaited(state, event.token, (rest) => receiveOutput(rest, event.lines, context));
    case 'completed':
      return awaited(state, event.token, (rest) => receiveCompletion(rest, event.insert, event.candidates, context));
    case 'authenticated':
      return awaited(state, event.token, (rest) => receiveAuthentication(rest, event.user, context));
    case 'failed':
      return awaited(state, event.token, (rest) => receiveFailure(rest, event.problem, context));
  }
}

/** Tells of work that could not be done where the person looks: the command line shows it among its lines. */
function receiveFailure(state: MenuState, problem: string, context: MenuContext): Step {
  const top = state.screens[state.screens.length - 1];
  if (top?.kind === 'command-line') return receiveOutput(state, [problem], context);
  return stay({ ...(top?.kind === 'password' ? close(state) : state), message: problem });
}

/** Takes the answer to work that is still waited for; one that comes late changes nothing. */
function awaited(state: MenuState, token: number, take: (rest: MenuState) => Step): Step {
  const top = state.screens[state.screens.length - 1];
  return top?.kind === 'busy' && top.token === token ? take(close(state)) : stay(state);
}

function handleKey(before: MenuState, key: Key, context: MenuContext): Step {
  // An answer of a terminal or noise that is no key neither stops the countdown nor counts as a person.
  if (key.kind === 'unknown') return stay(before);
  const countdown = before.countdown === null ? null : { ...before.countdown, running: false };
  const state: MenuState = { ...before, idle: 0, message: null, countdown };
  if (key.kind === 'control' && key.letter === 'l') return { state, effects: [{ kind: 'redraw' }] };
  const screen = state.screens[state.screens.length - 1];
  if (screen === undefined) {
    if (key.kind === 'text' && key.text === 't') return stay(toggled(before, state));
    return describeSelected(handleList(state, key, context));
  }
  return describeSelected(handleScreen(state, screen, key, context));
}

function handleScreen(state: MenuState, screen: Screen, key: Key, context: MenuContext): Step {
  switch (screen.kind) {
    case 'editor':
      return handleEditor(state, screen, key, context);
    case 'arguments':
      return handleArguments(state, screen, key, context);
    case 'command-line':
      return handleCommandLine(state, screen, key, context);
    case 'password':
      return handlePassword(state, screen, key, context);
    case 'search':
      return handleSearch(state, screen, key, context);
    case 'page':
      return handlePage(state, screen, key);
    case 'quit':
      if (key.kind === 'text' && key.text.toLowerCase() === 'y') return { state, effects: [{ kind: 'finish', result: { kind: 'quit' } }] };
      return stay(close(state));
    case 'busy':
      // Escape gives the work up: its answer will not be awaited any more.
      if ((key.kind === 'named' && key.name === 'escape') || (key.kind === 'control' && key.letter === 'c')) return stay(close(state));
      return stay(state);
  }
}

/** `t`: stops the countdown, or lets it go on where it stopped, from the start where less than a glance is left. */
function toggled(before: MenuState, state: MenuState): MenuState {
  if (before.countdown === null) return { ...state, message: 'This menu has no countdown' };
  return { ...state, countdown: { left: before.countdown.left, running: !before.countdown.running } };
}

/** Seconds that a countdown has at least when it goes on by itself, so that a person can still stop it. */
const RESUMED = 10;

function tick(before: MenuState, context: MenuContext): Step {
  const state: MenuState = { ...before, idle: before.idle + 1 };
  const { countdown, idle } = state;
  if (countdown === null) return stay(state);
  if (!countdown.running) {
    const { resumeAfter } = context.policy;
    const waits = resumeAfter === null || state.screens.length > 0 || idle < resumeAfter;
    if (waits) return stay(state);
    return stay({ ...state, idle: 0, countdown: { left: Math.max(countdown.left, RESUMED), running: true } });
  }
  const left = countdown.left - 1;
  if (left > 0) return stay({ ...state, countdown: { left, running: true } });
  const entry = context.menu.entries.find(({ index }) => index === context.policy.default);
  const ended: MenuState = { ...state, countdown: { left: 0, running: false } };
  if (entry === undefined) return { state: ended, effects: [{ kind: 'finish', result: { kind: 'no-default' } }] };
  return { state: ended, effects: [{ kind: 'finish', result: { kind: 'boot', entry, args: entry.args, by: 'countdown' } }] };
}

function resized(before: MenuState, size: Size): MenuState {
  const rows = bodyRows(size);
  const state: MenuState = { ...before, size };
  const screens = state.screens.map((screen) =>
    screen.kind === 'editor' || screen.kind === 'search' ? { ...screen, first: scrolledTo(screen.selected, screen.first, rows) } : screen,
  );
  const { selected } = currentList(state);
  return restoreList({ ...state, screens }, selected);
}
