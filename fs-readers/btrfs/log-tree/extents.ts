/** Extents of a file in a changed tree: a logged extent takes the place of what was there (`replay_one_extent`). */
import { equalBytes } from '../../../src/bytes/text.js';
import { type Key, LAST } from '../key.js';
import { EXTENT_TYPE, FILE_EXTENT, FILE_EXTENT_ON_DISK, ITEM_TYPE } from '../layout.js';
import type { Item } from '../tree.js';
import type { ChangedTree } from './changed-tree.js';
import { cannotReplay } from './damage.js';

/** Bytes of the file that an extent stands for. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly isInline: boolean;
}

function span({ key, bytes }: Item, sectorsize: number): Span {
  const start = key.offset;
  const { type, ram_bytes } = FILE_EXTENT.decode(bytes);
  const isInline = type === EXTENT_TYPE.INLINE;
  if (!isInline && type !== EXTENT_TYPE.REGULAR && type !== EXTENT_TYPE.PREALLOC) {
    throw cannotReplay(`the extent at byte ${start} of inode ${key.objectid} has the type ${type}`);
  }
  const end = isInline ? Math.ceil((start + ram_bytes) / sectorsize) * sectorsize : start + FILE_EXTENT_ON_DISK.decode(bytes).num_bytes;
  if (start < 0 || end > Number.MAX_SAFE_INTEGER) throw cannotReplay(`the extent at byte ${start} of inode ${key.objectid} is too large`);
  return { start, end, isInline };
}

/** A part of an extent on the disk. */
function part({ key, bytes }: Item, start: number, end: number): { key: Key; bytes: Uint8Array } {
  const { offset } = FILE_EXTENT_ON_DISK.decode(bytes);
  const changed = bytes.slice();
  FILE_EXTENT_ON_DISK.encode(changed, { offset: offset + start - key.offset, num_bytes: end - start });
  return { key: { ...key, offset: start }, bytes: changed };
}

/**
 * Takes away what a file has from `start` to `end` (`btrfs_drop_extents`).
 * @param start bytes, a multiple of `sectorsize`
 * @throws TygrubError corrupt; limit
 */
export async function dropExtents(tree: ChangedTree, inode: number, start: number, end: number, sectorsize: number): Promise<void> {
  const place = { objectid: inode, type: ITEM_TYPE.EXTENT_DATA };
  const before = await tree.floor({ ...place, offset: start });
  const isOurs = before !== null && before.key.objectid === inode && before.key.type === place.type;
  const victims: Item[] = [];
  for await (const item of tree.range({ ...place, offset: isOurs ? before.key.offset : start }, { ...place, offset: LAST })) {
    const { start: first, end: last } = span(item, sectorsize);
    if (first >= end) break;
    if (last > start || first === last) victims.push({ key: item.key, bytes: item.bytes.slice() });
  }
  if (victims.length > 0) await tree.load({ ...place, offset: 0 });
  for (const item of victims) {
    const { start: first, end: last, isInline } = span(item, sectorsize);
    tree.remove(item.key);
    if (isInline) {
      if (first < start || last > end) throw cannotReplay(`it replaces a part of the inline data of inode ${inode}`);
      continue;
    }
    if (first < start) {
      const { key, bytes } = part(item, first, start);
      tree.put(key, bytes);
    }
    if (last > end) {
      const { key, bytes } = part(item, end, last);
      tree.put(key, bytes);
    }
  }
}

/**
 * Puts a logged extent into a file.
 * @param noHoles whether the filesystem leaves holes out
 * @throws TygrubError corrupt; limit
 */
export async function replayExtent(tree: ChangedTree, item: Item, sectorsize: number, noHoles: boolean): Promise<void> {
  const { key, bytes } = item;
  const { start, end, isInline } = span(item, sectorsize);
  const there = await tree.find(key);
  if (!isInline && there !== null && equalBytes(there.bytes, bytes)) return;
  await dropExtents(tree, key.objectid, start, end, sectorsize);
  if (!isInline && noHoles && FILE_EXTENT_ON_DISK.decode(bytes).disk_bytenr === 0) return;
  tree.put(key, bytes.slice());
}
