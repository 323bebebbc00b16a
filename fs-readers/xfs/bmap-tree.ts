/** The B+tree of extents of a fork that has too many for its inode ("XFS Algorithms & Data Structures", B+tree Extent List). */
import { corrupt, limitReached } from '../../src/errors.js';
import type { BlockMap, Mapping } from './block-map.js';
import { decodeExtents, type ExtentList, mappingAt, ROOM, type Room } from './extents.js';
import { BMAP_CRC_MAGIC, BMAP_MAGIC, BMBT_WORD, BMDR_HEADER, BTREE_BLOCK, BTREE_BLOCK_CRC, EXTENT } from './layout.js';
import { blockOffset, readMetadata, verify, type XfsVolume } from './volume.js';

/** A child of a node: the first logical block for which it speaks and the filesystem block where it is. */
interface Child {
  readonly key: number;
  readonly pointer: number;
}

export class BmapTree implements BlockMap {
  /** The leaf of the last answer: a file is mostly read in order. */
  private leaf: ExtentList | undefined;
  private nodes = 0;

  /** @param root the fork's bytes */
  constructor(
    private readonly volume: XfsVolume,
    private readonly inode: number,
    private readonly root: Uint8Array,
  ) {}

  find(block: number): Promise<Mapping> | Mapping {
    const { leaf } = this;
    if (leaf !== undefined && block >= leaf.low && block < leaf.high) return mappingAt(leaf, block);
    return this.descend(block);
  }

  private async descend(block: number): Promise<Mapping> {
    const { volume } = this;
    const header = BMDR_HEADER.decode(this.root);
    if (header.level === 0 || header.level > volume.limits.treeDepth) throw this.invalid(`it is ${header.level} levels deep`);
    let room = ROOM;
    let children = this.children(this.root, BMDR_HEADER.size, header.numrecs, room);
    for (let level = header.level - 1; ; level--) {
      const at = lastAtOrBelow(children, block);
      const child = children[at];
      // Before the first child: a hole up to it.
      if (child === undefined) return { start: room.low, length: (children[0]?.key ?? room.high) - room.low, offset: null };
      room = { low: child.key, high: children[at + 1]?.key ?? room.high };
      const { node, header: size, numrecs } = await this.read(child.pointer, level);
      if (level > 0) {
        children = this.children(node, size, numrecs, room);
        continue;
      }
      if (size + numrecs * EXTENT.size > node.length) throw this.invalid(`a leaf has ${numrecs} extents`);
      this.leaf = decodeExtents(volume.superblock, node.subarray(size), numrecs, room, `inode ${this.inode}`);
      return mappingAt(this.leaf, block);
    }
  }

  /** Keys and, from the middle of the room on, pointers. */
  private children(node: Uint8Array, header: number, count: number, room: Room): Child[] {
    const most = Math.floor((node.length - header) / (2 * BMBT_WORD.size));
    if (count === 0 || count > most) throw this.invalid(`a node has ${count} of ${most} children`);
    const children: Child[] = [];
    let least = room.low;
    for (let i = 0; i < count; i++) {
      const key = BMBT_WORD.decode(node, header + i * BMBT_WORD.size).value;
      const pointer = BMBT_WORD.decode(node, header + (most + i) * BMBT_WORD.size).value;
      if (key < least || key >= room.high) throw this.invalid(`a node is not in order at child ${i}`);
      least = key + 1;
      children.push({ key, pointer });
    }
    return children;
  }

  private async read(block: number, level: number): Promise<{ node: Uint8Array; header: number; numrecs: number }> {
    const { volume } = this;
    const { superblock, limits } = volume;
    if (++this.nodes > limits.treeNodes) {
      throw limitReached('treeNodes', `the extent tree of inode ${this.inode} needs more than ${limits.treeNodes} reads`);
    }
    const what = `the extent tree of inode ${this.inode}`;
    const offset = blockOffset(superblock, block, 1, what);
    const node = await readMetadata(volume, offset, superblock.blockSize, what);
    const { magic, level: found, numrecs } = BTREE_BLOCK.decode(node);
    if (magic !== (superblock.checksums ? BMAP_CRC_MAGIC : BMAP_MAGIC))
      throw this.invalid(`a block has the magic 0x${magic.toString(16)}`, offset);
    if (superblock.checksums) {
      const owner = volume.replayed?.ownerChanged(this.inode) === true ? null : this.inode;
      verify(volume, BTREE_BLOCK_CRC, node, offset, owner, `a block of ${what}`);
    }
    if (found !== level) throw this.invalid(`a block says that it is at level ${found}, it is at ${level}`, offset);
    return { node, header: superblock.checksums ? BTREE_BLOCK_CRC.size : BTREE_BLOCK.size, numrecs };
  }

  private invalid(what: string, offset?: number) {
    const message = `the extent tree of inode ${this.inode} is damaged: ${what}`;
    return corrupt('xfs.extent-tree', message, offset === undefined ? {} : { offset });
  }
}

/** Index of the last child whose key is not above a block; -1 when all are. */
function lastAtOrBelow(children: readonly Child[], block: number): number {
  let low = -1;
  let high = children.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((children[middle] as Child).key <= block) low = middle;
    else high = middle - 1;
  }
  return low;
}
