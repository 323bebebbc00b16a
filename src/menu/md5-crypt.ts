/**
 * MD5-crypt (`$1$salt$hash`), the password scheme of GRUB legacy and of old Unix systems, as its author described it in
 * FreeBSD's crypt: 1000 rounds of MD5 over password, salt and the digest so far.
 */
import { createHash } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ROUNDS = 1000;
const MAX_SALT = 8;

/** Bytes of the digest in the order in which they are written, three to a group of four characters. */
const GROUPS: readonly (readonly [number, number, number])[] = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
];
const LAST = 11;

/** The salt of a `$1$salt$...` secret; null when it is none. */
export function md5CryptSalt(secret: string): string | null {
  if (!secret.startsWith('$1$')) return null;
  const end = secret.indexOf('$', 3);
  return secret.slice(3, end < 0 ? undefined : end).slice(0, MAX_SALT);
}

/**
 * Hashes a password.
 * @param salt at most 8 characters count
 * @returns `$1$salt$` and 22 characters
 */
export function md5Crypt(password: string, salt: string): string {
  const key = Buffer.from(password, 'utf8');
  const seasoning = Buffer.from(salt.slice(0, MAX_SALT), 'utf8');
  const inner = md5([key, seasoning, key]);
  const first: Uint8Array[] = [key, Buffer.from('$1$'), seasoning];
  for (let left = key.length; left > 0; left -= inner.length) first.push(inner.subarray(0, Math.min(left, inner.length)));
  // An oddity of the scheme: for each bit of the length a zero byte or the first byte of the password.
  for (let bits = key.length; bits > 0; bits >>= 1) first.push((bits & 1) === 1 ? Buffer.alloc(1) : key.subarray(0, 1));
  let digest = md5(first);
  for (let round = 0; round < ROUNDS; round++) {
    const odd = round % 2 === 1;
    const parts: Uint8Array[] = [odd ? key : digest];
    if (round % 3 !== 0) parts.push(seasoning);
    if (round % 7 !== 0) parts.push(key);
    parts.push(odd ? digest : key);
    digest = md5(parts);
  }
  let text = '';
  for (const [a, b, c] of GROUPS) text += base64(((digest[a] ?? 0) << 16) | ((digest[b] ?? 0) << 8) | (digest[c] ?? 0), 4);
  return `$1$${seasoning.toString('utf8')}$${text}${base64(digest[LAST] ?? 0, 2)}`;
}

function md5(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The low bits of a number, six to a character, lowest first. */
function base64(value: number, characters: number): string {
  let text = '';
  for (let i = 0; i < characters; i++) text += ALPHABET[(value >> (6 * i)) & 0x3f] ?? '';
  return text;
}
