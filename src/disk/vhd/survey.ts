/** The whole BAT at once, for `vhd info`, `vhd check`, and for writers who must know where the data end. */
import { limitReached, type TygrubError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { BlockAllocationTable } from './block-allocation-table.js';
import { BAT_ENTRY_SIZE, BAT_UNUSED, SECTOR } from './layout.js';
import type { SparseParts, VhdFile } from './vhd-file.js';
import { PAGE } from './xen-layout.js';

/** An entry that cannot be right. */
export interface BadEntry {
  readonly block: number;
  readonly error: TygrubError;
}

/** Two blocks that share bytes. */
export interface Overlap {
  readonly block: number;
  readonly other: number;
  /** Byte offset of the later of the two. */
  readonly offset: number;
}

/** What the BAT says as a whole. */
export interface Survey {
  /** Blocks of the disk that the BAT covers. */
  readonly blocks: number;
  readonly allocated: number;
  /** Entries into metadata, past the end, or themselves past the end of the file. Kept: a few; `badEntries` counts. */
  readonly bad: readonly BadEntry[];
  readonly badEntries: number;
  /** Kept: a few; `overlapping` counts. */
  readonly overlaps: readonly Overlap[];
  readonly overlapping: number;
  /** Blocks whose end lies past the end of the data: cut off. Kept: a few; `cutBlocks` counts. */
  readonly cut: readonly number[];
  readonly cutBlocks: number;
  /** Blocks whose data do not start at a multiple of 4096. */
  readonly unaligned: number;
  /** Byte offset of the data of the first such block in disk order; null when there is none. */
  readonly firstUnaligned: number | null;
  /** Distances between blocks that follow each other in the file, in bytes, with their number, most frequent first. */
  readonly strides: readonly { readonly bytes: number; readonly count: number }[];
  /** Where the last structure or block that is right ends. */
  readonly dataEnd: number;
  /** Byte offset of the first block in the file; null when there is none. */
  readonly firstBlock: number | null;
  /** The BAT's entries as they stand: sectors, or `BAT_UNUSED`; fewer than `blocks` where the BAT was cut off. */
  readonly entries: Uint32Array;
}

/** Examples kept of each kind of damage: enough to look at, and the rest is counted. */
const EXAMPLES = 8;

/**
 * Reads the whole BAT.
 * @throws TygrubError limit `tableEntries`; io
 */
export async function surveyBlocks(file: VhdFile, sparse: SparseParts, limits: Limits): Promise<Survey> {
  const { geometry } = sparse;
  if (geometry.entries > limits.tableEntries) {
    throw limitReached('tableEntries', `the BAT has ${geometry.entries} entries, ${limits.tableEntries} are looked at as a whole at most`);
  }
  const table = new BlockAllocationTable(file.source, geometry, limits);
  const inFile = Math.floor(Math.max(0, file.source.size - geometry.tableOffset) / BAT_ENTRY_SIZE);
  const present = Math.min(inFile, geometry.entries);
  const entries = new Uint32Array(present);
  const good = new Uint32Array(present);
  const bad: BadEntry[] = [];
  const cut: number[] = [];
  const counts = { allocated: 0, bad: 0, cut: 0, unaligned: 0, good: 0 };
  let firstUnaligned: number | null = null;
  let dataEnd = Math.max(...geometry.metadata.map((region) => region.end));
  for (let block = 0; block < present; block++) {
    const entry = await table.entry(block);
    entries[block] = entry;
    if (entry === BAT_UNUSED) continue;
    counts.allocated++;
    const error = table.entryProblem(block, entry);
    if (error !== null) {
      counts.bad++;
      if (bad.length < EXAMPLES) bad.push({ block, error });
      continue;
    }
    good[counts.good++] = entry;
    const dataOffset = entry * SECTOR + geometry.bitmapBytes;
    const end = dataOffset + geometry.blockSize;
    dataEnd = Math.max(dataEnd, end);
    if (end > geometry.dataLimit) {
      counts.cut++;
      if (cut.length < EXAMPLES) cut.push(block);
    }
    if (dataOffset % PAGE !== 0) {
      counts.unaligned++;
      firstUnaligned ??= dataOffset;
    }
  }
  const sorted = good.subarray(0, counts.good).sort();
  const { strides, clashes } = neighbours(sorted, (geometry.bitmapBytes + geometry.blockSize) / SECTOR);
  return {
    blocks: geometry.entries,
    allocated: counts.allocated,
    bad,
    badEntries: counts.bad + (geometry.entries - present),
    overlaps: nameOverlaps(entries, clashes.slice(0, EXAMPLES)),
    overlapping: clashes.length,
    cut,
    cutBlocks: counts.cut,
    unaligned: counts.unaligned,
    firstUnaligned,
    strides,
    dataEnd,
    firstBlock: sorted.length === 0 ? null : (sorted[0] as number) * SECTOR,
    entries,
  };
}

/** Distances of entries in ascending order, and the pairs that are too close. */
function neighbours(sorted: Uint32Array, blockSectors: number) {
  const distances = new Map<number, number>();
  const clashes: (readonly [number, number])[] = [];
  for (let i = 1; i < sorted.length; i++) {
    const before = sorted[i - 1] as number;
    const entry = sorted[i] as number;
    const distance = entry - before;
    // The table of distances stays small: a shuffled disk has a few, and a hostile one is not worth more memory.
    if (distances.has(distance) || distances.size < 64) distances.set(distance, (distances.get(distance) ?? 0) + 1);
    if (distance < blockSectors) clashes.push([before, entry]);
  }
  const strides = [...distances].map(([sectors, count]) => ({ bytes: sectors * SECTOR, count })).sort((a, b) => b.count - a.count);
  return { strides: strides.slice(0, EXAMPLES), clashes };
}

/** The block numbers of pairs of entries. */
function nameOverlaps(entries: Uint32Array, pairs: readonly (readonly [number, number])[]): Overlap[] {
  return pairs.map(([before, entry]) => {
    const other = entries.indexOf(before);
    return { block: entries.indexOf(entry, before === entry ? other + 1 : 0), other, offset: entry * SECTOR };
  });
}

/** How far the disk could grow without moving data: BAT entries that fit before the next structure, times the block size. */
export function growableSize(sparse: SparseParts, survey: Survey): number {
  const { header } = sparse.placed;
  const { tableOffset, metadata, blockSize } = sparse.geometry;
  const end = metadata.find((region) => region.name === 'BAT')?.end ?? tableOffset;
  const starts = metadata.map((region) => region.start).filter((start) => start >= end);
  for (const entry of survey.entries) if (entry !== BAT_UNUSED && entry * SECTOR >= end) starts.push(entry * SECTOR);
  const next = starts.length === 0 ? end : starts.reduce((a, b) => Math.min(a, b));
  const entries = Math.max(header.maxTableEntries, Math.floor((next - tableOffset) / BAT_ENTRY_SIZE));
  return entries * blockSize;
}

/**
 * Where the content of a file ends: the last byte that a footer must not overwrite. For writers who place a footer.
 * @returns the byte offset, and whether every entry of the BAT is right; where one is not, the end is not certain
 * @throws TygrubError as `surveyBlocks`
 */
export async function contentEnd(file: VhdFile, limits: Limits): Promise<{ readonly end: number; readonly certain: boolean }> {
  if (file.sparse === null) return { end: file.size, certain: true };
  const survey = await surveyBlocks(file, file.sparse, limits);
  return { end: survey.dataEnd, certain: survey.badEntries === 0 && survey.overlapping === 0 };
}
