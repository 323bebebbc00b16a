/** Numbers in scripts, read as GRUB's `grub_strtoul` reads them. */

/** A number and what follows it. */
export interface ParsedNumber {
  /** At most 2^53 - 1; `overflow` tells when the text had more than 64 bits. */
  readonly value: number;
  readonly overflow: boolean;
  /** Where the digits ended. */
  readonly end: number;
  /** False where there was no digit at all. */
  readonly found: boolean;
}

const DIGITS = '0123456789abcdef';

/** True for the blanks of C's `isspace` in GRUB: space, tab, newline, vertical tab, form feed, carriage return. */
export function isSpace(c: string): boolean {
  return c === ' ' || (c >= '\t' && c <= '\r' && c.length === 1);
}

/**
 * Blanks, then digits. Base 0 understands `0x` and a leading `0` as hexadecimal and octal.
 * @param base 0, 8, 10 or 16
 */
export function parseUnsigned(text: string, base: 0 | 10 | 16, from = 0): ParsedNumber {
  let at = from;
  while (at < text.length && isSpace(text.charAt(at))) at += 1;
  let radix: number = base;
  if (text.charAt(at) === '0') {
    const x = text.charAt(at + 1) === 'x';
    if (x && (base === 0 || base === 16)) {
      radix = 16;
      at += 2;
    } else if (base === 0 && isOctal(text.charAt(at + 1))) radix = 8;
  }
  if (radix === 0) radix = 10;
  const start = at;
  let value = 0;
  let overflow = false;
  for (; at < text.length; at++) {
    const digit = DIGITS.indexOf(text.charAt(at).toLowerCase());
    if (digit < 0 || digit >= radix) break;
    value = value * radix + digit;
    if (value >= 2 ** 64) {
      overflow = true;
      break;
    }
  }
  return { value: Math.min(value, Number.MAX_SAFE_INTEGER), overflow, end: at, found: at > start };
}

function isOctal(c: string): boolean {
  return c >= '0' && c <= '7' && c.length === 1;
}
