/**
 * The replay of one subvolume's log tree, step by step as in Linux's `fs/btrfs/tree-log.c` (`replay_one_buffer`): inodes and
 * what was removed from directories, then new names of directories, then everything else; at the end links are counted.
 */
import { equalBytes } from '../../../src/bytes/text.js';
import { type DirItem, dirItems } from '../directory.js';
import { typeOfMode } from '../inode.js';
import { type Key, LAST } from '../key.js';
import { DIR_LOG_ITEM, INODE_ITEM, ITEM_TYPE } from '../layout.js';
import type { Item, Tree } from '../tree.js';
import type { ChangedTree } from './changed-tree.js';
import { cannotReplay } from './damage.js';
import { dropExtents, replayExtent } from './extents.js';
import { extendedRefKey, findRef, inodeRefs, refKey } from './inode-refs.js';
import { Links } from './links.js';

/** What a replay has to know of the filesystem. */
export interface Geometry {
  readonly sectorsize: number;
  /** Whether holes of files have no items. */
  readonly noHoles: boolean;
}

const FIRST: Key = { objectid: 0, type: 0, offset: 0 };
const VERY_LAST: Key = { objectid: LAST, type: 0xff, offset: LAST };
const DIRECTORY = 2;

export class Replay {
  private readonly links: Links;
  /** Inodes whose links are to be counted. */
  private readonly fixups = new Set<number>();

  /**
   * @param tree the subvolume's tree, which the replay changes
   * @param log its log tree
   */
  constructor(
    private readonly tree: ChangedTree,
    private readonly log: Tree,
    private readonly geometry: Geometry,
  ) {
    this.links = new Links(tree);
  }

  /**
   * Makes all changes.
   * @returns the number of items in the log tree
   * @throws TygrubError corrupt `btrfs.log-tree` and what damaged items give; limit
   */
  async run(): Promise<number> {
    let count = 0;
    for (const step of [this.replayInodes, this.replayDirectoryIndex, this.replayRest]) {
      let isIgnored = false;
      count = 0;
      for await (const item of this.log.range(FIRST, VERY_LAST)) {
        count += 1;
        const { key, bytes } = item;
        // Files without a name: never linked, or deleted while they were open. What their directories had goes with these.
        if (key.type === ITEM_TYPE.INODE_ITEM) isIgnored = INODE_ITEM.decode(bytes).nlink === 0;
        if (!isIgnored) await step.call(this, { key, bytes: bytes.slice() });
      }
    }
    await this.countLinks();
    return count;
  }

  private async replayInodes(item: Item): Promise<void> {
    const { key } = item;
    if (key.type !== ITEM_TYPE.INODE_ITEM) return;
    const inode = key.objectid;
    const type = typeOfMode(INODE_ITEM.decode(item.bytes).mode);
    await this.removeAttributes(inode);
    if (type === 'd') await this.removeNames(inode);
    await this.overwriteInode(item);
    if (type === 'f') {
      const { size } = await this.links.existing(inode);
      const { sectorsize } = this.geometry;
      await dropExtents(this.tree, inode, Math.ceil(size / sectorsize) * sectorsize, Number.MAX_SAFE_INTEGER, sectorsize);
    }
    this.fixups.add(inode);
  }

  /** The attributes that the log does not have any more (`replay_xattr_deletes`). */
  private async removeAttributes(inode: number): Promise<void> {
    const place = { objectid: inode, type: ITEM_TYPE.XATTR_ITEM };
    const gone: { key: Key; name: Uint8Array }[] = [];
    for await (const item of this.tree.range({ ...place, offset: 0 }, { ...place, offset: LAST })) {
      const logged = await this.log.find(item.key);
      const kept = logged === null ? [] : dirItems(logged);
      for (const { name } of dirItems(item)) {
        if (!kept.some((entry) => equalBytes(entry.name, name))) gone.push({ key: item.key, name });
      }
    }
    for (const { key, name } of gone) await this.links.removeDirItem(key, name);
  }

