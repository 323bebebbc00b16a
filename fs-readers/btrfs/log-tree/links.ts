/** Names of inodes in a changed tree: each stands in a DIR_ITEM, a DIR_INDEX and an INODE_REF or INODE_EXTREF item. */
import { equalBytes, nameText } from '../../../src/bytes/text.js';
import { type DirItem, directoryItemType, dirItems, encodeDirItem, findName, nameHash } from '../directory.js';
import { typeOfMode } from '../inode.js';
import { type Key, LAST } from '../key.js';
import { INODE_ITEM, ITEM_TYPE } from '../layout.js';
import type { ChangedTree } from './changed-tree.js';
import { cannotReplay } from './damage.js';
import { encodeInodeRefs, extendedRefKey, findRef, inodeRefs, refKey } from './inode-refs.js';

export type InodeFields = ReturnType<typeof INODE_ITEM.decode>;

/** The key of an inode. */
export function inodeKey(inode: number): Key {
  return { objectid: inode, type: ITEM_TYPE.INODE_ITEM, offset: 0 };
}

export class Links {
  constructor(private readonly tree: ChangedTree) {}

  /** An inode's fields; null when there is no such inode. */
  async inode(number: number): Promise<InodeFields | null> {
    const item = await this.tree.find(inodeKey(number));
    return item === null ? null : INODE_ITEM.decode(item.bytes);
  }

  /** An inode that must be there. @throws TygrubError corrupt `btrfs.log-tree` */
  async existing(number: number): Promise<InodeFields> {
    const fields = await this.inode(number);
    if (fields === null) throw cannotReplay(`it needs inode ${number}, which is not there`);
    return fields;
  }

  /** Replaces some fields of an inode. */
  async change(number: number, fields: Partial<InodeFields>): Promise<void> {
    const item = await this.tree.find(inodeKey(number));
    if (item === null) throw cannotReplay(`it needs inode ${number}, which is not there`);
    const bytes = item.bytes.slice();
    INODE_ITEM.encode(bytes, fields);
    this.tree.put(inodeKey(number), bytes);
  }

  /** The entry of a name in a directory; null when there is none. */
  byName(directory: number, name: Uint8Array): Promise<DirItem | null> {
    return findName(this.tree, directory, name);
  }

  /** The entry with an index in a directory, if it has this name. */
  async byIndex(directory: number, index: number, name: Uint8Array): Promise<DirItem | null> {
    const item = await this.tree.find({ objectid: directory, type: ITEM_TYPE.DIR_INDEX, offset: index });
    return item === null ? null : (dirItems(item).find((entry) => equalBytes(entry.name, name)) ?? null);
  }

  /**
   * Takes a name away from an inode and its directory (`btrfs_unlink_inode`).
   * @throws TygrubError corrupt `btrfs.log-tree` when any of its three items is not there
   */
  async unlink(directory: number, inode: number, name: Uint8Array): Promise<void> {
    await this.removeDirItem({ objectid: directory, type: ITEM_TYPE.DIR_ITEM, offset: nameHash(name) }, name);
    const index = await this.removeRef(inode, directory, name);
    await this.removeDirItem({ objectid: directory, type: ITEM_TYPE.DIR_INDEX, offset: index }, name);
    const { size } = await this.existing(directory);
    await this.change(directory, { size: Math.max(0, size - 2 * name.length) });
  }

  /**
   * Gives an inode a name in a directory (`btrfs_add_link`).
   * @param withRef whether the reference is made too; else the caller does so
   * @returns false when the directory has the name already, and nothing was changed
   */
  async link(directory: number, inode: number, name: Uint8Array, index: number, withRef: boolean): Promise<boolean> {
    if ((await this.byName(directory, name)) !== null) return false;
    const { mode } = await this.existing(inode);
    const type = typeOfMode(mode);
    if (type === undefined) throw cannotReplay(`inode ${inode} has the impossible mode ${mode.toString(8)}`);
    const { size } = await this.existing(directory);
    const entry = encodeDirItem({ location: inodeKey(inode), type: directoryItemType(type), name, data: new Uint8Array(0) });
    if (withRef) await this.addRef(inode, directory, name, index);
    await this.append({ objectid: directory, type: ITEM_TYPE.DIR_ITEM, offset: nameHash(name) }, entry);
    const place = { objectid: directory, type: ITEM_TYPE.DIR_INDEX, offset: index };
    if ((await this.tree.find(place)) !== null) throw cannotReplay(`directory ${directory} has two names with the index ${index}`);
    this.tree.put(place, entry);
    await this.change(directory, { size: size + 2 * name.length });
    return true;
  }

  /** How many names an inode has. */
  async count(inode: number): Promise<number> {
    let count = 0;
    for (const type of [ITEM_TYPE.INODE_REF, ITEM_TYPE.INODE_EXTREF]) {
      for await (const item of this.tree.range({ objectid: inode, type, offset: 0 }, { objectid: inode, type, offset: LAST })) {
        count += inodeRefs(item).length;
      }
    }
    return count;
  }

  /** Takes directory items with a name out of an item: also attributes, which are such items. */
  async removeDirItem(key: Key, name: Uint8Array): Promise<void> {
    const item = await this.tree.find(key);
    const entries = item === null ? [] : dirItems(item);
    const rest = entries.filter((entry) => !equalBytes(entry.name, name));
    if (rest.length === entries.length) throw cannotReplay(`inode ${key.objectid} has no ${nameText(name)}, which it removes`);
    if (rest.length === 0) this.tree.remove(key);
    else this.tree.put(key, joined(rest.map(encodeDirItem)));
  }

  private async append(key: Key, bytes: Uint8Array): Promise<void> {
    const item = await this.tree.find(key);
    this.tree.put(key, item === null ? bytes : joined([item.bytes, bytes]));
  }

  /** @returns the index of the name */
  private async removeRef(inode: number, parent: number, name: Uint8Array): Promise<number> {
    for (const key of [refKey(inode, parent), extendedRefKey(inode, parent, name)]) {
      const ref = await findRef(this.tree, key, parent, name);
      const item = ref === null ? null : await this.tree.find(key);
      if (ref === null || item === null) continue;
      const rest = inodeRefs(item).filter((other) => other.parent !== parent || !equalBytes(other.name, name));
      if (rest.length === 0) this.tree.remove(key);
      else this.tree.put(key, encodeInodeRefs(key.type, rest));
      return ref.index;
    }
    throw cannotReplay(`inode ${inode} has no reference for its name ${nameText(name)}, which it removes`);
  }

  private async addRef(inode: number, parent: number, name: Uint8Array, index: number): Promise<void> {
    const key = refKey(inode, parent);
    await this.append(key, encodeInodeRefs(key.type, [{ parent, index, name }]));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
