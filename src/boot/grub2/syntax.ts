/** What the parser makes of a GRUB script: the grammar's nodes, with their lines for warnings. */
import type { ScriptText } from './script-text.js';

/** A part of a word. Pieces are concatenated; what a variable's value does to the word's borders is expansion's business. */
export type Piece =
  /** Text. Quoted text is never taken for a pattern, and an empty quoted piece still makes an argument. */
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  /** `$NAME`, `${NAME}`, `$1`, `$@` ...; quoted inside `"..."`. */
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean };

/** A word before expansion. */
export interface Word {
  readonly pieces: readonly Piece[];
  /** Line in its file, from 1. */
  readonly line: number;
}

/** The block after a command: kept as text, because it is parsed again when it is run. */
export interface Block {
  /** Between the braces, without them. */
  readonly source: ScriptText;
}

/** The block as a command sees it that takes none: its text with the braces. */
export function blockText({ source: { text } }: Block): string {
  return `{${text.endsWith('\n') ? text.slice(0, -1) : text}}`;
}

/** A command with its arguments, the command's own word first. */
export interface CommandStatement {
  readonly type: 'command';
  readonly words: readonly Word[];
  readonly block: Block | null;
  readonly line: number;
}

/** `if` with its `elif`s and `else`. */
export interface IfStatement {
  readonly type: 'if';
  readonly branches: readonly { readonly condition: readonly Statement[]; readonly body: readonly Statement[] }[];
  readonly otherwise: readonly Statement[] | null;
}

/** `for NAME in WORDS`. */
export interface ForStatement {
  readonly type: 'for';
  readonly name: string;
  readonly words: readonly Word[];
  readonly body: readonly Statement[];
  readonly line: number;
}

/** `while` and `until`. */
export interface WhileStatement {
  readonly type: 'while';
  readonly until: boolean;
  readonly condition: readonly Statement[];
  readonly body: readonly Statement[];
}

export type Statement = CommandStatement | IfStatement | ForStatement | WhileStatement;

/** A function takes effect when it is parsed, not when the line that holds it runs. */
export interface FunctionDefinition {
  readonly name: string;
  readonly body: readonly Statement[];
  /** `volume:path` of the file that defines it, for warnings of its commands. */
  readonly file: string | null;
}
