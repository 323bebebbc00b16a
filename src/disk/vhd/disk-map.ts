/** `vhd map`: where each part of the virtual disk comes from, as numbers for a picture. */
import { TygrubError, usageError } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { ContainerOptions } from '../container.js';
import { chainDisks, followChain } from './chain.js';
import { type ChainMember, openLeaf } from './member.js';

/** One cell of the picture: a part of the disk. */
export interface MapCell {
  /** Bytes that each level of the chain gives, the leaf first. */
  readonly levels: readonly number[];
  /** Bytes that no level has: they read as zeros. */
  readonly absent: number;
  /** Bytes that cannot be read. */
  readonly damaged: number;
}

/** Which parts of a virtual disk are stored, and in which file of its chain. All lengths are bytes. */
export interface DiskMap {
  /** Bytes of the virtual disk. */
  readonly size: number;
  /** Bytes of one cell; the last cell may be smaller. */
  readonly cellSize: number;
  /** The files of the chain, the leaf first. */
  readonly levels: readonly { readonly path: string; readonly size: number }[];
  readonly cells: readonly MapCell[];
}

/** The sector is the smallest part that can come from one level. */
const SECTOR = 512;

/**
 * Maps a VHD and its chain: reads BATs and bitmaps, no data.
 * @param source the file, cached; options as for opening it
 * @param cells how many parts the disk is divided into at most
 * @throws TygrubError as opening the VHD, and usage for a number of cells that is not positive
 */
export async function mapVhd(source: ByteSource, options: ContainerOptions, cells: number): Promise<DiskMap> {
  if (!Number.isSafeInteger(cells) || cells < 1) throw usageError('vhd.map-cells', 'a map has at least one cell');
  const leaf = await openLeaf(source, options, true);
  try {
    const chain = await followChain(leaf, options);
    try {
      if (chain.problem !== null) throw chain.problem;
      const levels = chainDisks(chain.members, options.limits);
      return await mapLevels(chain.members, levels, cells);
    } finally {
      await chain.close();
    }
  } finally {
    await leaf.close();
  }
}

/** A link of the chain with its virtual disk. */
interface Level {
  readonly disk: ByteSource;
  /** Bytes that fail together when a block cannot be read. */
  readonly blockSize: number;
}

async function mapLevels(members: readonly ChainMember[], disks: readonly ByteSource[], cells: number): Promise<DiskMap> {
  const levels = disks.map((disk, index): Level => ({ disk, blockSize: blockSizeOf(members[index]?.vhd) }));
  const size = disks[0]?.size ?? 0;
  const cellSize = Math.max(SECTOR, Math.ceil(size / cells / SECTOR) * SECTOR);
  const out: MapCell[] = [];
  for (let start = 0; start < size; start += cellSize) {
    out.push(await mapCell(levels, start, Math.min(cellSize, size - start)));
  }
  return { size, cellSize, levels: members.map(({ path, vhd }) => ({ path, size: vhd.size })), cells: out };
}

function blockSizeOf(vhd: ChainMember['vhd'] | undefined): number {
  if (vhd?.layout === 'folder') return vhd.blocks.blockSize;
  return (vhd?.layout === 'file' ? vhd.sparse?.geometry.blockSize : undefined) ?? Number.POSITIVE_INFINITY;
}

async function mapCell(levels: readonly Level[], start: number, length: number): Promise<MapCell> {
  const counts = new Array<number>(levels.length).fill(0);
  const end = start + length;
  let absent = 0;
  let damaged = 0;
  for (let at = start; at < end; ) {
    const run = await originOf(levels, at, end - at);
    if (run.level === 'absent') absent += run.length;
    else if (run.level === 'damaged') damaged += run.length;
    else counts[run.level] = (counts[run.level] ?? 0) + run.length;
    at += run.length;
  }
  return { levels: counts, absent, damaged };
}

/** The level that the first bytes of a range come from. */
async function originOf(
  levels: readonly Level[],
  offset: number,
  length: number,
): Promise<{ readonly level: number | 'absent' | 'damaged'; readonly length: number }> {
  let room = length;
  for (const [level, { disk, blockSize }] of levels.entries()) {
    const parent = levels[level + 1]?.disk;
    if (disk.locate === undefined) return { level, length: room };
    try {
      const run = await disk.locate(offset, room);
      room = run.length;
      if (run.source === null) return { level: 'absent', length: room };
      if (parent === undefined || run.source !== parent) return { level, length: room };
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'io') throw error;
      return { level: 'damaged', length: lostLength(error, offset, room, blockSize) };
    }
  }
  throw new RangeError('a chain has at least one member');
}

/** How much of a range a failure takes with it. */
function lostLength(error: TygrubError, offset: number, room: number, blockSize: number): number {
  switch (error.code) {
    case 'vhd.block-truncated':
      // Later sectors of the block may be zeros or the parent's.
      return Math.min(room, SECTOR - (offset % SECTOR));
    case 'vhd.bat-small':
    case 'vhd.bat-truncated':
    case 'vhd.truncated':
      return room; // nothing after this place is known
    default:
      return Math.min(room, blockSize - (offset % blockSize));
  }
}
