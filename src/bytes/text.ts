/** Text out of untrusted bytes: decoding that never loses a byte silently, and escaping for places that people look at. */

let strictUtf8: InstanceType<typeof TextDecoder> | undefined;
const encoder = new TextEncoder();

/** UTF-8 bytes of a string. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text when `data` is valid UTF-8, else null. */
export function decodeUtf8(data: Uint8Array): string | null {
  // Nearly all text on disks is ASCII, and to make a decoder takes longer than to do without.
  const text = decodeLatin1(data);
  if (!/[^\0-\x7f]/.test(text)) return text;
  strictUtf8 ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return strictUtf8.decode(data);
  } catch {
    return null; // the only failure of a fatal decoder is "not UTF-8", which is the answer here
  }
}

/** One character for each byte (ISO 8859-1): keeps every byte. */
export function decodeLatin1(data: Uint8Array): string {
  let text = '';
  for (let i = 0; i < data.length; i += 8192) {
    // Not `...`, which engines that interpret it take byte by byte.
    text += Reflect.apply(String.fromCharCode, null, data.subarray(i, i + 8192));
  }
  return text;
}

/** Bytes up to the first NUL (all of them when there is none). */
export function untilNul(data: Uint8Array): Uint8Array {
  const end = data.indexOf(0);
  return end < 0 ? data : data.subarray(0, end);
}

/** UTF-16 text of either byte order, up to the first NUL; unpaired surrogates stay as they are. */
export function decodeUtf16(data: Uint8Array, order: 'little' | 'big'): string {
  let text = '';
  for (let i = 0; i + 1 < data.length; i += 2) {
    const a = data[i] as number;
    const b = data[i + 1] as number;
    const unit = order === 'little' ? a | (b << 8) : (a << 8) | b;
    if (unit === 0) break;
    text += String.fromCharCode(unit);
  }
  return text;
}

/**
 * A name of a file as text. Valid UTF-8 stays; any other byte becomes `\xHH` and a backslash becomes `\\`, so that
 * different names stay different.
 */
export function nameText(name: Uint8Array): string {
  const whole = decodeUtf8(name);
  if (whole !== null) return whole;
  let out = '';
  for (let i = 0; i < name.length; ) {
    const length = utf8Length(name, i);
    if (length === 0) {
      out += `\\x${(name[i] as number).toString(16).padStart(2, '0')}`;
      i += 1;
    } else {
      const text = decodeUtf8(name.subarray(i, i + length)) ?? '';
      out += text === '\\' ? '\\\\' : text;
      i += length;
    }
  }
  return out;
}

/** Bytes of the valid UTF-8 sequence at `at`, 0 when there is none. */
function utf8Length(data: Uint8Array, at: number): number {
  const lead = data[at] as number;
  const length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > data.length) return 0;
  return decodeUtf8(data.subarray(at, at + length)) === null ? 0 : length;
}

// Control characters (C0, DEL, C1), the marks that change the direction of text, line separators and the byte order mark.
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;

/** Text from a disk, made harmless for a terminal: control and direction characters are shown as `\xHH` or `\u{H}`. */
export function printable(text: string): string {
  return text.replace(HARMFUL, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Orders byte strings as unsigned bytes, the shorter first where one starts with the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** True when both hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}
