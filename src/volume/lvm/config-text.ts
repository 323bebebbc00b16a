/**
 * LVM's configuration language, in which the metadata are written: `name = value`, `name { ... }`, values being strings,
 * numbers and lists of them; comments from `#` to the end of the line.
 */
import { corrupt, limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';

export type ConfigValue = string | number | readonly ConfigValue[] | ConfigSection;
/** Names are looked up in a Map: they come from the disk. */
export type ConfigSection = ReadonlyMap<string, ConfigValue>;

/** One word of the language. */
interface Word {
  readonly kind: 'name' | 'string' | 'mark' | 'end';
  readonly text: string;
}

const MARKS = '[]{}=,';
const SPACES = ' \t\r\n';
const NAME_ENDS = `${MARKS}${SPACES}"#`;

/** Splits a text into words, one at a time, looking at each character once. */
class Words {
  private at = 0;
  /** The word that stands next. */
  word: Word = { kind: 'end', text: '' };

  constructor(private readonly text: string) {
    this.advance();
  }

  /** Whether the next word is this mark. */
  is(mark: string): boolean {
    return this.word.kind === 'mark' && this.word.text === mark;
  }

  /** Goes on by a word and gives the one passed. */
  advance(): Word {
    const passed = this.word;
    this.skipSpace();
    const first = this.text.charAt(this.at);
    if (first === '') this.word = { kind: 'end', text: '' };
    else if (first === '"') this.word = { kind: 'string', text: this.quoted() };
    else if (MARKS.includes(first)) {
      this.at += 1;
      this.word = { kind: 'mark', text: first };
    } else {
      const start = this.at;
      while (this.at < this.text.length && !NAME_ENDS.includes(this.text.charAt(this.at))) this.at += 1;
      this.word = { kind: 'name', text: this.text.slice(start, this.at) };
    }
    return passed;
  }

  wrong(what: string): never {
    throw corrupt('lvm.metadata-syntax', `the LVM2 metadata cannot be understood at character ${this.at}: ${what}`);
  }

  private skipSpace(): void {
    for (;;) {
      const here = this.text.charAt(this.at);
      if (here === '#') {
        const end = this.text.indexOf('\n', this.at);
        this.at = end < 0 ? this.text.length : end;
      } else if (here !== '' && SPACES.includes(here)) this.at += 1;
      else return;
    }
  }

  private quoted(): string {
    let out = '';
    for (let i = this.at + 1; i < this.text.length; i++) {
      const c = this.text.charAt(i);
      if (c === '"') {
        this.at = i + 1;
        return out;
      }
      if (c === '\\') i += 1;
      out += this.text.charAt(i);
    }
    return this.wrong('a string does not end');
  }
}

/**
 * Parses a text into its top section.
 * @throws TygrubError corrupt, limit (nesting)
 */
export function parseConfig(text: string, limits: Limits): ConfigSection {
  const words = new Words(text);
  const top = section(words, limits.treeDepth);
  if (words.word.kind !== 'end') words.wrong('a section ends that did not start');
  return top;
}

function section(words: Words, depth: number): ConfigSection {
  if (depth <= 0) throw limitReached('treeDepth', 'the sections of the LVM2 metadata are nested too deep');
  const fields = new Map<string, ConfigValue>();
  while (words.word.kind !== 'end' && !words.is('}')) {
    const name = words.advance();
    if (name.kind === 'mark') words.wrong(`${name.text} is no name`);
    if (words.is('{')) {
      words.advance();
      fields.set(name.text, section(words, depth - 1));
      if (!words.is('}')) words.wrong(`the section ${name.text} does not end`);
      words.advance();
    } else if (words.is('=')) {
      words.advance();
      fields.set(name.text, words.is('[') ? list(words) : scalar(words));
    } else words.wrong(`neither = nor { follows ${name.text}`);
  }
  return fields;
}

function list(words: Words): readonly ConfigValue[] {
  const values: ConfigValue[] = [];
  words.advance();
  while (!words.is(']')) {
    values.push(scalar(words));
    if (words.is(',')) words.advance();
  }
  words.advance();
  return values;
}

function scalar(words: Words): string | number {
  const { kind, text } = words.advance();
  if (kind === 'mark' || kind === 'end') return words.wrong('a value is missing');
  const number = Number(text);
  return kind === 'name' && Number.isFinite(number) ? number : text;
}

/** A section of a section; undefined when there is none of that name. */
export function sectionOf(section: ConfigSection, name: string): ConfigSection | undefined {
  const value = section.get(name);
  return value instanceof Map ? value : undefined;
}

/** A string field; undefined when there is none. */
export function textOf(section: ConfigSection, name: string): string | undefined {
  const value = section.get(name);
  return typeof value === 'string' ? value : undefined;
}

/**
 * A number field that must be there and count something.
 * @throws TygrubError corrupt
 */
export function countOf(section: ConfigSection, name: string, where: string): number {
  const value = section.get(name);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw corrupt('lvm.metadata-field', `the LVM2 metadata of ${where} have no sound ${name}`);
  }
  return value;
}

/** A list field; empty when there is none. */
export function listOf(section: ConfigSection, name: string): readonly ConfigValue[] {
  const value = section.get(name);
  return Array.isArray(value) ? value : [];
}
