/** Names in a FAT directory: short ones in code page 437, long ones in UTF-16, and how they compare. */
import { encodeUtf8 } from '../../src/bytes/text.js';
import { type DirectoryRecord, KANJI_E5, LOWER_BASE, LOWER_EXTENSION } from './layout.js';

/** Code page 437 from 0x80 on: what Linux, mtools and a western DOS take short names for. */
const CODE_PAGE_437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const LETTERS = new Set(CODE_PAGE_437);

/** The character of a byte in code page 437. */
export function codePage437(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : (CODE_PAGE_437[byte - 0x80] ?? '?');
}

/** Lower case as far as the code page has the letter; others stay. */
function lower(letter: string): string {
  const small = letter.toLowerCase();
  return letter < '\u0080' || LETTERS.has(small) ? small : letter;
}

function part(name: Uint8Array, from: number, to: number, small: boolean): string {
  let text = '';
  for (let i = from; i < to; i++) {
    // 0x05 as the first byte of a name stands for 0xe5, which would mean "deleted" there.
    const byte = i === 0 && name[i] === KANJI_E5 ? 0xe5 : (name[i] ?? 0);
    if (byte === 0) break;
    const letter = codePage437(byte);
    text += small ? lower(letter) : letter;
  }
  let length = text.length;
  while (length > 0 && text[length - 1] === ' ') length -= 1;
  return text.slice(0, length);
}

/**
 * The short name as Linux (vfat, shortname=mixed) shows it: base, dot, extension, without padding; lower case where
 * `DIR_NTRes` says so. Empty when there is nothing but padding.
 */
export function shortName(entry: Pick<DirectoryRecord, 'DIR_Name' | 'DIR_NTRes'>): string {
  const base = part(entry.DIR_Name, 0, 8, (entry.DIR_NTRes & LOWER_BASE) !== 0);
  const extension = part(entry.DIR_Name, 8, 11, (entry.DIR_NTRes & LOWER_EXTENSION) !== 0);
  return extension === '' ? base : `${base}.${extension}`;
}

/** The checksum that ties the parts of a long name to their short name (section 7.2). */
export function shortNameChecksum(name: Uint8Array): number {
  let sum = 0;
  for (const byte of name) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
  return sum;
}

/** The text of a long name: up to the first NUL, without halves of surrogate pairs. */
export function longName(units: Uint16Array): string {
  let text = '';
  for (let i = 0; i < units.length; i++) {
    const unit = units[i] as number;
    if (unit === 0) break;
    if (unit < 0xd800 || unit > 0xdfff) text += String.fromCharCode(unit);
    else if (unit < 0xdc00) {
      const low = units[i + 1] ?? 0;
      if (low < 0xdc00 || low > 0xdfff) continue;
      text += String.fromCharCode(unit, low);
      i += 1;
    }
  }
  return text;
}

/** True for a text that can be the name of a file: not empty, no `.` or `..`, no slash. */
export function isFileName(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..' && !text.includes('/') && !text.includes('\0');
}

/** What two names that FAT takes for the same have in common: case and dots at the end do not count. */
export function foldName(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '.') end -= 1;
  let folded = '';
  for (const letter of text.slice(0, end)) {
    const capital = letter.toUpperCase();
    folded += capital.length === letter.length ? capital : letter;
  }
  return folded;
}

/** A name as the bytes that other filesystems would have: UTF-8. */
export function nameBytes(text: string): Uint8Array {
  return encodeUtf8(text);
}
