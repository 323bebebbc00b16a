/** By what a btrfs superblock is recognised. Apart from the other structures, which only a btrfs needs. */
import type { ByteSource } from '../../src/source/byte-source.js';

/** Byte offsets of the superblock and its copies; a device has those that lie inside it. */
export const SUPERBLOCK_OFFSETS: readonly number[] = [0x1_0000, 0x400_0000, 0x40_0000_0000];
export const SUPERBLOCK_SIZE = 4096;
/** `magic`, and its byte offset in the superblock. */
const MAGIC = '_BHRfS_M';
export const MAGIC_OFFSET = 0x40;

/** Whether the bytes at a superblock's place begin a btrfs filesystem. */
export function hasMagic(bytes: Uint8Array): boolean {
  for (let i = 0; i < MAGIC.length; i++) if (bytes[MAGIC_OFFSET + i] !== MAGIC.charCodeAt(i)) return false;
  return true;
}

/** The bytes of a copy; null where the source is too short. */
export async function superblockBytes(source: ByteSource, copy: number): Promise<Uint8Array | null> {
  const offset = SUPERBLOCK_OFFSETS[copy];
  if (offset === undefined || source.size < offset + SUPERBLOCK_SIZE) return null;
  return source.read(offset, SUPERBLOCK_SIZE);
}
