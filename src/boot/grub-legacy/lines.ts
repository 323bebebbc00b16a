/** Lines of a GRUB legacy configuration, read the way stage 2 reads them. */

/** One command with its arguments. */
export interface CommandLine {
  readonly text: string;
  /** Line of the file where it starts, from 1. */
  readonly line: number;
}

/**
 * Splits a config into lines: carriage returns vanish, tabs become blanks, leading blanks are dropped, lines that start
 * with `#` are comments, and a backslash at the end of a line (of a comment, too) joins the next one with a blank.
 */
export function* commandLines(text: string): Generator<CommandLine> {
  let line = 1;
  let start = 0;
  let current = '';
  let comment = false;
  const finish = function* (): Generator<CommandLine> {
    if (!comment && current !== '') yield { text: current, line: start };
    current = '';
    comment = false;
  };
  for (const physical of text.split('\n')) {
    let piece = physical.replaceAll('\r', '').replaceAll('\t', ' ');
    if (current === '' && !comment) {
      piece = piece.slice(leadingBlanks(piece));
      start = line;
      comment = piece.startsWith('#');
    }
    line += 1;
    const joined = endsWithBackslash(piece);
    if (!comment) current += joined ? `${piece.slice(0, -1)} ` : piece;
    if (!joined) yield* finish();
  }
  yield* finish();
}

function leadingBlanks(text: string): number {
  let at = 0;
  while (text[at] === ' ') at += 1;
  return at;
}

/** Whether the last backslash is not itself escaped by the one before it. */
function endsWithBackslash(text: string): boolean {
  let count = 0;
  while (text.charAt(text.length - 1 - count) === '\\') count += 1;
  return count % 2 === 1;
}

/** The name of a command: up to a blank or `=`. */
export function commandName(text: string): string {
  let at = 0;
  while (at < text.length && text[at] !== ' ' && text[at] !== '=') at += 1;
  return text.slice(0, at);
}

/** What follows the command's name; blanks and equal signs between them are skipped. */
export function commandArgument(text: string): string {
  let at = commandName(text).length;
  while (text[at] === ' ' || text[at] === '=') at += 1;
  return text.slice(at);
}

/** The first word and what follows it after blanks. */
export function splitWord(text: string): { word: string; rest: string } {
  const blank = text.indexOf(' ');
  if (blank < 0) return { word: text, rest: '' };
  const rest = text.slice(blank);
  return { word: text.slice(0, blank), rest: rest.slice(leadingBlanks(rest)) };
}

/** The non-empty words of a text. */
export function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

/** A number at the start of a text, decimal or `0x`, as stage 2 reads it; null where there is none. */
export function leadingNumber(text: string): number | null {
  const hexadecimal = text.startsWith('0x') || text.startsWith('0X');
  const digits = hexadecimal ? '0123456789abcdef' : '0123456789';
  let value = 0;
  let at = hexadecimal ? 2 : 0;
  const first = at;
  for (; at < text.length; at++) {
    const digit = digits.indexOf(text.charAt(at).toLowerCase());
    if (digit < 0) break;
    value = value * digits.length + digit;
    if (value > 0x7fffffff) return null;
  }
  return at === first ? null : value;
}
