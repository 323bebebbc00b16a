/** The editor of one line: text and a cursor, and what each key does to them. No terminal in it. */
import type { Key } from './keys.js';

/** A line while it is edited. */
export interface EditedLine {
  /** One code point each. */
  readonly chars: readonly string[];
  /** Before which character the cursor stands, 0 to `chars.length`. */
  readonly cursor: number;
}

/** A line with the cursor at its end. */
export function editedLine(text: string): EditedLine {
  const chars = [...text];
  return { chars, cursor: chars.length };
}

/** The text of a line. */
export function lineText(line: EditedLine): string {
  return line.chars.join('');
}

/** Puts text in at the cursor, as far as `maxLength` characters allow. */
export function insertText(line: EditedLine, text: string, maxLength: number): EditedLine {
  const added = [...text].slice(0, Math.max(0, maxLength - line.chars.length));
  return {
    chars: [...line.chars.slice(0, line.cursor), ...added, ...line.chars.slice(line.cursor)],
    cursor: line.cursor + added.length,
  };
}

/**
 * What a key does to a line: the keys of pygrub's editor (and of Emacs), with arrows, Home, End and Delete besides.
 * @param maxLength characters that the line may have
 * @returns the line after the key; null when the key does not edit (Enter, Escape, Up ...): the caller decides
 */
export function editLine(line: EditedLine, key: Key, maxLength: number): EditedLine | null {
  const { chars, cursor } = line;
  const moved = (to: number): EditedLine => ({ chars, cursor: Math.min(chars.length, Math.max(0, to)) });
  const cut = (from: number, to: number): EditedLine => ({ chars: [...chars.slice(0, from), ...chars.slice(to)], cursor: from });
  if (key.kind === 'text') return insertText(line, key.text, maxLength);
  if (key.kind === 'unknown') return null;
  switch (key.kind === 'named' ? key.name : `^${key.letter}`) {
    case 'left':
    case '^b':
      return moved(cursor - 1);
    case 'right':
    case '^f':
      return moved(cursor + 1);
    case 'home':
    case '^a':
      return moved(0);
    case 'end':
    case '^e':
      return moved(chars.length);
    case 'backspace':
      return cursor === 0 ? line : cut(cursor - 1, cursor);
    case 'delete':
    case '^d':
      return cut(cursor, cursor + 1);
    case '^k':
      return cut(cursor, chars.length);
    case '^u':
      return cut(0, cursor);
    case '^w':
      return cut(wordStart(line), cursor);
    default:
      return null;
  }
}

/** Where the word before the cursor starts, blanks after it included. */
function wordStart({ chars, cursor }: EditedLine): number {
  let at = cursor;
  while (at > 0 && chars[at - 1] === ' ') at -= 1;
  while (at > 0 && chars[at - 1] !== ' ') at -= 1;
  return at;
}
