/** Text from a guest as cells of a terminal: harmless, in the terminal's characters, and as wide as the terminal shows it. */
import { printable } from '../bytes/text.js';

/** What the terminal can show. */
export type Charset = 'utf-8' | 'ascii';

/** A character with the marks on it. */
export interface Glyph {
  readonly text: string;
  /** Cells. */
  readonly width: 1 | 2;
}

const ASCII_ONLY = /^[ -~]*$/;
const MARK = /^\p{M}$/u;
/** Unassigned, private, surrogate and format characters: terminals do not agree on what these look like. */
const UNCERTAIN = /^\p{C}$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;
/** Combining marks kept on one character; a title made of thousands of them must not cost thousands of bytes a row. */
const MARKS_KEPT = 2;

/** First and last code points of the blocks that Unicode's EastAsianWidth calls wide (the large ones). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
];

/**
 * Text as glyphs. Control and direction characters appear escaped (`\x1b`); without UTF-8, letters lose their accents
 * and everything else becomes `?`.
 * @param text may come from a disk
 * @param cells no more glyphs than fill this many cells are made
 */
export function glyphs(text: string, charset: Charset, cells = Number.POSITIVE_INFINITY): Glyph[] {
  const out: Glyph[] = [];
  let used = 0;
  let marks = 0;
  // Each glyph takes at most one base, its marks and surrogates; a bound before `printable` makes long titles cheap.
  const bounded = Number.isFinite(cells) ? text.slice(0, cells * 8 + 8) : text;
  for (const char of printable(bounded)) {
    if (MARK.test(char)) {
      const last = out[out.length - 1];
      const kept = charset === 'utf-8' && last !== undefined && marks < MARKS_KEPT && !/^[\ufe00-\ufe0f]$/.test(char);
      if (kept) out[out.length - 1] = { text: last.text + char, width: last.width };
      marks += 1;
      continue;
    }
    marks = 0;
    const glyph = charset === 'ascii' ? asciiGlyph(char) : utf8Glyph(char);
    if (used + glyph.width > cells) break;
    used += glyph.width;
    out.push(glyph);
  }
  return out;
}

function utf8Glyph(char: string): Glyph {
  if (ASCII_ONLY.test(char)) return { text: char, width: 1 };
  if (UNCERTAIN.test(char)) return { text: '?', width: 1 };
  const code = char.codePointAt(0) ?? 0;
  const wide = EMOJI.test(char) || WIDE.some(([first, last]) => code >= first && code <= last);
  return { text: char, width: wide ? 2 : 1 };
}

function asciiGlyph(char: string): Glyph {
  const plain = ASCII_ONLY.test(char) ? char : (char.normalize('NFKD')[0] ?? '?');
  return { text: ASCII_ONLY.test(plain) ? plain : '?', width: 1 };
}

/** Cells that a text takes. */
export function textWidth(text: string, charset: Charset): number {
  let width = 0;
  for (const glyph of glyphs(text, charset)) width += glyph.width;
  return width;
}

/**
 * The character set of a terminal, from the environment: UTF-8 only where the locale says so and the terminal is not
 * one of the old ones that libxl and serial lines announce.
 */
export function charsetOf(environment: Readonly<Record<string, string | undefined>>): Charset {
  const locale = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find((value) => value !== undefined && value !== '');
  if (locale === undefined || !/utf-?8/i.test(locale)) return 'ascii';
  return /^(vt\d|dumb|ansi|unknown|$)/.test(environment['TERM'] ?? '') ? 'ascii' : 'utf-8';
}
