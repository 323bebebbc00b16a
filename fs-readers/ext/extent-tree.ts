/** Extent trees: a sorted list of extents in the inode, or a tree of such lists (Documentation/filesystems/ext4/ifork.rst). */
import { crc32cRaw } from '../../src/bytes/crc.js';
import { corrupt, limitReached } from '../../src/errors.js';
import type { BlockMap, Mapping } from './block-map.js';
import type { Inode } from './inode.js';
import { EXTENT, EXTENT_HEADER, EXTENT_INDEX, EXTENT_MAGIC, EXTENT_TAIL, MAX_EXTENT_DEPTH, MAX_WRITTEN_LENGTH } from './layout.js';
import { checkBlocks, type ExtVolume, readBlock } from './volume.js';

/** Logical block numbers have 32 bits. */
const LOGICAL_END = 0x1_0000_0000;

/** The extents of one leaf and the logical blocks for which the leaf speaks. */
interface Leaf {
  readonly low: number;
  readonly high: number;
  readonly extents: readonly Mapping[];
}

/** An inner node's children, in order. */
interface Index {
  readonly block: number;
  readonly child: number;
}

export class ExtentTree implements BlockMap {
  /** The leaf of the last answer: a file is mostly read in order. */
  private leaf: Leaf | undefined;
  private nodes = 0;

  constructor(
    private readonly volume: ExtVolume,
    private readonly inode: Inode,
  ) {}

  find(block: number): Promise<Mapping> | Mapping {
    const { leaf } = this;
    if (leaf !== undefined && block >= leaf.low && block < leaf.high) return within(leaf, block);
    return this.descend(block);
  }

  private async descend(block: number): Promise<Mapping> {
    if (block >= LOGICAL_END) throw this.invalid(`it has no block ${block}`);
    let node = this.inode.fields.block;
    let low = 0;
    let high = LOGICAL_END;
    let depth = EXTENT_HEADER.decode(node).depth;
    if (depth > Math.min(MAX_EXTENT_DEPTH, this.volume.limits.treeDepth)) throw this.invalid(`it is ${depth} levels deep`);
    let where = 'the root';
    for (; depth > 0; depth--) {
      const children = this.readIndex(node, depth, low, high, where);
      const at = lastAtOrBelow(children, block);
      const child = children[at];
      if (child === undefined) {
        // Before the first child: a hole up to it.
        high = Math.min(high, children[0]?.block ?? high);
        return { start: low, length: high - low, physical: null, hole: true };
      }
      low = child.block;
      high = Math.min(high, children[at + 1]?.block ?? high);
      if (++this.nodes > this.volume.limits.treeNodes) {
        throw limitReached(
          'treeNodes',
          `the extent tree of inode ${this.inode.number} needs more than ${this.volume.limits.treeNodes} reads`,
        );
      }
      node = await readBlock(this.volume, child.child, `the extent tree of inode ${this.inode.number}`);
      where = `block ${child.child}`;
      this.verify(node, child.child);
    }
    this.leaf = { low, high, extents: this.readExtents(node, low, high, where) };
    return within(this.leaf, block);
  }

  private header(node: Uint8Array, depth: number, where: string): number {
    const header = EXTENT_HEADER.decode(node);
    const room = Math.floor((node.length - EXTENT_HEADER.size) / EXTENT.size);
    if (header.magic !== EXTENT_MAGIC) throw this.invalid(`${where} has the magic 0x${header.magic.toString(16)}`);
    if (header.depth !== depth) throw this.invalid(`${where} says it is at depth ${header.depth}, it is at ${depth}`);
    if (header.max > room || header.entries > header.max) throw this.invalid(`${where} has ${header.entries} of ${header.max} entries`);
    if (header.entries === 0 && depth > 0) throw this.invalid(`${where} has no entries`);
    return header.entries;
  }

  private readIndex(node: Uint8Array, depth: number, low: number, high: number, where: string): Index[] {
    const count = this.header(node, depth, where);
    const children: Index[] = [];
    let least = low;
    for (let i = 0; i < count; i++) {
      const entry = EXTENT_INDEX.decode(node, EXTENT_HEADER.size + i * EXTENT_INDEX.size);
      if (entry.block < least || entry.block >= high) throw this.invalid(`${where} is not in order at entry ${i}`);
      least = entry.block + 1;
      children.push({ block: entry.block, child: entry.leaf_hi * 0x1_0000_0000 + entry.leaf_lo });
    }
    return children;
  }

  /** Decodes a leaf; extents that are neighbours on the disk too are joined. */
  private readExtents(node: Uint8Array, low: number, high: number, where: string): Mapping[] {
    const count = this.header(node, 0, where);
    const extents: Mapping[] = [];
    let end = low;
    for (let i = 0; i < count; i++) {
      const entry = EXTENT.decode(node, EXTENT_HEADER.size + i * EXTENT.size);
      const unwritten = entry.len > MAX_WRITTEN_LENGTH;
      const length = unwritten ? entry.len - MAX_WRITTEN_LENGTH : entry.len;
      const physical = entry.start_hi * 0x1_0000_0000 + entry.start_lo;
      if (length === 0 || entry.block < end || entry.block + length > high) throw this.invalid(`${where} is not in order at entry ${i}`);
      checkBlocks(this.volume.superblock, physical, length, `the extent tree of inode ${this.inode.number}`);
      end = entry.block + length;
      const last = extents[extents.length - 1];
      const follows = last !== undefined && last.start + last.length === entry.block;
      if (follows && (unwritten ? last.physical === null : last.physical !== null && last.physical + last.length === physical)) {
        extents[extents.length - 1] = { ...last, length: last.length + length };
      } else extents.push({ start: entry.block, length, physical: unwritten ? null : physical, hole: false });
    }
    return extents;
  }

  private verify(node: Uint8Array, block: number): void {
    const { superblock, report } = this.volume;
    if (!superblock.metadataChecksums) return;
    const tail = EXTENT_HEADER.size + EXTENT_HEADER.decode(node).max * EXTENT.size;
    const matches =
      tail + EXTENT_TAIL.size <= node.length &&
      crc32cRaw(node.subarray(0, tail), this.inode.seed) === EXTENT_TAIL.decode(node, tail).checksum;
    if (!matches) report.mismatch(`block ${block} of the extent tree of inode ${this.inode.number}`, block * superblock.blockSize);
  }

  private invalid(what: string) {
    return corrupt('ext.extent-tree', `the extent tree of inode ${this.inode.number} is damaged: ${what}`);
  }
}

/** Index of the last entry whose `block` or `start` is not above a block; -1 when all are. */
function lastAtOrBelow(entries: readonly { readonly block: number }[], block: number): number {
  let low = -1;
  let high = entries.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((entries[middle] as { block: number }).block <= block) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The extent of a leaf that holds a block, or the hole around it. */
function within(leaf: Leaf, block: number): Mapping {
  let low = -1;
  let high = leaf.extents.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((leaf.extents[middle] as Mapping).start <= block) low = middle;
    else high = middle - 1;
  }
  const before = leaf.extents[low];
  if (before !== undefined && block < before.start + before.length) return before;
  const start = before === undefined ? leaf.low : before.start + before.length;
  const end = leaf.extents[low + 1]?.start ?? leaf.high;
  return { start, length: end - start, physical: null, hole: true };
}
