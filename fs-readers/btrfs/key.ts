/** Keys: what every item of every btrfs tree is found by ("Btrfs design", keys). */
import { type FieldType, safeU64 } from '../../src/bytes/layout.js';

/** The first 32-bit half of 64-bit numbers that stand for small negative ones. */
const NEGATIVE = 0xffe00000;

/**
 * A 64-bit number of a key. Reserved tree and object numbers count down from 2^64: they are negative here, so that all
 * numbers stay safe integers, and are ordered behind all others. Decoding throws `corrupt` for what is neither small nor
 * reserved.
 */
export const keyNumber: FieldType<number> = {
  size: 8,
  read(view, at, little, field) {
    const low = view.getUint32(little ? at : at + 4, little);
    const high = view.getUint32(little ? at + 4 : at, little);
    return high >= NEGATIVE ? (high - 0x1_0000_0000) * 0x1_0000_0000 + low : safeU64(high, low, field);
  },
  write(view, at, little, value) {
    view.setUint32(little ? at : at + 4, value >>> 0, little);
    view.setUint32(little ? at + 4 : at, Math.floor(value / 0x1_0000_0000) >>> 0, little);
  },
};

/** `struct btrfs_key`. */
export interface Key {
  readonly objectid: number;
  readonly type: number;
  readonly offset: number;
}

/** Bytes of a key on the disk. */
export const KEY_SIZE = 17;

/** A key as a field of a structure. */
export const keyField: FieldType<Key> = {
  size: KEY_SIZE,
  read: (view, at, little, field) => ({
    objectid: keyNumber.read(view, at, little, field),
    type: view.getUint8(at + 8),
    offset: keyNumber.read(view, at + 9, little, field),
  }),
  write(view, at, little, key) {
    keyNumber.write(view, at, little, key.objectid);
    view.setUint8(at + 8, key.type);
    keyNumber.write(view, at + 9, little, key.offset);
  },
};

/** The largest 64-bit number. */
export const LAST = -1;

/** Orders the numbers of keys: unsigned, so that reserved ones come last. */
export function compareNumbers(a: number, b: number): number {
  if (a < 0 !== b < 0) return a < 0 ? 1 : -1;
  return a - b;
}

/** Orders keys as the trees do: by objectid, type, offset, all unsigned. */
export function compareKeys(a: Key, b: Key): number {
  return compareNumbers(a.objectid, b.objectid) || a.type - b.type || compareNumbers(a.offset, b.offset);
}

/** A key for messages: `(256 84 1234)`. */
export function keyText(key: Key): string {
  return `(${key.objectid} ${key.type} ${key.offset})`;
}
