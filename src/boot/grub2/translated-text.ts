/** Texts to translate (`$"..."`), without a translation: their escapes and variables, by rules of their own. */
import type { Piece } from './syntax.js';

/** `\\` and `\$` lose their backslash, every other one stays. */
export function translatedEscapes(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const next = text.charAt(at + 1);
    if (text.charAt(at) === '\\' && (next === '\\' || next === '$')) at += 1;
    out += text.charAt(at);
  }
  return out;
}

/** The pieces of a text whose `\"` was read already. A brace that is never closed ends the text. */
export function translatedPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let plain = '';
  for (let at = 0; at < text.length; ) {
    const c = text.charAt(at);
    const next = text.charAt(at + 1);
    if (c === '\\' && (next === '\\' || next === '$')) {
      plain += next;
      at += 2;
    } else if (c !== '$') {
      plain += c;
      at += 1;
    } else {
      const end = next === '{' ? text.indexOf('}', at + 2) : nameEnd(text, at + 1);
      if (end < 0) break;
      const name = text.slice(next === '{' ? at + 2 : at + 1, end);
      if (name === '' && next !== '{') plain += '$';
      else if (!/^(\d|[*@]$)/.test(name)) {
        pieces.push({ kind: 'text', text: plain, quoted: true }, { kind: 'variable', name, quoted: true });
        plain = '';
      }
      at = next === '{' ? end + 1 : end;
    }
  }
  pieces.push({ kind: 'text', text: plain, quoted: true });
  return pieces;
}

/** Where the name that starts at `at` ends: letters and digits, digits alone, `?` or `#`. */
function nameEnd(text: string, at: number): number {
  const name = /^(?:[?#]|\d+|[A-Za-z_][A-Za-z0-9_]*)/.exec(text.slice(at, at + MAX_NAME))?.[0] ?? '';
  return at + name.length;
}

/** Longer names than any variable of the kind has; what is beyond counts as text. */
const MAX_NAME = 256;
