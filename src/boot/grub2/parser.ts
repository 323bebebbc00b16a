/**
 * GRUB's grammar, by recursive descent. The first token that cannot continue the chunk makes all of it void; that token
 * is found where GRUB's own parser finds it, because how much of the file is lost depends on its line.
 */
import { limitReached } from '../../errors.js';
import { isName, Lexer, ScriptSyntaxError, type Token } from './lexer.js';
import type { ScriptText } from './script-text.js';
import type { Block, CommandStatement, FunctionDefinition, IfStatement, Statement, Word } from './syntax.js';

/** Reserved where a command starts; all but the brackets may be arguments. */
const RESERVED = new Set('case do done elif else esac fi for if in select then until while function [[ ]]'.split(' '));

/** What a chunk came to. */
export type Chunk =
  | { readonly ok: true; readonly statements: readonly Statement[]; readonly line: number }
  /** Nothing of the chunk runs. */
  | { readonly ok: false; readonly message: string; readonly line: number };

/** How a script is parsed. */
export interface ParseOptions {
  /** Nesting of blocks and statements that is followed (`Limits.scriptNesting`). */
  readonly nesting: number;
  /** Red Hat's rule: `\xHH` stays as it is. */
  readonly keepHexEscapes: boolean;
  /** A function takes effect as soon as its end is parsed, even where the rest of its chunk is void. */
  define(definition: FunctionDefinition): void;
}

/**
 * The chunks of a script, one after the other. The next one is parsed only when it is asked for: running one chunk can
 * change nothing about how the next is parsed, but a script that stops early need not be parsed to its end.
 * @throws TygrubError limit scriptNesting
 */
export function* chunks(source: ScriptText, options: ParseOptions): Generator<Chunk> {
  const lexer = new Lexer(source, options.keepHexEscapes);
  while (lexer.nextChunk()) {
    const line = source.lineAt(lexer.position);
    try {
      yield { ok: true, statements: new Parser(lexer, options).chunk(), line };
    } catch (error) {
      if (!(error instanceof ScriptSyntaxError)) throw error;
      yield { ok: false, message: error.message, line: source.lineAt(error.position) };
    }
  }
}

class Parser {
  private token: Token;
  private depth = 0;

  constructor(
    private readonly lexer: Lexer,
    private readonly options: ParseOptions,
  ) {
    this.token = lexer.next();
  }

  /** `{ newline | statement (';' | newline) newline* }` up to the end of the chunk. */
  chunk(): Statement[] {
    const statements: Statement[] = [];
    this.newlines();
    while (this.token.kind !== 'end') {
      if (this.isReserved('function')) this.functionDefinition();
      else statements.push(this.command());
      if (this.token.kind !== ';' && this.token.kind !== 'newline') this.unexpected();
      this.advance();
      this.newlines();
    }
    return statements;
  }

  private advance(): void {
    this.token = this.lexer.next();
  }

  private unexpected(): never {
    const { kind, start, end } = this.token;
    const name =
      kind === 'end'
        ? 'the end of the script'
        : kind === 'newline'
          ? 'the end of the line'
          : this.lexer.source.text.slice(start, Math.min(end, start + 40));
    throw new ScriptSyntaxError(`syntax error at ${name}`, start);
  }

  private isReserved(word: string): boolean {
    return this.token.kind === 'word' && this.token.bare === word;
  }

  private expect(word: string): void {
    if (!this.isReserved(word)) this.unexpected();
    this.advance();
  }

  private newlines(): void {
    while (this.token.kind === 'newline') this.advance();
  }

  /** `(';' | newline) newline*`, once at least. */
  private delimiters(): void {
    if (this.token.kind !== ';' && this.token.kind !== 'newline') this.unexpected();
    this.advance();
    this.newlines();
  }

  /**
   * `newline* command { delimiters command }`, then the delimiters before what ends the list. Whether the last of these
   * were there is the result: a block may go without, everything else may not.
   */
  private list(ends: (token: Token) => boolean): { readonly statements: Statement[]; readonly delimited: boolean } {
    this.depth += 1;
    if (this.depth > this.options.nesting) {
      throw limitReached('scriptNesting', `a GRUB script nests more than ${this.options.nesting} deep at line ${this.line()}`);
    }
    this.newlines();
    const statements: Statement[] = [this.command()];
    let delimited = false;
    while (this.token.kind === ';' || this.token.kind === 'newline') {
      this.delimiters();
      delimited = true;
      if (ends(this.token)) break;
      statements.push(this.command());
      delimited = false;
    }
    this.depth -= 1;
    return { statements, delimited };
  }

