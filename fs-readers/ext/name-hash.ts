/** The hashes of names by which a directory's hash tree is ordered (the kernel's `fs/ext4/hash.c`). */

export const HASH_VERSION = { LEGACY: 0, HALF_MD4: 1, TEA: 2 } as const;

type Words = [number, number, number, number];

/** Initial state where the superblock has no seed: MD4's. */
const INITIAL: Words = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
/** Greater hashes mean "the end" to the kernel. */
const LAST_HASH = 0xfffffffc;

/** How names are hashed in one directory. */
export interface HashOptions {
  /** One of `HASH_VERSION`. */
  readonly version: number;
  /** Whether bytes count as unsigned; the filesystem remembers what `char` was where it was made. */
  readonly unsigned: boolean;
  /** `s_hash_seed`. */
  readonly seed: readonly number[];
}

/**
 * The hash of a name; its lowest bit is 0 (the tree uses it for itself).
 * @returns null for versions that are not known
 */
export function nameHash(name: Uint8Array, options: HashOptions): number | null {
  const hash = rawHash(name, options);
  if (hash === null) return null;
  const even = (hash & ~1) >>> 0;
  return Math.min(even, LAST_HASH);
}

function rawHash(name: Uint8Array, { version, unsigned, seed }: HashOptions): number | null {
  if (version === HASH_VERSION.LEGACY) return legacy(name, unsigned);
  const seeded = seed.some((word) => word !== 0);
  const state: Words = seeded ? [seed[0] ?? 0, seed[1] ?? 0, seed[2] ?? 0, seed[3] ?? 0] : [...INITIAL];
  if (version === HASH_VERSION.HALF_MD4) {
    for (let at = 0; at < name.length; at += 32) halfMd4(state, words(name, at, 8, unsigned));
    return state[1];
  }
  if (version === HASH_VERSION.TEA) {
    for (let at = 0; at < name.length; at += 16) tea(state, words(name, at, 4, unsigned));
    return state[0];
  }
  return null;
}

/** A byte as C's `char` of the system that made the filesystem. */
function character(byte: number, unsigned: boolean): number {
  return unsigned ? byte : (byte << 24) >> 24;
}

function legacy(name: Uint8Array, unsigned: boolean): number {
  let hash0 = 0x12a3fe2d;
  let hash1 = 0x37abe8f9;
  for (const byte of name) {
    let hash = (hash1 + (hash0 ^ Math.imul(character(byte, unsigned), 7152373))) | 0;
    if (hash < 0) hash = (hash - 0x7fffffff) | 0;
    hash1 = hash0;
    hash0 = hash;
  }
  return hash0 << 1;
}

/** `count` words of a name from `at` on, padded with its remaining length. */
function words(name: Uint8Array, at: number, count: number, unsigned: boolean): number[] {
  const left = name.length - at;
  const byte = left & 0xff;
  const pad = byte | (byte << 8) | (byte << 16) | (byte << 24);
  const out: number[] = [];
  const length = Math.min(left, count * 4);
  let value = pad;
  for (let i = 0; i < length; i++) {
    value = (character(name[at + i] as number, unsigned) + (value << 8)) | 0;
    if (i % 4 === 3) {
      out.push(value);
      value = pad;
    }
  }
  if (out.length < count) out.push(value);
  while (out.length < count) out.push(pad);
  return out;
}

const DELTA = 0x9e3779b9;
const TEA_ROUNDS = 16;

function tea(state: Words, input: readonly number[]): void {
  const [a = 0, b = 0, c = 0, d = 0] = input;
  let sum = 0;
  let [b0, b1] = state;
  for (let n = 0; n < TEA_ROUNDS; n++) {
    sum = (sum + DELTA) | 0;
    b0 = (b0 + ((((b1 << 4) + a) ^ (b1 + sum) ^ ((b1 >>> 5) + b)) | 0)) | 0;
    b1 = (b1 + ((((b0 << 4) + c) ^ (b0 + sum) ^ ((b0 >>> 5) + d)) | 0)) | 0;
  }
  state[0] = (state[0] + b0) | 0;
  state[1] = (state[1] + b1) | 0;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** MD4's three rounds, each with eight steps instead of sixteen: mixing function, constant, word order, rotations. */
const ROUNDS: readonly {
  readonly mix: (x: number, y: number, z: number) => number;
  readonly constant: number;
  readonly order: readonly number[];
  readonly turns: readonly number[];
}[] = [
  { mix: (x, y, z) => z ^ (x & (y ^ z)), constant: 0, order: [0, 1, 2, 3, 4, 5, 6, 7], turns: [3, 7, 11, 19] },
  { mix: (x, y, z) => (x & y) + ((x ^ y) & z), constant: 0x5a827999, order: [1, 3, 5, 7, 0, 2, 4, 6], turns: [3, 5, 9, 13] },
  { mix: (x, y, z) => x ^ y ^ z, constant: 0x6ed9eba1, order: [3, 7, 2, 6, 1, 5, 0, 4], turns: [3, 9, 11, 15] },
];

function halfMd4(state: Words, input: readonly number[]): void {
  let [a, b, c, d] = state;
  for (const { mix, constant, order, turns } of ROUNDS) {
    for (let step = 0; step < 8; step++) {
      const turned = rotate((a + mix(b, c, d) + (input[order[step] as number] as number) + constant) | 0, turns[step % 4] as number);
      // The registers change places: what was d is the next to be replaced.
      a = d;
      d = c;
      c = b;
      b = turned;
    }
  }
  state[0] = (state[0] + a) | 0;
  state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0;
  state[3] = (state[3] + d) | 0;
}
