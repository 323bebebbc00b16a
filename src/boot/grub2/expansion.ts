/** Words to arguments, by GRUB's rules, which are not a shell's where unquoted values have blanks at their ends. */
import { isSpace } from './numbers.js';
import type { Word } from './syntax.js';

/** The parameters of the function or entry that runs; `null` outside of both. */
export interface Parameters {
  args: readonly string[];
}

/** What expansion needs to know. */
export interface ExpansionSource {
  /** A variable's value; undefined and empty are the same. */
  variable(name: string): string | undefined;
  readonly parameters: Parameters | null;
  /** Called with the characters that were produced, so that a script cannot produce without end. */
  charge(characters: number): void;
}

/** An argument that may still be a pattern: `literal[i]` tells that character i was quoted. */
export interface Argument {
  text: string;
  /** Whether any `*` or `?` in the text stands unquoted, and the characters that were quoted. */
  readonly quotedAt: readonly (readonly [start: number, end: number])[];
}

/** An argument under construction; null text is a slot that nothing was put into yet. */
interface Slot {
  text: string | null;
  quotedAt: [number, number][];
}

/** Collects arguments: pieces go into the last slot; a new word begins a new slot only when the last one was used. */
class Slots {
  readonly slots: Slot[] = [];

  constructor(private readonly charge: (characters: number) => void) {}

  next(): void {
    const last = this.slots[this.slots.length - 1];
    if (last === undefined || last.text !== null) this.slots.push({ text: null, quotedAt: [] });
  }

  append(text: string, quoted: boolean): void {
    this.charge(text.length + 1);
    const last = this.slots[this.slots.length - 1];
    if (last === undefined) return;
    const start = last.text?.length ?? 0;
    last.text = (last.text ?? '') + text;
    if (quoted && text !== '') last.quotedAt.push([start, start + text.length]);
  }

  /** An unquoted value: only blanks inside of it part arguments, those at its ends vanish. */
  appendSplit(text: string): void {
    let at = 0;
    const blanks = (): void => {
      while (at < text.length && isSpace(text.charAt(at))) at += 1;
    };
    blanks();
    while (at < text.length) {
      const start = at;
      while (at < text.length && !isSpace(text.charAt(at))) at += 1;
      this.append(text.slice(start, at), false);
      blanks();
      if (at < text.length) this.next();
    }
  }
}

/**
 * Expands words to arguments. A word that comes to nothing and is not quoted makes no argument; `""` makes an empty one.
 * Patterns are not matched here.
 */
export function expandWords(words: readonly Word[], source: ExpansionSource): Argument[] {
  const slots = new Slots((characters) => source.charge(characters));
  for (const word of words) {
    slots.next();
    for (const piece of word.pieces) {
      if (piece.kind === 'variable') expandVariable(piece.name, piece.quoted, source, slots);
      else if (piece.text !== '' || piece.quoted) slots.append(piece.text, piece.quoted);
    }
  }
  const result: Argument[] = [];
  for (const { text, quotedAt } of slots.slots) if (text !== null) result.push({ text, quotedAt });
  return result;
}

function expandVariable(name: string, quoted: boolean, source: ExpansionSource, slots: Slots): void {
  const put = (text: string): void => {
    if (quoted) slots.append(text, true);
    else slots.appendSplit(text);
  };
  if (name === '*' || name === '@') {
    for (const [i, parameter] of (source.parameters?.args ?? []).entries()) {
      if (i > 0) {
        if (name === '*' && quoted) slots.append(' ', true);
        else slots.next();
      }
      put(parameter);
    }
    return;
  }
  const value = singleValue(name, source);
  if (value !== '') put(value);
}

function singleValue(name: string, source: ExpansionSource): string {
  const { parameters } = source;
  if (name === '#') return parameters === null ? '' : String(parameters.args.length);
  const first = name.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39) return parameters?.args[Number.parseInt(name, 10) - 1] ?? '';
  return source.variable(name) ?? '';
}