  /** A list whose last command must be delimited, as those before `then`, `do`, `fi` are. */
  private delimitedList(...words: string[]): Statement[] {
    const { statements, delimited } = this.list((token) => token.kind === 'word' && token.bare !== null && words.includes(token.bare));
    if (!delimited) this.unexpected();
    return statements;
  }

  private line(): number {
    return this.lexer.source.lineAt(this.token.start);
  }

  private command(): Statement {
    if (this.token.kind !== 'word') this.unexpected();
    const { bare } = this.token;
    if (bare === null || !RESERVED.has(bare)) return this.simpleCommand();
    if (bare === 'if') return this.condition();
    if (bare === 'for') return this.forLoop();
    if (bare === 'while' || bare === 'until') return this.whileLoop(bare === 'until');
    return this.unexpected();
  }

  private simpleCommand(): CommandStatement {
    const line = this.line();
    const words: Word[] = [this.word()];
    while (this.token.kind === 'word' && this.token.bare !== '[[' && this.token.bare !== ']]') words.push(this.word());
    return { type: 'command', words, block: this.token.kind === '{' ? this.block() : null, line };
  }

  private word(): Word {
    const word = { pieces: this.token.pieces, line: this.line() };
    this.advance();
    return word;
  }

  private block(): Block {
    const start = this.token.end;
    this.lexer.enter();
    this.advance();
    this.list((token) => token.kind === '}');
    if (this.token.kind !== '}') this.unexpected();
    const source = this.lexer.source.part(start, this.token.start);
    this.lexer.leave();
    this.advance();
    return { source };
  }

  private condition(): IfStatement {
    this.lexer.enter();
    const branches: { condition: Statement[]; body: Statement[] }[] = [];
    let otherwise: Statement[] | null = null;
    do {
      this.advance();
      const condition = this.delimitedList('then');
      this.expect('then');
      branches.push({ condition, body: this.delimitedList('elif', 'else', 'fi') });
    } while (this.isReserved('elif'));
    if (this.isReserved('else')) {
      this.advance();
      otherwise = this.delimitedList('fi');
    }
    if (!this.isReserved('fi')) this.unexpected();
    this.lexer.leave();
    this.advance();
    return { type: 'if', branches, otherwise };
  }

  private name(): string {
    const { kind, bare } = this.token;
    if (kind !== 'word' || bare === null || !isName(bare) || RESERVED.has(bare)) this.unexpected();
    return bare;
  }

  private forLoop(): Statement {
    const line = this.line();
    this.advance();
    const name = this.name();
    this.lexer.enter();
    this.advance();
    this.expect('in');
    const words: Word[] = [];
    while (this.token.kind === 'word' && this.token.bare !== '[[' && this.token.bare !== ']]') words.push(this.word());
    this.delimiters();
    return { type: 'for', name, words, body: this.loopBody(), line };
  }

  private whileLoop(until: boolean): Statement {
    this.lexer.enter();
    this.advance();
    const condition = this.delimitedList('do');
    return { type: 'while', until, condition, body: this.loopBody() };
  }

  private loopBody(): Statement[] {
    this.expect('do');
    const body = this.delimitedList('done');
    if (!this.isReserved('done')) this.unexpected();
    this.lexer.leave();
    this.advance();
    return body;
  }

  private functionDefinition(): void {
    this.advance();
    const name = this.name();
    this.lexer.enter();
    this.advance();
    this.newlines();
    const opening: string = this.token.kind;
    if (opening !== '{') this.unexpected();
    this.advance();
    const { statements, delimited } = this.list((token) => token.kind === '}');
    if (!delimited || this.token.kind !== '}') this.unexpected();
    this.options.define({ name, body: statements, file: this.lexer.source.file });
    this.lexer.leave();
    this.advance();
  }
}
