/** Boot Loader Specification entries (`loader/entries/*.conf`) as GRUB's `blscfg` reads them, quirks and all. */
import { decodeLatin1, decodeUtf8 } from '../../../bytes/text.js';
import type { Flavour } from '../surroundings.js';

/** One entry file: its keys in order, and what in it GRUB does not see. */
export interface BlsFile {
  /** The file's name without `.conf`. */
  readonly id: string;
  readonly fields: readonly { readonly key: string; readonly value: string; readonly line: number }[];
  readonly oddities: readonly { readonly code: string; readonly message: string; readonly line: number }[];
}

/**
 * Reads an entry file. A key ends at a space (Red Hat: at the first space of the line, a tab only where there is no
 * space); the value is the rest of the line as it stands. A line without a value, an empty one too, ends the file.
 */
export function parseBlsFile(id: string, bytes: Uint8Array, flavour: Flavour): BlsFile {
  const lines = (decodeUtf8(bytes) ?? decodeLatin1(bytes)).replaceAll('\r', '').split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  const fields: { key: string; value: string; line: number }[] = [];
  const oddities: { code: string; message: string; line: number }[] = [];
  for (const [i, raw] of lines.entries()) {
    const line = i + 1;
    const text = withoutLeadingBlanks(raw);
    if (text.startsWith('#')) continue;
    const [space, tab] = [text.indexOf(' '), text.indexOf('\t')];
    let separator = space < 0 ? tab : tab < 0 ? space : Math.min(space, tab);
    if (flavour === 'redhat' && space >= 0 && tab >= 0 && tab < space) {
      // Red Hat's GRUB would take `key<TAB>value` up to the space for the key and lose the line.
      oddities.push({ code: 'bls.tab', message: 'a tab parts key and value, which GRUB would not understand here', line });
    } else if (flavour === 'redhat' && space >= 0) separator = space;
    const value = separator < 0 ? '' : withoutLeadingBlanks(text.slice(separator + 1));
    // Upstream looks past all blanks for the value, Red Hat only at the character behind the first one.
    if (separator < 0 || (flavour === 'redhat' ? separator === text.length - 1 : value === '')) {
      const lost = lines.slice(i + 1).some((other) => withoutLeadingBlanks(other) !== '');
      if (lost) oddities.push({ code: 'bls.cut-off', message: 'GRUB reads no further than this line, which has no value', line });
      break;
    }
    fields.push({ key: text.slice(0, separator), value, line });
  }
  return { id, fields, oddities };
}

function withoutLeadingBlanks(text: string): string {
  let at = 0;
  while (text.charAt(at) === ' ' || text.charAt(at) === '\t') at += 1;
  return text.slice(at);
}

/** The first value of a key; null when there is none. */
export function firstValue(file: BlsFile, key: string): string | null {
  return file.fields.find((field) => field.key === key)?.value ?? null;
}

/** All values of a key. */
export function allValues(file: BlsFile, key: string): string[] {
  return file.fields.filter((field) => field.key === key).map((field) => field.value);
}

/**
 * Puts the values of variables into a value, as `blscfg` does when it makes the entry: `$NAME` becomes the value and a
 * space and swallows one space behind it. A piece of exactly one character between variables or at the end is lost, as
 * it is in GRUB. Null where nothing is left.
 */
export function expandValue(value: string | null, variable: (name: string) => string | undefined, flavour: Flavour): string | null {
  if (value === null) return null;
  let result: string | null = null;
  let isVariable = false;
  let start = 0;
  let end = 0;
  const append = (): void => {
    const piece = value.slice(start, end + 1);
    const text = isVariable ? variable(piece) : piece;
    if (text !== undefined) result = `${result ?? ''}${text}${isVariable ? ' ' : ''}`;
  };
  for (let at = 0; at < value.length; at++) {
    const c = value.charAt(at);
    const escaped = flavour === 'redhat' && value.charAt(at - 1) === '\\';
    if (c === '$' && !escaped) {
      if (start !== end) append();
      isVariable = true;
      start = at + 1;
    } else if (isVariable && !isNameCharacter(c)) {
      append();
      isVariable = false;
      start = c === ' ' ? at + 1 : at;
    }
    end = at;
  }
  if (start !== end) append();
  return result;
}

function isNameCharacter(c: string): boolean {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c === '_';
}
