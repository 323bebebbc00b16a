/** Inodes. */
import { corrupt, notFound } from '../../src/errors.js';
import type { FileType, Timestamp } from '../filesystem.js';
import { INODE_ITEM, ITEM_TYPE, TIMESPEC } from './layout.js';
import type { Subvolume } from './subvolume.js';

/** An inode of a subvolume. */
export interface Inode {
  readonly subvolume: Subvolume;
  readonly number: number;
  readonly type: FileType;
  readonly fields: ReturnType<typeof INODE_ITEM.decode>;
}

const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0x1, 'p'],
  [0x2, 'c'],
  [0x4, 'd'],
  [0x6, 'b'],
  [0x8, 'f'],
  [0xa, 'l'],
  [0xc, 's'],
]);

/** The type that the bits of a mode give; undefined where none has them. */
export function typeOfMode(mode: number): FileType | undefined {
  return TYPES.get(mode >>> 12);
}

/** How messages name an inode. */
export function inodeText(inode: { readonly subvolume: Subvolume; readonly number: number }): string {
  return `inode ${inode.number} of subvolume ${inode.subvolume.id}`;
}

/**
 * Reads an inode.
 * @throws TygrubError not-found `btrfs.no-inode`; corrupt `btrfs.inode`
 */
export async function readInode(subvolume: Subvolume, number: number): Promise<Inode> {
  const item = await subvolume.tree.find({ objectid: number, type: ITEM_TYPE.INODE_ITEM, offset: 0 });
  const text = inodeText({ subvolume, number });
  if (item === null) throw notFound('btrfs.no-inode', `there is no ${text}`);
  if (item.bytes.length < INODE_ITEM.size) throw corrupt('btrfs.inode', `${text} is cut off`);
  const fields = INODE_ITEM.decode(item.bytes);
  const type = typeOfMode(fields.mode);
  if (type === undefined) throw corrupt('btrfs.inode', `${text} has the impossible mode ${fields.mode.toString(8)}`);
  return { subvolume, number, type, fields };
}

/** Decodes a `struct btrfs_timespec`; seconds are signed. */
export function timestamp(bytes: Uint8Array): Timestamp {
  const { sec, nsec } = TIMESPEC.decode(bytes);
  return { seconds: (sec.high | 0) * 0x1_0000_0000 + sec.low, nanoseconds: nsec };
}

/** A device number as the kernel keeps it: 12 bits of major over 20 bits of minor number. */
export function deviceNumber(rdev: { readonly low: number }): { readonly major: number; readonly minor: number } {
  return { major: rdev.low >>> 20, minor: rdev.low & 0xfffff };
}
