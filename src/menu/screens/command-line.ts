/**
 * The command line: lines that are typed become an entry, which `boot` runs. `ls` and `cat` look into the image at once.
 */
import type { BootEntry } from '../../boot/index.js';
import { type Key, keyWord } from '../keys.js';
import { editedLine, editLine, insertText, lineText } from '../line-editor.js';
import { type CommandLineScreen, close, type MenuContext, type MenuState, replace, type Step, startWork, stay } from '../state.js';

const INTRODUCTION: readonly string[] = [
  'Type commands as in the boot configuration, then boot. Tab completes.',
  'ls and cat look into the image, list shows the lines so far, clear forgets them, quit goes back.',
];

/** Commands that the command line answers itself, for completion. */
export const OWN_COMMANDS: readonly string[] = ['boot', 'cat', 'clear', 'help', 'list', 'ls', 'quit', 'return'];

/**
 * A new command line.
 * @param like the entry whose submenu and variables apply
 */
export function openCommandLine(state: MenuState, like: BootEntry | null, commands: readonly string[]): CommandLineScreen {
  return {
    kind: 'command-line',
    commands,
    output: INTRODUCTION,
    line: editedLine(''),
    recalled: state.history.length,
    fresh: '',
    like,
  };
}

/** What a key does on the command line. */
export function handleCommandLine(state: MenuState, screen: CommandLineScreen, key: Key, context: MenuContext): Step {
  switch (keyWord(key)) {
    case 'escape':
      return stay(close(state));
    case '^c':
      return stay(replace(state, { ...screen, line: editedLine(''), recalled: state.history.length }));
    case 'enter':
      return enter(state, screen, context);
    case 'up':
    case '^p':
      return stay(replace(state, recall(state, screen, screen.recalled - 1)));
    case 'down':
    case '^n':
      return stay(replace(state, recall(state, screen, screen.recalled + 1)));
    case 'tab': {
      const text = screen.line.chars.slice(0, screen.line.cursor).join('');
      return startWork(state, 'Looking', (token) => ({ kind: 'complete', token, text, commands: screen.commands }));
    }
    default: {
      const line = editLine(screen.line, key, context.limits.typedLine);
      return stay(line === null ? state : replace(state, { ...screen, line }));
    }
  }
}

/** Shows an older or newer line of the history; the line being typed waits at the end. */
function recall(state: MenuState, screen: CommandLineScreen, wanted: number): CommandLineScreen {
  const to = Math.max(0, Math.min(state.history.length, wanted));
  if (to === screen.recalled) return screen;
  const fresh = screen.recalled === state.history.length ? lineText(screen.line) : screen.fresh;
  return { ...screen, recalled: to, fresh, line: editedLine(state.history[to] ?? fresh) };
}

function enter(before: MenuState, screen: CommandLineScreen, context: MenuContext): Step {
  const text = lineText(screen.line).trim();
  const last = before.history[before.history.length - 1];
  const history = text === '' || text === last ? before.history : [...before.history, text].slice(-context.limits.typedLines);
  const state: MenuState = { ...before, history };
  const next = said({ ...screen, line: editedLine(''), recalled: history.length, fresh: '' }, [`> ${text}`], context);
  const answer = (lines: readonly string[]): Step => stay(replace(state, said(next, lines, context)));
  const [word = ''] = text.split(/\s/, 1);
  switch (word) {
    case '':
      return stay(replace(state, next));
    case 'quit':
    case 'return':
    case 'exit':
      return stay(close(state));
    case 'boot':
      if (screen.commands.length === 0) return answer(['Nothing to boot yet: type the commands that load a kernel first']);
      return startWork(replace(state, next), 'Running the commands', (token) => ({
        kind: 'run',
        token,
        commands: screen.commands.join('\n'),
        like: screen.like,
      }));
    case 'clear':
      return stay(replace(state, { ...said(next, ['Forgotten'], context), commands: [] }));
    case 'list':
      return answer(screen.commands.length === 0 ? ['No lines yet'] : screen.commands);
    case 'help':
      return answer(INTRODUCTION);
    case 'ls':
    case 'cat':
      return startWork(replace(state, next), 'Reading', (token) => ({ kind: 'look', token, line: text, commands: screen.commands }));
    default:
      if (screen.commands.length >= context.limits.typedLines) return answer(['There is no room for more lines']);
      return stay(replace(state, { ...next, commands: [...screen.commands, text] }));
  }
}

/** Takes what `ls` or `cat` found. */
export function receiveOutput(state: MenuState, lines: readonly string[], context: MenuContext): Step {
  const screen = state.screens[state.screens.length - 1];
  return stay(screen?.kind === 'command-line' ? replace(state, said(screen, lines, context)) : state);
}

/** Takes a completion: what to put in, and the choices where there are several. */
export function receiveCompletion(state: MenuState, insert: string, candidates: readonly string[], context: MenuContext): Step {
  const screen = state.screens[state.screens.length - 1];
  if (screen?.kind !== 'command-line') return stay(state);
  const line = insertText(screen.line, insert, context.limits.typedLine);
  const shown = insert === '' && candidates.length > 1 ? [candidates.join('  ')] : [];
  return stay(replace(state, said({ ...screen, line }, shown, context)));
}

/** Adds lines to what is shown, of which the newest are kept. */
function said(screen: CommandLineScreen, lines: readonly string[], context: MenuContext): CommandLineScreen {
  return { ...screen, output: [...screen.output, ...lines].slice(-context.limits.typedLines) };
}
