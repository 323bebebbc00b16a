/** By what XFS is recognised. Apart from the other structures, which only an XFS needs. */
import { layout, u32 } from '../../src/bytes/layout.js';
import type { ByteSource } from '../../src/source/byte-source.js';

/** `XFSB`. */
export const XFS_MAGIC = 0x58465342;
/** Bytes of `struct xfs_dsb` that are read. */
export const SUPERBLOCK_SIZE = 272;

/** The first field of the superblock alone: the 64-bit fields of what is no superblock may be anything. */
const MAGIC = layout('XFS magic number', 4, 'big', { magicnum: [0, u32] });

/** Whether a superblock of XFS stands at the start. */
export async function hasMagic(source: ByteSource): Promise<boolean> {
  return source.size >= SUPERBLOCK_SIZE && MAGIC.decode(await source.read(0, SUPERBLOCK_SIZE)).magicnum === XFS_MAGIC;
}
