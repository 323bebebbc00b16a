/** The checksum algorithms of btrfs (`csum_type`), each loaded when a filesystem uses it. */
import { crc32c } from '../../src/bytes/crc.js';
import { unsupported } from '../../src/errors.js';

/** A checksum algorithm. */
export interface Checksum {
  readonly name: string;
  /** Bytes of one checksum. */
  readonly size: number;
  /** The checksum as it is stored. */
  compute(data: Uint8Array): Uint8Array;
}

const CRC32C = 0;
const XXHASH64 = 1;
const SHA256 = 2;
const BLAKE2B = 3;
/** Bytes of SHA-256, and of BLAKE2b as btrfs uses it. */
const LONG_SIZE = 32;

/**
 * The algorithm of a number.
 * @throws TygrubError unsupported `btrfs.checksum-type`
 */
export async function checksumOf(type: number): Promise<Checksum> {
  if (type === CRC32C) return { name: 'crc32c', size: 4, compute: (data) => number32(crc32c(data)) };
  if (type === XXHASH64) {
    const { h64Raw } = await (await import('xxhash-wasm')).default();
    return { name: 'xxhash64', size: 8, compute: (data) => number64(h64Raw(data)) };
  }
  if (type === SHA256) {
    const { sha256 } = await import('@noble/hashes/sha2.js');
    return { name: 'sha256', size: LONG_SIZE, compute: (data) => sha256(data) };
  }
  if (type === BLAKE2B) {
    const { blake2b } = await import('@noble/hashes/blake2.js');
    return { name: 'blake2b', size: LONG_SIZE, compute: (data) => blake2b(data, { dkLen: LONG_SIZE }) };
  }
  throw unsupported('btrfs.checksum-type', `the filesystem has checksums of type ${type}, which tygrub does not know`);
}

function number32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

function number64(value: bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
}

/** Whether the checksum stored at `at` of `stored` is that of `data`. */
export function matches(checksum: Checksum, data: Uint8Array, stored: Uint8Array, at = 0): boolean {
  const computed = checksum.compute(data);
  for (let i = 0; i < checksum.size; i++) if (computed[i] !== stored[at + i]) return false;
  return true;
}
