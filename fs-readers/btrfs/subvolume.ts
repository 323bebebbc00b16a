/** Subvolumes and snapshots: file trees with a number each, listed in the root tree. */
import { encodeUtf8, equalBytes } from '../../src/bytes/text.js';
import { corrupt, notFound } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import { findName } from './directory.js';
import { LAST } from './key.js';
import { ITEM_TYPE, OBJECT, ROOT_ITEM, ROOT_REF } from './layout.js';
import { type ItemTree, isSubvolume, Tree, type TreeRoot } from './tree.js';
import type { TreeBlocks } from './tree-block.js';

/** A file tree. */
export interface Subvolume {
  readonly id: number;
  readonly tree: ItemTree;
  /** The inode of its root directory. */
  readonly rootDirectory: number;
}

/** Opened subvolumes that are kept; opening one again costs one search in the root tree. */
const KEPT = 64;
/** The name in the root tree's directory that leads to the default subvolume. */
const DEFAULT = encodeUtf8('default');
/** The trees that the root tree lists. */
export class Subvolumes {
  private readonly opened = new Map<number, Subvolume>();
  /** Trees with the changes of a log tree over them, by subvolume. */
  private replayed: ReadonlyMap<number, ItemTree> = new Map();

  constructor(
    private readonly rootTree: Tree,
    private readonly rootDirectory: number,
    private readonly blocks: TreeBlocks,
    private readonly limits: Limits,
  ) {}

  /** The root of a tree by its number; null when there is none. */
  private async rootItem(id: number) {
    const item = await this.rootTree.floor({ objectid: id, type: ITEM_TYPE.ROOT_ITEM, offset: LAST });
    if (item === null || item.key.objectid !== id || item.key.type !== ITEM_TYPE.ROOT_ITEM) return null;
    if (item.bytes.length < ROOT_ITEM.size) throw corrupt('btrfs.root-item', `the root of tree ${id} is cut off`);
    return ROOT_ITEM.decode(item.bytes);
  }

  /** A tree that is no subvolume (the checksums'); null when there is none. */
  async tree(id: number): Promise<Tree | null> {
    const fields = await this.rootItem(id);
    return fields === null ? null : new Tree(rootOf(id, fields), this.blocks, this.limits);
  }

  /** From now on subvolumes have these trees instead of those on the disk. */
  useReplayed(trees: ReadonlyMap<number, ItemTree>): void {
    this.replayed = trees;
    this.opened.clear();
  }

  /** A subvolume's tree as it is on the disk; null when there is no such subvolume. @throws TygrubError corrupt */
  async treeOnDisk(id: number): Promise<Tree | null> {
    const fields = isSubvolume(id) ? await this.rootItem(id) : null;
    return fields === null || fields.refs === 0 ? null : new Tree(rootOf(id, fields), this.blocks, this.limits);
  }

  /**
   * Opens a subvolume.
   * @throws TygrubError not-found `btrfs.no-subvolume`; corrupt
   */
  async open(id: number): Promise<Subvolume> {
    const known = this.opened.get(id);
    if (known !== undefined) return known;
    const fields = isSubvolume(id) ? await this.rootItem(id) : null;
    if (fields === null || fields.refs === 0) throw notFound('btrfs.no-subvolume', `there is no subvolume ${id}`);
    const tree = this.replayed.get(id) ?? new Tree(rootOf(id, fields), this.blocks, this.limits);
    const subvolume = { id, tree, rootDirectory: fields.root_dirid };
    this.opened.set(id, subvolume);
    if (this.opened.size > KEPT) {
      const oldest = this.opened.keys().next();
      if (oldest.done !== true) this.opened.delete(oldest.value);
    }
    return subvolume;
  }

  /** The subvolume that is mounted when nobody asks for another one. */
  async defaultId(): Promise<number> {
    const entry = await findName(this.rootTree, this.rootDirectory, DEFAULT);
    if (entry === null) return OBJECT.FS_TREE;
    if (entry.location.type !== ITEM_TYPE.ROOT_ITEM) throw corrupt('btrfs.default-subvolume', 'the default subvolume is no subvolume');
    return entry.location.objectid;
  }

  /**
   * Whether a directory's entry for a subvolume is the subvolume's own place. A snapshot keeps the entries of the subvolumes
   * that its original has, and they lead nowhere.
   */
  async isPlaceOf(child: number, parent: number, directory: number, name: Uint8Array): Promise<boolean> {
    const item = await this.rootTree.find({ objectid: parent, type: ITEM_TYPE.ROOT_REF, offset: child });
    if (item === null) return false;
    const { dirid, name_len } = ROOT_REF.decode(item.bytes);
    return dirid === directory && equalBytes(item.bytes.subarray(ROOT_REF.size, ROOT_REF.size + name_len), name);
  }
}

function rootOf(id: number, fields: ReturnType<typeof ROOT_ITEM.decode>): TreeRoot {
  return { id, address: fields.bytenr, level: fields.level, generation: fields.generation };
}
