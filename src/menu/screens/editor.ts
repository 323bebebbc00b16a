/** The editors: an entry's commands line by line, and the kernel's arguments. */
import type { BootEntry } from '../../boot/index.js';
import { type Key, keyWord } from '../keys.js';
import { bodyRows } from '../layout.js';
import { editedLine, editLine, lineText } from '../line-editor.js';
import {
  type ArgumentsScreen,
  close,
  type EditorScreen,
  type MenuContext,
  type MenuState,
  open,
  replace,
  type Step,
  scrolledTo,
  startWork,
  stay,
} from '../state.js';
import { whyNot } from '../words.js';
import { openCommandLine } from './command-line.js';

/** The editor of an entry's commands. */
export function openEditor(entry: BootEntry): EditorScreen {
  const lines = entry.commands.split('\n');
  if (lines.length > 1 && lines[lines.length - 1] === '') lines.pop();
  return { kind: 'editor', entry, lines, selected: 0, first: 0, editing: null };
}

/** The editor of the kernel's arguments. */
export function openArguments(entry: BootEntry): ArgumentsScreen {
  return { kind: 'arguments', entry, line: editedLine(entry.args) };
}

/** What a key does in the editor of commands. */
export function handleEditor(state: MenuState, screen: EditorScreen, key: Key, context: MenuContext): Step {
  if (screen.editing !== null) return stay(replace(state, editCurrent(screen, screen.editing, key, context)));
  const at = screen.selected;
  const page = bodyRows(state.size);
  const show = (next: EditorScreen): Step => stay(replace(state, shown(next, page)));
  switch (keyWord(key)) {
    case 'up':
    case '^p':
      return show({ ...screen, selected: at - 1 });
    case 'down':
    case '^n':
      return show({ ...screen, selected: at + 1 });
    case 'page-up':
      return show({ ...screen, selected: at - page });
    case 'page-down':
      return show({ ...screen, selected: at + page });
    case 'home':
      return show({ ...screen, selected: 0 });
    case 'end':
      return show({ ...screen, selected: screen.lines.length - 1 });
    case 'e':
    case 'enter':
      return show({ ...screen, editing: { line: editedLine(screen.lines[at] ?? ''), fresh: false } });
    case 'd':
    case 'delete': {
      const lines = [...screen.lines.slice(0, at), ...screen.lines.slice(at + 1)];
      return show({ ...screen, lines: lines.length === 0 ? [''] : lines });
    }
    case 'o':
    case 'O': {
      if (screen.lines.length >= context.limits.typedLines) return stay({ ...state, message: 'There is no room for more lines' });
      const place = key.kind === 'text' && key.text === 'o' ? at + 1 : at;
      const lines = [...screen.lines.slice(0, place), '', ...screen.lines.slice(place)];
      return show({ ...screen, lines, selected: place, editing: { line: editedLine(''), fresh: true } });
    }
    case 'b':
    case '^x':
    case 'f10':
      return startWork(state, 'Running the commands', (token) => ({
        kind: 'run',
        token,
        commands: screen.lines.join('\n'),
        like: screen.entry,
      }));
    case 'c':
      return stay(open(state, openCommandLine(state, screen.entry, [])));
    case 'q':
    case 'escape':
    case '^c':
      return stay(close(state));
    default:
      return stay(state);
  }
}

/** Keeps the selected line among the lines and on the screen. */
function shown(screen: EditorScreen, page: number): EditorScreen {
  const selected = Math.max(0, Math.min(screen.lines.length - 1, screen.selected));
  return { ...screen, selected, first: scrolledTo(selected, screen.first, page) };
}

function editCurrent(screen: EditorScreen, editing: NonNullable<EditorScreen['editing']>, key: Key, context: MenuContext): EditorScreen {
  const at = screen.selected;
  const without = (): readonly string[] => {
    const lines = [...screen.lines.slice(0, at), ...screen.lines.slice(at + 1)];
    return lines.length === 0 ? [''] : lines;
  };
  switch (keyWord(key)) {
    case 'enter':
      return {
        ...screen,
        lines: [...screen.lines.slice(0, at), lineText(editing.line), ...screen.lines.slice(at + 1)],
        editing: null,
      };
    case 'escape':
    case '^c': {
      if (!editing.fresh) return { ...screen, editing: null };
      const lines = without();
      return { ...screen, lines, selected: Math.min(at, lines.length - 1), editing: null };
    }
    default: {
      const line = editLine(editing.line, key, context.limits.typedLine);
      return line === null ? screen : { ...screen, editing: { ...editing, line } };
    }
  }
}

/** What a key does in the editor of arguments. */
export function handleArguments(state: MenuState, screen: ArgumentsScreen, key: Key, context: MenuContext): Step {
  switch (keyWord(key)) {
    case 'escape':
    case '^c':
      return stay(close(state));
    case 'enter':
    case 'f10':
    case '^x': {
      const { entry } = screen;
      const problem = whyNot(entry);
      if (problem !== null) return stay({ ...state, message: `Cannot boot: ${problem}` });
      return { state, effects: [{ kind: 'finish', result: { kind: 'boot', entry, args: lineText(screen.line), by: 'edit' } }] };
    }
    default: {
      const line = editLine(screen.line, key, context.limits.typedLine);
      return stay(line === null ? state : replace(state, { ...screen, line }));
    }
  }
}
