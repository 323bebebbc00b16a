/**
 * GRUB's lexer: words out of lines. It works on one chunk at a time, a physical line and as many further lines as open
 * quotes, backslashes and blocks need, because GRUB parses and runs chunk by chunk.
 */
import type { ScriptText } from './script-text.js';
import type { Piece } from './syntax.js';
import { translatedEscapes, translatedPieces } from './translated-text.js';

/** A symbol of the grammar, `invalid` for symbols that the grammar knows nowhere, a word, or the end of the chunk. */
export type TokenKind = 'newline' | ';' | '{' | '}' | 'invalid' | 'word' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Words: the text when the word is bare (no quotes, escapes or variables), so that it can be a reserved word. */
  readonly bare: string | null;
  readonly pieces: readonly Piece[];
  /** Where the token starts and ends in the text. */
  readonly start: number;
  readonly end: number;
}

/** Why a chunk cannot be read. Caught by the parser; never leaves this folder. */
export class ScriptSyntaxError extends Error {
  constructor(
    message: string,
    readonly position: number,
  ) {
    super(message);
  }
}

/** What ends a run of plain characters: symbols, blanks, quotes, escapes and variables. */
const SYMBOL = /[{}|&$;<> \t\n'"\\]/g;
/** What ends a run of plain characters in double quotes. */
const QUOTED_SYMBOL = /["$\\]/g;
const NO_PIECES: readonly Piece[] = [];

export class Lexer {
  /** The next character to read. */
  position = 0;
  /** End of the lines that the chunk has taken so far. */
  private limit = 0;
  /** Blocks, loops and conditions that are open: while there are any, the chunk takes further lines. */
  private open = 0;
  /**
   * Where a `$` in quotes names no variable. The word is read to its end all the same, because GRUB finds its words
   * first and looks at their variables then: the lines that the word takes are lost with it.
   */
  private badVariable: number | null = null;

  /** @param keepHexEscapes Red Hat's rule: `\xHH` stays as it is */
  constructor(
    readonly source: ScriptText,
    private readonly keepHexEscapes: boolean,
  ) {}

  /** Starts the next chunk with the line after the last one taken. False when there is no further line. */
  nextChunk(): boolean {
    this.position = this.limit;
    this.open = 0;
    this.badVariable = null;
    return this.takeLine();
  }

  /** Something was opened that needs its end: lines are taken until it comes. */
  enter(): void {
    this.open += 1;
  }

  leave(): void {
    this.open -= 1;
  }

  /** @throws ScriptSyntaxError for a word that never ends and a `$` that names nothing */
  next(): Token {
    const { text } = this.source;
    for (;;) {
      if (this.position >= this.limit) {
        if (this.open > 0 && this.takeLine()) continue;
        return this.symbol('end', 0);
      }
      const c = text.charAt(this.position);
      if (c === ' ' || c === '\t') this.position += 1;
      else if (c === '#') this.position = text.indexOf('\n', this.position);
      else break;
    }
    const c = text.charAt(this.position);
    if (c === '\n') return this.symbol('newline', 1);
    if (c === '{' || c === '}') return this.symbol(c, 1);
    if (c === ';') return text.charAt(this.position + 1) === ';' ? this.symbol('invalid', 2) : this.symbol(';', 1);
    if (c === '|' || c === '&' || c === '<' || c === '>') return this.symbol('invalid', 1);
    return this.word();
  }

  private takeLine(): boolean {
    if (this.limit >= this.source.text.length) return false;
    this.limit = this.source.text.indexOf('\n', this.limit) + 1;
    return true;
  }

  private symbol(kind: TokenKind, length: number): Token {
    const start = this.position;
    this.position += length;
    return { kind, bare: null, pieces: NO_PIECES, start, end: this.position };
  }

  /** A maximal run of plain characters, escapes, quotes and variables. */
  private word(): Token {
    const { text } = this.source;
    const start = this.position;
    const pieces: Piece[] = [];
    let plain = true;
    // Text outside of quotes since the last quote or variable: how many pieces stand before it, and how it was written.
    let before = 0;
    let written = '';
    for (;;) {
      const run = this.position;
      this.position = Math.min(this.limit, runEnd(SYMBOL, text, run));
      if (this.position > run) pieces.push({ kind: 'text', text: text.slice(run, this.position), quoted: false });
      written += text.slice(run, this.position);
      if (this.position >= this.limit) break;
      const c = text.charAt(this.position);
      if (c === '\\') {
        this.escape(pieces);
        const escaped = text.slice(this.position - 2, this.position);
        if (escaped !== '\\\n') written += escaped;
        plain = false;
        continue;
      }
      if (c === "'") this.singleQuoted(pieces);
      else if (c === '"') this.doubleQuoted(pieces);
      else if (c === '$' && text.charAt(this.position + 1) === '"') {
        // GRUB takes the text before a text to translate for one, too.
        if (written !== '') pieces.splice(before, pieces.length, { kind: 'text', text: translatedEscapes(written), quoted: true });
        this.translated(pieces);
      } else if (c === '$') {
        const variable = this.variable(false);
        if (variable === null) break;
        pieces.push(variable);
      } else break;
      plain = false;
      before = pieces.length;
      written = '';
    }
    const bad = this.badVariable ?? (this.position === start ? start : null);
    this.badVariable = null;
    if (bad !== null) throw new ScriptSyntaxError('a $ names no variable', bad);
    return { kind: 'word', bare: plain ? text.slice(start, this.position) : null, pieces, start, end: this.position };
  }

  /** The character at `position`, taking another line where the chunk's lines end. */
  private charInside(start: number): string {
    while (this.position >= this.limit) {
      if (!this.takeLine()) throw new ScriptSyntaxError('a quote or a line is never ended', start);
    }
    return this.source.text.charAt(this.position);
  }

  private escape(pieces: Piece[]): void {
    const start = this.position;
    this.position += 1;
    const c = this.charInside(start);
    this.position += 1;
    if (c === '\n') {
      // The word may go on in the next line, and there must be one.
      this.charInside(start);
      return;
    }
    const hex = this.source.text.slice(start, start + 4);
    if (this.keepHexEscapes && isHexEscape(hex)) {
      this.position = start + 4;
      pieces.push({ kind: 'text', text: hex, quoted: true });
    } else pieces.push({ kind: 'text', text: c, quoted: true });
  }

  private singleQuoted(pieces: Piece[]): void {
    const start = this.position;
    this.position += 1;
    const from = this.position;
    const end = this.source.text.indexOf("'", from);
    // Where no other quote comes, all lines that are left are lost with this one.
    this.position = end < 0 ? this.source.text.length : end;
    this.charInside(start);
    pieces.push({ kind: 'text', text: this.source.text.slice(from, this.position), quoted: true });
    this.position += 1;
  }

  private doubleQuoted(pieces: Piece[]): void {
    const start = this.position;
    this.position += 1;
    let piece = '';
    // An empty piece first, so that "$empty" still makes an argument.
    pieces.push({ kind: 'text', text: '', quoted: true });
    for (;;) {
      const c = this.charInside(start);
      if (c === '"') break;
      if (c === '$') {
        if (piece !== '') pieces.push({ kind: 'text', text: piece, quoted: true });
        piece = '';
        const variable = this.variable(true);
        if (variable !== null) pieces.push(variable);
        else {
          this.badVariable ??= this.position;
          this.position += 1;
        }
        continue;
      }
      if (c !== '\\') {
        const end = runEnd(QUOTED_SYMBOL, this.source.text, this.position);
        piece += this.source.text.slice(this.position, end);
        this.position = end;
        continue;
      }
      this.position += 1;
      const escaped = this.charInside(start);
      this.position += 1;
      if (escaped === '\n') continue;
      piece += escaped === '$' || escaped === '"' || escaped === '\\' ? escaped : `\\${escaped}`;
    }
    this.position += 1;
    if (piece !== '') pieces.push({ kind: 'text', text: piece, quoted: true });
  }

  /**
   * `$"..."`: the text would be translated; without a translation it stands for itself. Its variables are looked up by other
   * rules than elsewhere: a brace takes all up to the next one for the name, and parameters are empty.
   */
  private translated(pieces: Piece[]): void {
    const start = this.position;
    this.position += 2;
    let text = '';
    for (let c = this.charInside(start); c !== '"'; c = this.charInside(start)) {
      this.position += 1;
      if (c !== '\\') {
        text += c;
        continue;
      }
      const escaped = this.charInside(start);
      this.position += 1;
      if (escaped !== '\n') text += escaped === '"' ? '"' : `\\${escaped}`;
    }
    this.position += 1;
    pieces.push({ kind: 'text', text: '', quoted: true }, ...translatedPieces(text));
  }

  /** The variable that stands here; null, with nothing read, where the `$` names none. */
  private variable(quoted: boolean): Piece | null {
    const found = variableName(this.source.text, this.position + 1, this.limit);
    if (found === null) return null;
    this.position = found.end;
    return { kind: 'variable', name: found.name, quoted };
  }
}

/** Where a run of other characters ends: the first of these from `at` on, or the end of the text. @param symbol with the flag `g` */
function runEnd(symbol: RegExp, text: string, at: number): number {
  symbol.lastIndex = at;
  return symbol.test(text) ? symbol.lastIndex - 1 : text.length;
}

/** `\xHH`. */
export function isHexEscape(text: string): boolean {
  return text.length === 4 && text.startsWith('\\x') && isHexDigit(text.charAt(2)) && isHexDigit(text.charAt(3));
}

function isHexDigit(c: string): boolean {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

function isDigit(c: string): boolean {
  return c >= '0' && c <= '9';
}

function isNameStart(c: string): boolean {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c === '_';
}

/** True for what can name a variable, a loop's variable or a function: letters, digits and `_`, no digit first. */
export function isName(text: string): boolean {
  if (!isNameStart(text.charAt(0))) return false;
  for (let i = 1; i < text.length; i++) if (!isNameStart(text.charAt(i)) && !isDigit(text.charAt(i))) return false;
  return text !== '';
}

/** `NAME`, digits, `?`, `#`, `*` or `@`, or one of these in braces. */
function variableName(text: string, at: number, limit: number): { name: string; end: number } | null {
  const braced = text.charAt(at) === '{';
  const start = braced ? at + 1 : at;
  const first = text.charAt(start);
  let end = start;
  if (first === '?' || first === '#' || first === '*' || first === '@') end += 1;
  else if (isDigit(first)) while (end < limit && isDigit(text.charAt(end))) end += 1;
  else if (isNameStart(first)) while (end < limit && (isNameStart(text.charAt(end)) || isDigit(text.charAt(end)))) end += 1;
  if (end === start) return null;
  if (!braced) return { name: text.slice(start, end), end };
  return text.charAt(end) === '}' ? { name: text.slice(start, end), end: end + 1 } : null;
}
