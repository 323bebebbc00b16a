/** Inode references: under which names, in which directories, an inode stands (INODE_REF and INODE_EXTREF items). */
import { crc32cRaw } from '../../../src/bytes/crc.js';
import { equalBytes } from '../../../src/bytes/text.js';
import { corrupt } from '../../../src/errors.js';
import type { Key } from '../key.js';
import { INODE_EXTREF, INODE_REF, ITEM_TYPE } from '../layout.js';
import type { Item, ItemTree } from '../tree.js';

/** One name of an inode. */
export interface InodeRef {
  /** Inode of the directory. */
  readonly parent: number;
  /** Offset of the name's DIR_INDEX item. */
  readonly index: number;
  readonly name: Uint8Array;
}

/** The key of the item in which a name stands that has no room in the INODE_REF item of its directory. */
export function extendedRefKey(inode: number, parent: number, name: Uint8Array): Key {
  return { objectid: inode, type: ITEM_TYPE.INODE_EXTREF, offset: crc32cRaw(name, parent % 2 ** 32) };
}

/** The key of the item with the names that an inode has in a directory. */
export function refKey(inode: number, parent: number): Key {
  return { objectid: inode, type: ITEM_TYPE.INODE_REF, offset: parent };
}

/** The names in an item of either type, as copies. @throws TygrubError corrupt `btrfs.inode-ref` */
export function inodeRefs({ key, bytes }: Item): InodeRef[] {
  const refs: InodeRef[] = [];
  const extended = key.type === ITEM_TYPE.INODE_EXTREF;
  const { size } = extended ? INODE_EXTREF : INODE_REF;
  for (let at = 0; at < bytes.length; ) {
    const cutOff = corrupt('btrfs.inode-ref', `an item with the names of inode ${key.objectid} is cut off`);
    if (at + size > bytes.length) throw cutOff;
    const { index, name_len } = extended ? INODE_EXTREF.decode(bytes, at) : INODE_REF.decode(bytes, at);
    const parent = extended ? INODE_EXTREF.decode(bytes, at).parent_objectid : key.offset;
    const end = at + size + name_len;
    if (end > bytes.length) throw cutOff;
    refs.push({ parent, index, name: bytes.slice(at + size, end) });
    at = end;
  }
  return refs;
}

/** The bytes of an item of a type with some names. */
export function encodeInodeRefs(type: number, refs: readonly InodeRef[]): Uint8Array {
  const extended = type === ITEM_TYPE.INODE_EXTREF;
  const { size } = extended ? INODE_EXTREF : INODE_REF;
  const bytes = new Uint8Array(refs.reduce((sum, { name }) => sum + size + name.length, 0));
  let at = 0;
  for (const { parent, index, name } of refs) {
    if (extended) INODE_EXTREF.encode(bytes, { parent_objectid: parent, index, name_len: name.length }, at);
    else INODE_REF.encode(bytes, { index, name_len: name.length }, at);
    bytes.set(name, at + size);
    at += size + name.length;
  }
  return bytes;
}

/** The reference of a name in one item of a tree; null when it is not there. */
export async function findRef(tree: ItemTree, key: Key, parent: number, name: Uint8Array): Promise<InodeRef | null> {
  const item = await tree.find(key);
  if (item === null) return null;
  return inodeRefs(item).find((ref) => ref.parent === parent && equalBytes(ref.name, name)) ?? null;
}
