/** By what a btrfs superblock is recognised. */
import type { ByteSource } from '../../src/source/byte-source.js';
import { BTRFS_MAGIC, SUPERBLOCK, SUPERBLOCK_OFFSETS, SUPERBLOCK_SIZE } from './layout.js';

/** Whether the bytes at a superblock's place begin a btrfs filesystem. */
export function hasMagic(bytes: Uint8Array): boolean {
  const at = SUPERBLOCK.offsetOf('magic');
  for (let i = 0; i < BTRFS_MAGIC.length; i++) if (bytes[at + i] !== BTRFS_MAGIC.charCodeAt(i)) return false;
  return true;
}

/** The bytes of a copy; null where the source is too short. */
export async function superblockBytes(source: ByteSource, copy: number): Promise<Uint8Array | null> {
  const offset = SUPERBLOCK_OFFSETS[copy];
  if (offset === undefined || source.size < offset + SUPERBLOCK_SIZE) return null;
  return source.read(offset, SUPERBLOCK_SIZE);
}
