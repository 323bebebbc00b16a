/**
 * Log trees: what `fsync` made durable since the last transaction was committed. The tree that the superblock's `log_root`
 * leads to lists one log tree for each subvolume; Linux replays them when it mounts the filesystem, here it is done in memory.
 */
import { TygrubError } from '../../../src/errors.js';
import type { Limits } from '../../../src/limits.js';
import { type Key, LAST } from '../key.js';
import { ITEM_TYPE, OBJECT, ROOT_ITEM } from '../layout.js';
import type { Subvolumes } from '../subvolume.js';
import { type Item, type ItemTree, Tree } from '../tree.js';
import type { TreeBlocks } from '../tree-block.js';
import { ChangeBudget, ChangedTree } from './changed-tree.js';
import { cannotReplay } from './damage.js';
import { type Geometry, Replay } from './replay.js';

/** What a replay leaves. */
export interface ReplayedLog {
  /** Subvolumes' trees with the changes of their logs. */
  readonly trees: ReadonlyMap<number, ItemTree>;
  /** Checksums of logged data, which are not in the checksum tree yet. */
  readonly checksums: readonly Item[];
  /** Items in the log trees. */
  readonly items: number;
}

/** Where the tree of log trees begins. */
export interface LogRoot {
  readonly address: number;
  readonly level: number;
  /** Generation of the superblock: the log belongs to the next one, which was not committed. */
  readonly committed: number;
}

/**
 * Replays the log trees of all subvolumes. A log of a subvolume that does not exist any more is left out, as by Linux.
 * @throws TygrubError corrupt `btrfs.log-tree` with what is wrong as its cause; limit `logTreeSize`, `logTreeSteps`, `treeNodes`
 */
export async function replayLogTrees(
  root: LogRoot,
  subvolumes: Subvolumes,
  blocks: TreeBlocks,
  geometry: Geometry,
  limits: Limits,
): Promise<ReplayedLog> {
  const { address, level, committed } = root;
  const logRootTree = new Tree({ id: OBJECT.TREE_LOG, address, level, generation: committed + 1 }, blocks, limits);
  const budget = new ChangeBudget(limits);
  const trees = new Map<number, ItemTree>();
  const checksums: Item[] = [];
  let items = 0;
  try {
    for (const [id, log] of await logTrees(logRootTree, blocks, limits)) {
      const base = await subvolumes.treeOnDisk(id);
      if (base === null) continue;
      const tree = new ChangedTree(base, budget);
      items += await new Replay(tree, log, geometry).run();
      trees.set(id, tree);
      for await (const item of log.range(checksumKey(0), checksumKey(LAST))) {
        budget.take(item.bytes.length);
        checksums.push({ key: item.key, bytes: item.bytes.slice() });
      }
    }
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind !== 'corrupt' || error.code === 'btrfs.log-tree') throw error;
    throw cannotReplay(error.message, error);
  }
  budget.endReplay();
  return { trees, checksums, items };
}

function checksumKey(offset: number): Key {
  return { objectid: OBJECT.EXTENT_CSUM, type: ITEM_TYPE.EXTENT_CSUM, offset };
}

/** The log trees, by the subvolumes that they belong to. */
async function logTrees(logRootTree: Tree, blocks: TreeBlocks, limits: Limits): Promise<Map<number, Tree>> {
  const found = new Map<number, Tree>();
  const place = { objectid: OBJECT.TREE_LOG, type: ITEM_TYPE.ROOT_ITEM };
  for await (const { key, bytes } of logRootTree.range({ ...place, offset: 0 }, { ...place, offset: LAST })) {
    const { bytenr, level, generation } = ROOT_ITEM.decode(bytes);
    found.set(key.offset, new Tree({ id: OBJECT.TREE_LOG, address: bytenr, level, generation }, blocks, limits));
  }
  return found;
}
