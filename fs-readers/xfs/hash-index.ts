/**
 * The hash index of a directory: from a name's hash to the places of names with that hash. It stands at the end of a
 * directory of one block, in one leaf block, or in a B+tree of them ("XFS Algorithms & Data Structures", Leaf and Node
 * Directories).
 */
import { corrupt, limitReached } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import type { DirectoryBlocks } from './directory-block.js';
import {
  DA_BLOCK,
  DA_BLOCK_CRC,
  DA_NODE_CRC_MAGIC,
  DA_NODE_MAGIC,
  DIR_ALIGN,
  DIR_BLOCK_TAIL,
  DIR_LEAF_OFFSET,
  DIR_LEAF1_CRC_MAGIC,
  DIR_LEAF1_MAGIC,
  DIR_LEAFN_CRC_MAGIC,
  DIR_LEAFN_MAGIC,
  LEAF_ENTRY,
  NODE_ENTRY,
} from './layout.js';

/** A sorted table of leaf entries in a block. */
interface LeafTable {
  readonly block: Uint8Array;
  /** Byte offset of the first entry. */
  readonly start: number;
  readonly count: number;
}

function hashAt({ block, start }: LeafTable, index: number): number {
  return LEAF_ENTRY.decode(block, start + index * LEAF_ENTRY.size).hashval;
}

/** Byte offsets in the directory of the entries with a hash; stale ones (address 0) left out. */
function* addressesIn(table: LeafTable, hash: number): Generator<number> {
  let low = 0;
  let high = table.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hashAt(table, middle) < hash) low = middle + 1;
    else high = middle;
  }
  for (let i = low; i < table.count; i++) {
    const { hashval, address } = LEAF_ENTRY.decode(table.block, table.start + i * LEAF_ENTRY.size);
    if (hashval !== hash) return;
    if (address !== 0) yield address * DIR_ALIGN;
  }
}

/**
 * The table at the end of a directory of one block.
 * @throws TygrubError corrupt `xfs.directory`
 */
export function blockLeafTable(block: Uint8Array, header: number, inode: number): LeafTable {
  const tail = block.length - DIR_BLOCK_TAIL.size;
  const { count, stale } = DIR_BLOCK_TAIL.decode(block, tail);
  const start = tail - count * LEAF_ENTRY.size;
  if (start < header || stale > count) {
    throw corrupt(
      'xfs.directory',
      `directory inode ${inode} is damaged: its block has an index of ${count} entries, ${stale} of them stale`,
    );
  }
  return { block, start, count };
}

/** Where the names of a directory of one block end: its index follows. */
export function blockEntriesEnd(table: LeafTable): number {
  return table.start;
}

/** Addresses of a hash in a directory of one block. */
export function blockAddresses(table: LeafTable, hash: number): Iterable<number> {
  return addressesIn(table, hash);
}

/** A decoded block of the index. */
interface IndexBlock {
  readonly bytes: Uint8Array;
  readonly magic: number;
  readonly count: number;
  readonly level: number;
  /** The next leaf, 0 for none: a filesystem block of the directory. */
  readonly forw: number;
  /** Byte offset of its entries. */
  readonly start: number;
}

/**
 * Addresses of a hash in a directory with leaf blocks.
 * @param blockSize of the filesystem, in which the index counts
 * @throws TygrubError corrupt `xfs.directory-index` when the index contradicts itself, limit
 */
export async function* indexAddresses(
  blocks: DirectoryBlocks,
  hash: number,
  inode: number,
  checksums: boolean,
  blockSize: number,
  limits: Limits,
): AsyncGenerator<number> {
  const invalid = (what: string) => corrupt('xfs.directory-index', `the hash index of directory inode ${inode} is damaged: ${what}`);
  let reads = 0;
  const read = async (number: number): Promise<IndexBlock> => {
    if (++reads > limits.treeNodes)
      throw limitReached('treeNodes', `a lookup in directory inode ${inode} needs more than ${limits.treeNodes} reads`);
    const offset = number * blockSize;
    if (offset < DIR_LEAF_OFFSET || offset % blocks.size !== 0) throw invalid(`it leads to block ${number}`);
    const bytes = await blocks.read(offset, DA_BLOCK_CRC);
    const header = (checksums ? DA_BLOCK_CRC : DA_BLOCK).decode(bytes);
    const start = (checksums ? DA_BLOCK_CRC : DA_BLOCK).size;
    if (start + header.count * LEAF_ENTRY.size > bytes.length) throw invalid(`block ${number} has ${header.count} entries`);
    return { bytes, magic: header.magic, count: header.count, level: header.level, forw: header.forw, start };
  };
  const nodeMagic = checksums ? DA_NODE_CRC_MAGIC : DA_NODE_MAGIC;
  const leafMagics = checksums ? [DIR_LEAF1_CRC_MAGIC, DIR_LEAFN_CRC_MAGIC] : [DIR_LEAF1_MAGIC, DIR_LEAFN_MAGIC];
  let current = await read(DIR_LEAF_OFFSET / blockSize);
  for (let level = current.level; current.magic === nodeMagic; level--) {
    if (current.level !== level || level === 0 || level > limits.treeDepth)
      throw invalid(`a node says that it is at level ${current.level}`);
    if (current.count === 0) throw invalid('a node has no children');
    const parent = current;
    current = await read(childFor(parent, hash));
    if (level === 1 && current.magic === nodeMagic) throw invalid('there is a node where leaves should be');
  }
  for (;;) {
    if (!leafMagics.includes(current.magic)) throw invalid(`a block has the magic 0x${current.magic.toString(16)}`);
    const table: LeafTable = { block: current.bytes, start: current.start, count: current.count };
    yield* addressesIn(table, hash);
    // Names with the same hash may go on in the next leaf. Stale leaves may be empty.
    const goesOn = current.forw !== 0 && (table.count === 0 || hashAt(table, table.count - 1) === hash);
    if (!goesOn) return;
    current = await read(current.forw);
  }
}

/** The first child whose last hash is not below the wanted one; the last child when all are. */
function childFor(node: IndexBlock, hash: number): number {
  let low = 0;
  let high = node.count - 1;
  const entry = (index: number) => NODE_ENTRY.decode(node.bytes, node.start + index * NODE_ENTRY.size);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entry(middle).hashval < hash) low = middle + 1;
    else high = middle;
  }
  return entry(low).before;
}