  /** The names of a directory that stand in a range which the log tells everything about, and not in the log (`replay_dir_deletes`). */
  private async removeNames(directory: number): Promise<void> {
    if ((await this.links.inode(directory)) === null) return;
    const ranges = { objectid: directory, type: ITEM_TYPE.DIR_LOG_INDEX };
    const place = { objectid: directory, type: ITEM_TYPE.DIR_INDEX };
    for await (const { key, bytes } of this.log.range({ ...ranges, offset: 0 }, { ...ranges, offset: LAST })) {
      const { end } = DIR_LOG_ITEM.decode(bytes);
      // Ranges may overlap: what one removed the next must not find again.
      const gone: DirItem[] = [];
      for await (const item of this.tree.range({ ...place, offset: key.offset }, { ...place, offset: end })) {
        const logged = await this.log.find(item.key);
        const kept = logged === null ? [] : dirItems(logged);
        for (const entry of dirItems(item)) if (!kept.some(({ name }) => equalBytes(name, entry.name))) gone.push(entry);
      }
      for (const entry of gone) await this.removeEntry(directory, entry);
    }
  }

  /** Takes the inode's name away that an entry of a directory is for. */
  private async removeEntry(directory: number, { location, name }: DirItem): Promise<void> {
    if (location.type !== ITEM_TYPE.INODE_ITEM) throw cannotReplay(`it removes a subvolume from directory ${directory}`);
    await this.links.existing(location.objectid);
    this.fixups.add(location.objectid);
    await this.links.unlink(directory, location.objectid, name);
  }

  /** The inode as the log has it, but for what the log does not know (`overwrite_item`). */
  private async overwriteInode({ key, bytes }: Item): Promise<void> {
    const logged = INODE_ITEM.decode(bytes);
    const there = await this.tree.find(key);
    if (there === null) {
      // The names that the log has make it larger.
      if (typeOfMode(logged.mode) === 'd') INODE_ITEM.encode(bytes, { size: 0 });
      this.tree.put(key, bytes);
      return;
    }
    const old = INODE_ITEM.decode(there.bytes);
    if (logged.generation === 0) {
      // Logged only so that it is there: what the disk has counts, but for a size that is told.
      const areFiles = typeOfMode(logged.mode) === 'f' && typeOfMode(old.mode) === 'f';
      if (areFiles && logged.size !== 0) await this.links.change(key.objectid, { size: logged.size });
      return;
    }
    if (typeOfMode(logged.mode) === 'd' && typeOfMode(old.mode) === 'd') INODE_ITEM.encode(bytes, { size: old.size });
    this.tree.put(key, bytes);
  }

  /** A name that a directory had when it was logged (`replay_one_dir_item`). */
  private async replayDirectoryIndex(item: Item): Promise<void> {
    const { key } = item;
    if (key.type !== ITEM_TYPE.DIR_INDEX) return;
    const directory = key.objectid;
    await this.links.existing(directory);
    const entry = dirItems(item)[0];
    if (entry === undefined) throw cannotReplay(`it has an empty entry for directory ${directory}`);
    const { location, name } = entry;
    const exists = location.type === ITEM_TYPE.INODE_ITEM && (await this.links.inode(location.objectid)) !== null;
    const byName = await this.settle(directory, await this.links.byName(directory, name), entry, exists);
    const byIndex = await this.settle(directory, await this.links.byIndex(directory, key.offset, name), entry, exists);
    if (byName && byIndex) return;
    if (location.type !== ITEM_TYPE.INODE_ITEM) throw cannotReplay(`it adds a subvolume to directory ${directory}`);
    // What the log has a reference for is named when that is replayed.
    if (await this.isReferenced(location.objectid, directory, name)) return;
    if ((await this.links.inode(location.objectid)) === null) return;
    const added = await this.links.link(directory, location.objectid, name, key.offset, true);
    if (added && entry.type !== DIRECTORY) this.fixups.add(location.objectid);
  }

  /** Whether an entry that is there is the logged one; another one is taken away (`delete_conflicting_dir_entry`). */
  private async settle(directory: number, there: DirItem | null, logged: DirItem, exists: boolean): Promise<boolean> {
    if (there === null) return false;
    const [a, b] = [there.location, logged.location];
    if (a.objectid === b.objectid && a.type === b.type && a.offset === b.offset && there.type === logged.type) return true;
    if (exists) await this.removeEntry(directory, there);
    return false;
  }

  /** Whether the log has a reference of an inode for a name. */
  private async isReferenced(inode: number, parent: number, name: Uint8Array): Promise<boolean> {
    if ((await findRef(this.log, refKey(inode, parent), parent, name)) !== null) return true;
    return (await findRef(this.log, extendedRefKey(inode, parent, name), parent, name)) !== null;
  }

