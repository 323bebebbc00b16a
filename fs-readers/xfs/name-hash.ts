/** The hashes by which directories are ordered, and the comparison that goes with them. */
import { equalBytes } from '../../src/bytes/text.js';

function rotate(hash: number, bits: number): number {
  return (hash << bits) | (hash >>> (32 - bits));
}

/** `xfs_da_hashname`: seven bits further for every byte. @returns unsigned */
export function hashName(name: Uint8Array): number {
  let hash = 0;
  for (const byte of name) hash = byte ^ rotate(hash, 7);
  return hash >>> 0;
}

/** `xfs_ascii_ci_xfrm`: letters of ASCII and, as the kernel's `tolower` has it, of ISO 8859-1. */
function lower(byte: number): number {
  const upper = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0xc0 && byte <= 0xd6) || (byte >= 0xd8 && byte <= 0xde);
  return upper ? byte + 0x20 : byte;
}

/** How a directory compares names. */
export interface NameRule {
  hash(name: Uint8Array): number;
  equal(a: Uint8Array, b: Uint8Array): boolean;
}

/** Byte for byte. */
export const EXACT: NameRule = { hash: hashName, equal: equalBytes };

/** `mkfs.xfs -n version=ci`. */
export const ASCII_CASE_INSENSITIVE: NameRule = {
  hash: (name) => hashName(name.map(lower)),
  equal: (a, b) => a.length === b.length && equalBytes(a.map(lower), b.map(lower)),
};
