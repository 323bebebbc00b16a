/** Searching in B-trees. */
import { corrupt, limitReached } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import { compareKeys, type Key } from './key.js';
import { OBJECT } from './layout.js';
import type { TreeBlock, TreeBlocks } from './tree-block.js';

/** An item of a tree. */
export interface Item {
  readonly key: Key;
  /** A part of its block: copy what is kept. */
  readonly bytes: Uint8Array;
}

/** Where a tree begins. */
export interface TreeRoot {
  /** Its number, which its blocks carry as owner. */
  readonly id: number;
  readonly address: number;
  readonly level: number;
  readonly generation: number;
}

interface Step {
  readonly block: TreeBlock;
  index: number;
}

/** The position of the last key that is not above `key`; -1 when all are. */
function floorIndex(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] as Key, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What is searched in: a tree on the disk, or one with the changes of a log over it. */
export interface ItemTree {
  /** The item of a key; null when there is none. @throws TygrubError corrupt, limit */
  find(key: Key): Promise<Item | null>;
  /** The last item whose key is not above `key`; null when there is none. @throws TygrubError corrupt, limit */
  floor(key: Key): Promise<Item | null>;
  /**
   * The items from one key to another, both included, in order.
   * @throws TygrubError corrupt; limit `treeNodes`
   */
  range(from: Key, to: Key): AsyncGenerator<Item>;
}

export class Tree implements ItemTree {
  constructor(
    readonly root: TreeRoot,
    private readonly blocks: TreeBlocks,
    private readonly limits: Limits,
  ) {}

  async find(key: Key): Promise<Item | null> {
    const item = await this.floor(key);
    return item !== null && compareKeys(item.key, key) === 0 ? item : null;
  }

  async floor(key: Key): Promise<Item | null> {
    const leaf = (await this.descend(key)).pop();
    return leaf === undefined || leaf.index < 0 ? null : itemAt(leaf);
  }

  async *range(from: Key, to: Key): AsyncGenerator<Item> {
    const path = await this.descend(from);
    let leaf = path[path.length - 1] as Step;
    const before = leaf.block.keys[leaf.index];
    if (before === undefined || compareKeys(before, from) < 0) leaf.index += 1;
    for (let blocks = 0; ; ) {
      for (; leaf.index < leaf.block.keys.length; leaf.index++) {
        if (compareKeys(leaf.block.keys[leaf.index] as Key, to) > 0) return;
        yield itemAt(leaf);
      }
      blocks += path.length;
      if (blocks > this.limits.treeNodes) throw limitReached('treeNodes', `one search went through ${blocks} tree blocks`);
      const next = await this.nextLeaf(path);
      if (next === null) return;
      leaf = next;
    }
  }

  /** The way from the root to the leaf in which a key is or would be; the leaf's index is -1 when all its keys are above. */
  private async descend(key: Key): Promise<Step[]> {
    const { address, level, generation } = this.root;
    const path: Step[] = [];
    let block = this.owned(await this.blocks.read(address, { level, generation, firstKey: null }));
    for (;;) {
      const index = floorIndex(block.keys, key);
      if (block.level === 0) {
        path.push({ block, index });
        return path;
      }
      const step = { block, index: Math.max(0, index) };
      path.push(step);
      block = await this.below(step);
    }
  }

  /** Moves to the leaf after the one at the end of the path. */
  private async nextLeaf(path: Step[]): Promise<Step | null> {
    const depth = path.length;
    path.pop();
    for (;;) {
      const step = path[path.length - 1];
      if (step === undefined) return null;
      step.index += 1;
      if (step.index < step.block.keys.length) break;
      path.pop();
    }
    while (path.length < depth) path.push({ block: await this.below(path[path.length - 1] as Step), index: 0 });
    return path[path.length - 1] as Step;
  }

  /**
   * The block that a step leads to. Its first key is the pointer's and its last one is below the next pointer's: so no block
   * can be reached twice, and no pointer can lead back up.
   */
  private async below(step: Step): Promise<TreeBlock> {
    const { block, index } = step;
    const { address, generation } = block.child(index);
    const firstKey = block.keys[index] as Key;
    const child = this.owned(await this.blocks.read(address, { level: block.level - 1, generation, firstKey }));
    const bound = block.keys[index + 1];
    const last = child.keys[child.keys.length - 1];
    if (bound !== undefined && last !== undefined && compareKeys(last, bound) >= 0) {
      throw corrupt('btrfs.tree-block', `the tree block at logical address ${address} is damaged: its keys reach into its neighbour's`);
    }
    return child;
  }

  /** Subvolumes share blocks with each other, other trees with none. */
  private owned(block: TreeBlock): TreeBlock {
    const { id } = this.root;
    const right = isSubvolume(id) ? isSubvolume(block.owner) : block.owner === id;
    if (right) return block;
    throw corrupt(
      'btrfs.tree-block',
      `the tree block at logical address ${block.address} is damaged: it belongs to tree ${block.owner}, not to tree ${id}`,
    );
  }
}

function itemAt(step: Step): Item {
  return { key: step.block.keys[step.index] as Key, bytes: step.block.item(step.index) };
}

/** Whether a tree's number is that of a subvolume. Snapshots of relocation and the like have reserved (negative) numbers. */
export function isSubvolume(id: number): boolean {
  return id === OBJECT.FS_TREE || id >= OBJECT.FIRST_FREE;
}
