/** Lists of extents, in an inode or in a leaf of a B+tree ("XFS Algorithms & Data Structures", Extent List). */
import { corrupt } from '../../src/errors.js';
import type { Mapping } from './block-map.js';
import { EXTENT } from './layout.js';
import type { Superblock } from './superblock.js';
import { blockOffset } from './volume.js';

/** The logical blocks for which a list speaks: from `low` up to, not including, `high`. */
export interface Room {
  readonly low: number;
  readonly high: number;
}

/** All logical blocks: file offsets have 54 bits, of which a number holds 53 exactly. */
export const ROOM: Room = { low: 0, high: Number.MAX_SAFE_INTEGER };

/** Extents in order with the room that they divide. */
export interface ExtentList extends Room {
  readonly extents: readonly Mapping[];
}

const FLAG = 0x80000000;

/**
 * Decodes extents; those that are neighbours on the volume too are joined.
 * @param bytes from the first extent on
 * @throws TygrubError corrupt when they are not in order, leave their room or the filesystem
 */
export function decodeExtents(superblock: Superblock, bytes: Uint8Array, count: number, room: Room, what: string): ExtentList {
  const extents: Mapping[] = [];
  let end = room.low;
  for (let i = 0; i < count; i++) {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = EXTENT.decode(bytes, i * EXTENT.size).words;
    const start = (w0 & ~FLAG) * 2 ** 23 + (w1 >>> 9);
    const block = (w1 & 0x1ff) * 2 ** 43 + w2 * 2 ** 11 + (w3 >>> 21);
    const length = w3 & 0x1fffff;
    if (length === 0 || start < end || start + length > room.high) {
      throw corrupt('xfs.extents', `the extents of ${what} are damaged: number ${i} is not in order`);
    }
    const place = blockOffset(superblock, block, length, what);
    const offset = (w0 & FLAG) !== 0 ? null : place;
    end = start + length;
    const last = extents[extents.length - 1];
    const follows = last !== undefined && last.start + last.length === start;
    const joins =
      follows &&
      (offset === null ? last.offset === null : last.offset !== null && last.offset + last.length * superblock.blockSize === offset);
    if (joins) extents[extents.length - 1] = { ...last, length: last.length + length };
    else extents.push({ start, length, offset });
  }
  return { ...room, extents };
}

/** The extent that holds a block, or the hole around it. */
export function mappingAt(list: ExtentList, block: number): Mapping {
  let low = -1;
  let high = list.extents.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((list.extents[middle] as Mapping).start <= block) low = middle;
    else high = middle - 1;
  }
  const before = list.extents[low];
  if (before !== undefined && block < before.start + before.length) return before;
  const start = before === undefined ? list.low : before.start + before.length;
  const end = list.extents[low + 1]?.start ?? list.high;
  return { start, length: end - start, offset: null };
}
