/** The question for a name and a password, and what a right or wrong answer does. */
import { asksForUser } from '../access.js';
import { type Key, keyWord } from '../keys.js';
import { editedLine, editLine, lineText } from '../line-editor.js';
import {
  close,
  type Locked,
  type MenuContext,
  type MenuState,
  open,
  type PasswordScreen,
  replace,
  type Step,
  startWork,
  stay,
} from '../state.js';
import { isAllowed, perform } from './list.js';

/** Opens the question. */
export function askPassword(state: MenuState, locked: Locked, context: MenuContext): Step {
  const asks = asksForUser(context) ? 'user' : 'password';
  return stay(open(state, { kind: 'password', asks, user: editedLine(''), password: editedLine(''), locked }));
}

/** What a key does while the question is in front. */
export function handlePassword(state: MenuState, screen: PasswordScreen, key: Key, context: MenuContext): Step {
  switch (keyWord(key)) {
    case 'escape':
    case '^c':
      return stay(close(state));
    case 'enter':
      if (screen.asks === 'user') return stay(replace(state, { ...screen, asks: 'password' }));
      return startWork(state, 'Checking the password', (token) => ({
        kind: 'authenticate',
        token,
        user: asksForUser(context) ? lineText(screen.user) : null,
        password: lineText(screen.password),
      }));
    default: {
      const line = editLine(screen[screen.asks], key, context.limits.typedLine);
      return stay(line === null ? state : replace(state, { ...screen, [screen.asks]: line }));
    }
  }
}

/** Takes the answer: does what was locked, or says no and forgets what was typed. */
export function receiveAuthentication(state: MenuState, user: string | null, context: MenuContext): Step {
  const screen = state.screens[state.screens.length - 1];
  if (screen?.kind !== 'password') return stay(state);
  const closed = close(state);
  if (user === null) return stay({ ...closed, message: 'Wrong name or password' });
  const known: MenuState = { ...closed, users: [...new Set([...closed.users, user])] };
  if (!isAllowed(known, screen.locked, context)) return stay({ ...known, message: 'This user may not do that' });
  return perform(known, screen.locked);
}