  private async replayRest(item: Item): Promise<void> {
    const { type } = item.key;
    if (type === ITEM_TYPE.XATTR_ITEM) this.tree.put(item.key, item.bytes);
    else if (type === ITEM_TYPE.INODE_REF || type === ITEM_TYPE.INODE_EXTREF) await this.replayRefs(item);
    else if (type === ITEM_TYPE.EXTENT_DATA) {
      await this.links.existing(item.key.objectid);
      await replayExtent(this.tree, item, this.geometry.sectorsize, this.geometry.noHoles);
    }
  }

  /** The names of an inode in one item (`add_inode_ref`). */
  private async replayRefs(item: Item): Promise<void> {
    const inode = item.key.objectid;
    const refs = inodeRefs(item);
    // Not all directories of a file need be logged: a name in one that is not there is left out.
    const [first] = refs;
    if (first === undefined || (await this.links.inode(first.parent)) === null) return;
    await this.links.existing(inode);
    for (const { parent, index, name } of refs) {
      if ((await this.links.inode(parent)) === null) continue;
      const byIndex = await this.links.byIndex(parent, index, name);
      const byName = await this.links.byName(parent, name);
      if (byIndex?.location.objectid === inode && byName?.location.objectid === inode) continue;
      if (!(await this.makeRoom(inode, parent, index, name))) return;
      if (!(await this.links.link(parent, inode, name, index, false)))
        throw cannotReplay(`directory ${parent} keeps a name that it replaces`);
    }
    await this.removeOldRefs(item);
    this.tree.put(item.key, item.bytes);
  }

  /**
   * Takes away what stands where a name is to be: other names of the inode in the directory that are not logged, and the
   * entries of the same index or name (`__add_inode_ref`).
   * @returns false for the root directory, whose reference leads to itself
   */
  private async makeRoom(inode: number, parent: number, index: number, name: Uint8Array): Promise<boolean> {
    for (const key of [refKey(inode, parent), extendedRefKey(inode, parent, name)]) {
      const there = await this.tree.find(key);
      if (there === null) continue;
      if (key.type === ITEM_TYPE.INODE_REF && inode === parent) return false;
      for (const old of inodeRefs(there)) {
        const logged = key.type === ITEM_TYPE.INODE_REF ? key : extendedRefKey(inode, parent, old.name);
        if (old.parent !== parent || (await findRef(this.log, logged, parent, old.name)) !== null) continue;
        await this.links.unlink(parent, inode, old.name);
      }
    }
    const sameIndex = await this.links.byIndex(parent, index, name);
    if (sameIndex !== null) await this.removeEntry(parent, sameIndex);
    const sameName = await this.links.byName(parent, name);
    if (sameName !== null) await this.removeEntry(parent, sameName);
    return true;
  }

  /** Names in the subvolume's item that the logged one, which replaces it, does not have (`unlink_old_inode_refs`). */
  private async removeOldRefs({ key, bytes }: Item): Promise<void> {
    const there = await this.tree.find(key);
    if (there === null) return;
    const logged = inodeRefs({ key, bytes });
    for (const old of inodeRefs(there)) {
      if (logged.some((ref) => ref.parent === old.parent && equalBytes(ref.name, old.name))) continue;
      await this.links.unlink(old.parent, key.objectid, old.name);
    }
  }

  /** Sets the links of all inodes that the log touched; the names in directories that have none go too (`fixup_inode_link_counts`). */
  private async countLinks(): Promise<void> {
    for (const inode of this.fixups) {
      // A set gives what is added meanwhile as well, and what was counted before is counted again.
      this.fixups.delete(inode);
      const fields = await this.links.existing(inode);
      const nlink = await this.links.count(inode);
      if (nlink !== fields.nlink) await this.links.change(inode, { nlink });
      if (nlink === 0 && typeOfMode(fields.mode) === 'd') await this.removeAllNames(inode);
    }
  }

  private async removeAllNames(directory: number): Promise<void> {
    const place = { objectid: directory, type: ITEM_TYPE.DIR_INDEX };
    const gone: DirItem[] = [];
    for await (const item of this.tree.range({ ...place, offset: 0 }, { ...place, offset: LAST })) gone.push(...dirItems(item));
    for (const entry of gone) await this.removeEntry(directory, entry);
  }
}
