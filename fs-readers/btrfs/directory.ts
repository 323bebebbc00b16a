/** Directories: each name is there twice, by its hash for lookups (DIR_ITEM) and by its age for listings (DIR_INDEX). */
import { crc32cRaw } from '../../src/bytes/crc.js';
import { equalBytes, nameText } from '../../src/bytes/text.js';
import { corrupt, limitReached } from '../../src/errors.js';
import type { FileType } from '../filesystem.js';
import { type Key, LAST } from './key.js';
import { DIR_ITEM, ITEM_TYPE, NAME_LENGTH } from './layout.js';
import type { Subvolume } from './subvolume.js';
import type { Item, ItemTree } from './tree.js';
import type { BtrfsVolume } from './volume.js';

/** A directory item: a name and where it leads, or an attribute and its value. */
export interface DirItem {
  readonly location: Key;
  /** `BTRFS_FT_...`. */
  readonly type: number;
  readonly name: Uint8Array;
  readonly data: Uint8Array;
}

const FILE_TYPES: ReadonlyMap<number, FileType> = new Map([
  [1, 'f'],
  [2, 'd'],
  [3, 'c'],
  [4, 'b'],
  [5, 'p'],
  [6, 's'],
  [7, 'l'],
]);

/** The register with which the kernel begins the hashes of names. */
const NAME_HASH_SEED = 0xfffffffe;
const SLASH = 0x2f;
const DOT = 0x2e;

/** The hash by which a name is found in its directory. */
export function nameHash(name: Uint8Array): number {
  return crc32cRaw(name, NAME_HASH_SEED);
}

/**
 * The directory items in one item: several where their names have the same hash. Names and data are copies.
 * @throws TygrubError corrupt `btrfs.directory`
 */
export function dirItems(item: Item): DirItem[] {
  const { bytes } = item;
  const found: DirItem[] = [];
  for (let at = 0; at < bytes.length; ) {
    const cutOff = corrupt('btrfs.directory', `an item of directory or inode ${item.key.objectid} is cut off`);
    if (at + DIR_ITEM.size > bytes.length) throw cutOff;
    const { location, data_len, name_len, type } = DIR_ITEM.decode(bytes, at);
    const name = at + DIR_ITEM.size;
    const data = name + name_len;
    const end = data + data_len;
    if (end > bytes.length) throw cutOff;
    found.push({ location, type, name: bytes.slice(name, data), data: bytes.slice(data, end) });
    at = end;
  }
  return found;
}

/** The bytes of one directory item, as it stands in a tree. */
export function encodeDirItem({ location, type, name, data }: DirItem): Uint8Array {
  const bytes = new Uint8Array(DIR_ITEM.size + name.length + data.length);
  DIR_ITEM.encode(bytes, { location, data_len: data.length, name_len: name.length, type });
  bytes.set(name, DIR_ITEM.size);
  bytes.set(data, DIR_ITEM.size + name.length);
  return bytes;
}

/** The directory item of a name; null when there is none. */
export async function findName(tree: ItemTree, directory: number, name: Uint8Array): Promise<DirItem | null> {
  const item = await tree.find({ objectid: directory, type: ITEM_TYPE.DIR_ITEM, offset: nameHash(name) });
  if (item === null) return null;
  return dirItems(item).find((entry) => equalBytes(entry.name, name)) ?? null;
}

/** The `BTRFS_FT_...` of a type. */
export function directoryItemType(type: FileType): number {
  for (const [number, name] of FILE_TYPES) if (name === type) return number;
  throw new RangeError(`no directory item has the type ${type}`);
}

/** The type that a directory item gives, null where it gives none. */
export function fileType(entry: DirItem): FileType | null {
  return entry.location.type === ITEM_TYPE.ROOT_ITEM ? 'd' : (FILE_TYPES.get(entry.type) ?? null);
}

/**
 * The names of a directory, in the order in which they were made.
 * @throws TygrubError corrupt; limit `directoryEntries`, `directorySize`
 */
export async function* listDirectory(volume: BtrfsVolume, subvolume: Subvolume, directory: number): AsyncGenerator<DirItem> {
  const { limits, warnings } = volume;
  const place = { objectid: directory, type: ITEM_TYPE.DIR_INDEX };
  let count = 0;
  let size = 0;
  for await (const item of subvolume.tree.range({ ...place, offset: 0 }, { ...place, offset: LAST })) {
    size += item.bytes.length;
    if (size > limits.directorySize)
      throw limitReached('directorySize', `directory ${directory} has more than ${limits.directorySize} bytes`);
    for (const entry of dirItems(item)) {
      count += 1;
      if (count > limits.directoryEntries) {
        throw limitReached('directoryEntries', `directory ${directory} has more than ${limits.directoryEntries} names`);
      }
      if (isName(entry.name)) yield entry;
      else
        warnings.add(
          'btrfs.bad-name',
          `directory ${directory} has the name ${nameText(entry.name.subarray(0, NAME_LENGTH))}, which no file can have: left out`,
        );
    }
  }
}

/** Whether a file can have this name. */
function isName(name: Uint8Array): boolean {
  if (name.length === 0 || name.length > NAME_LENGTH || name.includes(SLASH) || name.includes(0)) return false;
  return !(name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT)));
}
