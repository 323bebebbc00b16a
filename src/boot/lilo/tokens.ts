/** The tokens of lilo.conf and elilo.conf: words, quoted strings and equal signs; lines mean nothing to LILO. */
import { corrupt } from '../../errors.js';
import type { StepCounter } from '../assemble.js';

/** A key with its value; null for a flag. */
export interface Setting {
  readonly key: string;
  readonly value: string | null;
  /** Line of the key, from 1. */
  readonly line: number;
}

interface Token {
  readonly text: string;
  /** An unquoted `=`. */
  readonly equals: boolean;
  readonly line: number;
}

const BLANKS = ' \t\r\n';

class TokenReader {
  private at = 0;
  private line = 1;

  constructor(
    private readonly text: string,
    private readonly file: string,
  ) {}

  /** The next token; null at the end. `value` takes `=` into the word, as in root=UUID=... */
  next(value: boolean): Token | null {
    this.skipBlanks();
    const c = this.text.charAt(this.at);
    const { line } = this;
    if (c === '') return null;
    if (c === '=') {
      this.at += 1;
      return { text: '=', equals: true, line };
    }
    return { text: c === '"' ? this.quoted() : this.word(value), equals: false, line };
  }

  private skipBlanks(): void {
    for (; this.at < this.text.length; this.at++) {
      const c = this.text.charAt(this.at);
      if (c === '#') {
        const end = this.text.indexOf('\n', this.at);
        this.at = end < 0 ? this.text.length - 1 : end;
        this.line += 1;
      } else if (c === '\n') this.line += 1;
      else if (!BLANKS.includes(c)) return;
    }
  }

  private word(value: boolean): string {
    let out = '';
    for (; this.at < this.text.length; this.at++) {
      const c = this.text.charAt(this.at);
      if (BLANKS.includes(c) || (c === '=' && !value)) break;
      if (c !== '\\') {
        out += c;
        continue;
      }
      this.at += 1;
      const escaped = this.text.charAt(this.at);
      if (escaped === '\n') this.line += 1;
      else out += escaped;
    }
    return out;
  }

  private quoted(): string {
    const start = this.line;
    let out = '';
    for (this.at += 1; this.at < this.text.length; this.at++) {
      const c = this.text.charAt(this.at);
      if (c === '"') {
        this.at += 1;
        return out;
      }
      if (c === '\n') this.line += 1;
      if (c !== '\\') {
        out += c;
        continue;
      }
      this.at += 1;
      const escaped = this.text.charAt(this.at);
      if (escaped === '\n') {
        // A continued line: its blanks at the start become one.
        this.line += 1;
        while (' \t'.includes(this.text.charAt(this.at + 1)) && this.at + 1 < this.text.length) this.at += 1;
        out += ' ';
      } else if (escaped === '"' || escaped === '\\') out += escaped;
      else out += `\\${escaped}`;
    }
    throw corrupt('lilo.unclosed-quote', `${this.file}:${start}: a quoted string is not closed`);
  }
}

/**
 * Reads the settings of a config in their order.
 * @throws TygrubError corrupt `lilo.unclosed-quote`, limit `scriptSteps`
 */
export function readSettings(text: string, file: string, steps: StepCounter): Setting[] {
  const reader = new TokenReader(text, file);
  const settings: Setting[] = [];
  let key = reader.next(false);
  while (key !== null) {
    steps.step();
    const after = reader.next(false);
    if (after?.equals) {
      const value = reader.next(true);
      settings.push({ key: key.text.toLowerCase(), value: value?.text ?? '', line: key.line });
      key = reader.next(false);
    } else {
      if (!key.equals) settings.push({ key: key.text.toLowerCase(), value: null, line: key.line });
      key = after;
    }
  }
  return settings;
}
