/**
 * The block allocation table: for each block of the disk the sector where its bitmap stands, or "unused". It is read in
 * pieces when it is needed; a hostile table may point anywhere, so each entry is held against the other structures of
 * the file before its block is read.
 */
import { corrupt, type TygrubError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { BAT_ENTRY_SIZE, BAT_UNUSED, SECTOR } from './layout.js';

/** A structure of the file that no block may touch. */
export interface Region {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** What the table describes. All in bytes unless named otherwise. */
export interface BatGeometry {
  readonly tableOffset: number;
  /** Entries of the table that the disk uses: the smaller of its blocks and the header's `maxTableEntries`. */
  readonly entries: number;
  readonly bitmapBytes: number;
  readonly blockSize: number;
  /** Where no data can be any more: the footer, or the end of the file. */
  readonly dataLimit: number;
  readonly metadata: readonly Region[];
}

/** Bytes of one piece of the table: 32 GiB of disk at the usual block size. */
const PIECE_BYTES = 64 * 1024;
const PIECE_ENTRIES = PIECE_BYTES / BAT_ENTRY_SIZE;

interface Piece {
  readonly entries: Uint32Array;
  /** The used entries that could be right, in ascending order. */
  readonly sorted: Uint32Array;
}

export class BlockAllocationTable {
  private readonly pieces = new Map<number, Piece>();
  private readonly capacity: number;

  constructor(
    private readonly source: ByteSource,
    readonly geometry: BatGeometry,
    limits: Limits,
  ) {
    this.capacity = Math.max(1, Math.floor(limits.batCacheSize / PIECE_BYTES));
  }

  /**
   * Where the block's bitmap starts.
   * @returns a byte offset; null where the block is not allocated
   * @throws TygrubError corrupt when the entry cannot be right: it points into metadata, past the end, or its block
   * shares bytes with another block of the pieces read so far (all of the table, for disks up to 32 GiB)
   */
  async blockOffset(block: number): Promise<number | null> {
    const { entries, tableOffset } = this.geometry;
    if (block >= entries) {
      throw corrupt('vhd.bat-small', `block ${block} has no entry in the BAT, which has ${entries}`, { offset: tableOffset });
    }
    const entry = await this.entry(block);
    if (entry === BAT_UNUSED) return null;
    const problem = this.entryProblem(block, entry) ?? this.overlapProblem(block, entry);
    if (problem !== null) throw problem;
    return entry * SECTOR;
  }

  /** How many blocks from `block` on are not allocated, at least 1 when it is not; looks no further than one piece. */
  async unusedFrom(block: number, atMost: number): Promise<number> {
    const index = Math.floor(block / PIECE_ENTRIES);
    const { entries } = await this.piece(index);
    const first = block - index * PIECE_ENTRIES;
    const end = Math.min(first + atMost, entries.length);
    let at = first;
    while (at < end && entries[at] === BAT_UNUSED) at++;
    return at - first;
  }

  /** The raw entry: a sector, or `BAT_UNUSED`. */
  async entry(block: number): Promise<number> {
    const index = Math.floor(block / PIECE_ENTRIES);
    const value = (await this.piece(index)).entries[block - index * PIECE_ENTRIES];
    if (value === undefined) {
      throw corrupt('vhd.bat-truncated', `the BAT's entry of block ${block} lies past the end of the file`, {
        offset: this.geometry.tableOffset + block * BAT_ENTRY_SIZE,
      });
    }
    return value;
  }

  /** Whether an entry could be right by itself. */
  private isPlausible(entry: number): boolean {
    const { bitmapBytes, blockSize, dataLimit, metadata } = this.geometry;
    const start = entry * SECTOR;
    const end = start + bitmapBytes + blockSize;
    return start + bitmapBytes <= dataLimit && !metadata.some((region) => start < region.end && end > region.start);
  }

  /** What is wrong with an entry by itself, held against the metadata and the end of the file; null when nothing is. */
  entryProblem(block: number, entry: number): TygrubError | null {
    if (this.isPlausible(entry)) return null;
    const { bitmapBytes, blockSize, dataLimit, metadata } = this.geometry;
    const start = entry * SECTOR;
    const end = start + bitmapBytes + blockSize;
    const where = { offset: this.geometry.tableOffset + block * BAT_ENTRY_SIZE };
    const hit = metadata.find((region) => start < region.end && end > region.start);
    if (hit !== undefined) {
      return corrupt('vhd.block-in-metadata', `the BAT puts block ${block} at byte ${start}, over the ${hit.name}`, where);
    }
    return corrupt('vhd.block-past-end', `the BAT puts block ${block} at byte ${start}; the data of the file end at ${dataLimit}`, where);
  }

  private overlapProblem(block: number, entry: number): TygrubError | null {
    const { bitmapBytes, blockSize, tableOffset } = this.geometry;
    const sectors = (bitmapBytes + blockSize) / SECTOR;
    let near = 0;
    for (const { sorted } of this.pieces.values()) {
      // Entries above `entry - sectors` and below `entry + sectors` share bytes with this block; one of them is itself.
      const first = lowerBound(sorted, entry - sectors + 1);
      for (let at = first; at < sorted.length && (sorted[at] as number) < entry + sectors; at++) {
        near++;
        if (near > 1 || sorted[at] !== entry) {
          const other = (sorted[at] as number) * SECTOR;
          return corrupt(
            'vhd.block-overlap',
            `the BAT puts block ${block} at byte ${entry * SECTOR}, over another block at byte ${other}; one of them is wrong`,
            { offset: tableOffset + block * BAT_ENTRY_SIZE, hint: '`tygrub vhd check` lists all such blocks' },
          );
        }
      }
    }
    return null;
  }

  private async piece(index: number): Promise<Piece> {
    const known = this.pieces.get(index);
    if (known !== undefined) {
      // Most recently used pieces stand last.
      if (this.pieces.size === this.capacity) {
        this.pieces.delete(index);
        this.pieces.set(index, known);
      }
      return known;
    }
    const { entries, tableOffset } = this.geometry;
    const first = index * PIECE_ENTRIES;
    const start = tableOffset + first * BAT_ENTRY_SIZE;
    const inFile = Math.max(0, Math.floor((this.source.size - start) / BAT_ENTRY_SIZE));
    const count = Math.max(0, Math.min(PIECE_ENTRIES, entries - first, inFile));
    const stored = await this.source.read(start, count * BAT_ENTRY_SIZE);
    const piece = this.decodePiece(stored, count);
    this.pieces.set(index, piece);
    if (this.pieces.size > this.capacity) {
      const oldest = this.pieces.keys().next();
      if (oldest.done !== true) this.pieces.delete(oldest.value);
    }
    return piece;
  }

  /** Entries that are wrong by themselves claim nothing: only their own blocks are lost. */
  private decodePiece(stored: Uint8Array, count: number): Piece {
    const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
    const entries = new Uint32Array(count);
    const sorted = new Uint32Array(count);
    let used = 0;
    let ascending = true;
    for (let i = 0; i < count; i++) {
      const entry = view.getUint32(i * BAT_ENTRY_SIZE);
      entries[i] = entry;
      if (entry === BAT_UNUSED || !this.isPlausible(entry)) continue;
      if (used > 0 && entry < (sorted[used - 1] as number)) ascending = false;
      sorted[used++] = entry;
    }
    const claims = sorted.slice(0, used);
    return { entries, sorted: ascending ? claims : claims.sort() };
  }
}

/** The index of the first number that is at least `value`. */
function lowerBound(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
