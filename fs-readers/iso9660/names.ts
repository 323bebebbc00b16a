/** Names without Rock Ridge, as Linux shows them: plain ones in lower case and without version, Joliet's in Unicode. */
import { encodeUtf8 } from '../../src/bytes/text.js';

const DOT = 0x2e;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const ONE = 0x31;

/** A plain name by Linux's map=normal: lower case, `;1` and `.;1` at the end left out, other `;` and `/` as dots. */
export function plainName(name: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < name.length; i++) {
    const byte = name[i] as number;
    if (byte === 0) break;
    const left = name.length - i;
    if (byte === DOT && left === 3 && name[i + 1] === SEMICOLON && name[i + 2] === ONE) break;
    if (byte === SEMICOLON && left === 2 && name[i + 1] === ONE) break;
    if (byte >= 0x41 && byte <= 0x5a) out.push(byte | 0x20);
    else out.push(byte === SEMICOLON || byte === SLASH ? DOT : byte);
  }
  return Uint8Array.from(out);
}

/** A name of Joliet: UTF-16, big-endian; `;1` and dots at the end are left out. Halves of surrogate pairs become `?`. */
export function jolietName(name: Uint8Array): Uint8Array {
  let text = bigEndianText(name);
  if (text.length > 2 && text.endsWith(';1')) text = text.slice(0, -2);
  let length = text.length;
  while (length >= 2 && text[length - 1] === '.') length -= 1;
  return encodeUtf8(text.slice(0, length));
}

/** UTF-16, big-endian, up to the first NUL. */
export function bigEndianText(data: Uint8Array): string {
  let text = '';
  const unit = (at: number): number => ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  for (let i = 0; i + 1 < data.length; i += 2) {
    const high = unit(i);
    if (high === 0) break;
    if (high < 0xd800 || high > 0xdfff) {
      text += String.fromCharCode(high);
      continue;
    }
    const low = unit(i + 2);
    if (high < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) {
      text += String.fromCharCode(high, low);
      i += 2;
    } else text += '?';
  }
  return text;
}
