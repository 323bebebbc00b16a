/** Hash trees of directories (dir_index): which block can hold a name (Documentation/filesystems/ext4/directory.rst). */
import { corrupt } from '../../src/errors.js';
import type { Directory } from './directory.js';
import { hashTreeOffset } from './directory-block.js';
import { INCOMPAT } from './features.js';
import { DX_BLOCK_MASK, DX_COUNT_LIMIT, DX_ENTRY, DX_ROOT_INFO, DX_ROOT_INFO_OFFSET, FLAG_UNSIGNED_HASH } from './layout.js';
import { nameHash } from './name-hash.js';

/** One node of the tree on the way down, and which of its entries was taken. */
interface Frame {
  readonly entries: readonly { readonly hash: number; readonly block: number }[];
  at: number;
}

/** Levels of index blocks below the root: one more with large_dir. */
const MAX_LEVELS = 1;
const MAX_LEVELS_LARGE = 2;
/** `unused_flags`: must be 0. */
const UNUSED_FLAG = 0x1;

/**
 * The leaf blocks that can hold a name, one after the other: mostly one, more where equal hashes go over a block's end.
 * @param name the name in the form that the directory hashes (folded, where case does not count)
 * @throws TygrubError corrupt when the tree is damaged or hashes in an unknown way: then walk the directory instead
 */
export async function* leavesOf(directory: Directory, name: Uint8Array): AsyncGenerator<Uint8Array> {
  const { superblock } = directory.volume;
  const { seed, unsigned } = {
    seed: superblock.fields.hash_seed,
    unsigned: (superblock.fields.flags & FLAG_UNSIGNED_HASH) !== 0,
  };
  const root = await directory.block(0);
  const offset = hashTreeOffset(root, 0, superblock.blockSize);
  if (offset < 0) throw damaged(directory, 'its first block is not the root of one');
  const info = DX_ROOT_INFO.decode(root, DX_ROOT_INFO_OFFSET);
  const hash = nameHash(name, { version: info.hash_version, unsigned, seed });
  if (hash === null) throw damaged(directory, `the hash version ${info.hash_version} is not known`);
  const levels = superblock.hasIncompat(INCOMPAT.LARGEDIR) ? MAX_LEVELS_LARGE : MAX_LEVELS;
  if (info.indirect_levels > levels || (info.unused_flags & UNUSED_FLAG) !== 0) {
    throw damaged(directory, `it has ${info.indirect_levels} levels and the flags ${info.unused_flags}`);
  }
  const path: Frame[] = [frame(directory, root, offset, hash)];
  while (path.length <= info.indirect_levels) path.push(await below(directory, path, hash));
  // A sound tree leads to each block once; one that leads to the same ones again and again would never end.
  for (let leaves = 0; leaves < directory.blocks; leaves++) {
    const bottom = path[path.length - 1] as Frame;
    yield await directory.block((bottom.entries[bottom.at] as { block: number }).block);
    if (!(await advance(directory, path, hash))) return;
  }
  throw damaged(directory, 'it has more leaves than the directory has blocks');
}

/** Goes on to the next leaf; false when that cannot hold the same hash. */
async function advance(directory: Directory, path: Frame[], hash: number): Promise<boolean> {
  const depth = path.length;
  for (;;) {
    const bottom = path[path.length - 1];
    if (bottom === undefined) return false;
    bottom.at += 1;
    if (bottom.at < bottom.entries.length) break;
    path.pop();
  }
  // The lowest bit of an entry's hash says that the block before ends with the same hash.
  const { entries, at } = path[path.length - 1] as Frame;
  if (((entries[at] as { hash: number }).hash & ~1) >>> 0 !== hash) return false;
  while (path.length < depth) {
    const next = await below(directory, path, hash);
    next.at = 0;
    path.push(next);
  }
  return true;
}

async function below(directory: Directory, path: readonly Frame[], hash: number): Promise<Frame> {
  const { entries, at } = path[path.length - 1] as Frame;
  const { block: logical } = entries[at] as { block: number };
  const block = await directory.block(logical);
  const offset = hashTreeOffset(block, logical, directory.volume.superblock.blockSize);
  if (logical === 0 || offset < 0) throw damaged(directory, `block ${logical} is not a node of it`);
  return frame(directory, block, offset, hash);
}

/** Decodes a node and chooses the last entry whose hash is not above the one looked for. */
function frame(directory: Directory, block: Uint8Array, offset: number, hash: number): Frame {
  const { count, limit } = DX_COUNT_LIMIT.decode(block, offset);
  if (count === 0 || count > limit || offset + limit * DX_ENTRY.size > block.length) {
    throw damaged(directory, `a node has ${count} of ${limit} entries`);
  }
  const entries: { hash: number; block: number }[] = [];
  for (let i = 0; i < count; i++) {
    const entry = DX_ENTRY.decode(block, offset + i * DX_ENTRY.size);
    // The first entry has no hash of its own: count and limit stand there.
    const own = i === 0 ? 0 : entry.hash;
    if (own < (entries[i - 1]?.hash ?? 0)) throw damaged(directory, 'a node is not in order');
    entries.push({ hash: own, block: entry.block & DX_BLOCK_MASK });
  }
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((entries[middle] as { hash: number }).hash <= hash) low = middle;
    else high = middle - 1;
  }
  return { entries, at: low };
}

function damaged(directory: Directory, what: string) {
  return corrupt('ext.hash-tree', `the hash tree of directory inode ${directory.inode.number} is damaged: ${what}`);
}
