/** The checksums of metadata_csum: CRC-32C registers chained from the filesystem's seed (ext4's checksums.rst). */
import { crc16, crc32cRaw } from '../../src/bytes/crc.js';

const ZERO = new Uint8Array(4);

/** A number as 4 bytes, little-endian. */
export function le32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff);
}

/**
 * CRC-32C of a structure whose own checksum fields count as zeros.
 * @param seed the register to start from
 * @param fields the checksum fields, ascending, as offset and length inside `data`
 */
export function crcWithout(data: Uint8Array, seed: number, ...fields: readonly (readonly [offset: number, length: number])[]): number {
  let crc = seed;
  let at = 0;
  for (const [offset, length] of fields) {
    crc = crc32cRaw(data.subarray(at, offset), crc);
    crc = crc32cRaw(ZERO.subarray(0, length), crc);
    at = offset + length;
  }
  return crc32cRaw(data.subarray(at), crc);
}

/** The seed of everything that belongs to one inode: its blocks' checksums tell if they are another's. */
export function inodeSeed(seed: number, inode: number, generation: number): number {
  return crc32cRaw(le32(generation), crc32cRaw(le32(inode), seed));
}

/** A group descriptor's checksum under metadata_csum. */
export function descriptorCrc32c(seed: number, group: number, descriptor: Uint8Array, checksumAt: number): number {
  return crcWithout(descriptor, crc32cRaw(le32(group), seed), [checksumAt, 2]) & 0xffff;
}

/**
 * A group descriptor's checksum under uninit_bg (gdt_csum): the checksum field itself is left out.
 * @param uuid the filesystem's
 * @param wide whether what follows the checksum counts (64bit)
 */
export function descriptorCrc16(uuid: Uint8Array, group: number, descriptor: Uint8Array, checksumAt: number, wide: boolean): number {
  let crc = crc16(uuid, 0xffff);
  crc = crc16(le32(group), crc);
  crc = crc16(descriptor.subarray(0, checksumAt), crc);
  return wide ? crc16(descriptor.subarray(checksumAt + 2), crc) : crc;
}
