/** `vhd check`: BAT, blocks, bitmaps and batmap of a file. */
import { isZero } from '../../bytes/uuid.js';
import type { Limits } from '../../limits.js';
import { keyHash, tableEnd } from './batmap.js';
import { equalBits, isPresent } from './block-bitmap.js';
import { byteSum } from './checksum.js';
import { blockCount } from './dynamic-header.js';
import type { FindingCode, Findings } from './findings.js';
import { BAT_ENTRY_SIZE, BAT_UNUSED, BATMAP_VERSION, BATMAP_VERSION_SIGNED, SECTOR } from './layout.js';
import { growableSize, type Survey, surveyBlocks } from './survey.js';
import type { SparseParts, VhdFile } from './vhd-file.js';
import { XEN_BAT_ENTRIES, XEN_BLOCK_SIZE } from './xen-layout.js';

/** How blocks are checked. */
export interface BlockCheckOptions {
  readonly limits: Limits;
  /** The file is, or stands for, a logical volume. */
  readonly volume: boolean;
  /** Also read all bitmaps, and the data under their clear bits. */
  readonly data: boolean;
}

/** Checks everything that the BAT leads to. @returns the BAT as a whole */
export async function checkBlocks(file: VhdFile, sparse: SparseParts, options: BlockCheckOptions, findings: Findings): Promise<Survey> {
  const survey = await surveyBlocks(file, sparse, options.limits);
  checkTable(file, sparse, survey, findings);
  await checkCutBlocks(file, sparse, survey, findings);
  if (survey.unaligned > 0) {
    findings.add(
      'block.align',
      `the data of ${survey.unaligned} of ${survey.allocated} blocks do not start at a multiple of 4096, the first at byte ${survey.firstUnaligned}`,
      survey.firstUnaligned,
    );
  }
  checkReserve(sparse, survey, options.volume, findings);
  await checkBatmap(file, sparse, survey, findings);
  if (options.data) await checkHiddenData(file, sparse, survey, findings);
  return survey;
}

const ENTRY_CODES: ReadonlyMap<string, FindingCode> = new Map([
  ['vhd.block-in-metadata', 'bat.metadata'],
  ['vhd.block-past-end', 'bat.past-end'],
]);

function checkTable(file: VhdFile, { geometry, placed }: SparseParts, survey: Survey, findings: Findings): void {
  const needed = blockCount(file.size, geometry.blockSize);
  if (geometry.entries < needed) {
    findings.add('bat.entries', `the BAT has ${placed.header.maxTableEntries} entries, the disk has ${needed} blocks`, placed.offset);
  }
  const claimed = tableEnd(placed);
  if (claimed > file.source.size) {
    const message = `the header gives the BAT ${placed.header.maxTableEntries} entries, so that it ends at byte ${claimed}, after the file`;
    findings.add('header.table-offset', message, placed.offset);
  }
  const end = geometry.tableOffset + geometry.entries * BAT_ENTRY_SIZE;
  if (end > geometry.dataLimit) {
    findings.add(
      'bat.truncated',
      `the BAT ends at byte ${end}, after the end of the file's content (${geometry.dataLimit})`,
      geometry.tableOffset,
    );
  }
  for (const [errorCode, code] of ENTRY_CODES) {
    const bad = survey.bad.filter(({ error }) => error.code === errorCode);
    for (const { error } of bad) findings.add(code, error.message, error.offset ?? null);
  }
  if (survey.badEntries > survey.bad.length) {
    findings.add(
      'bat.past-end',
      `${survey.badEntries - survey.bad.length} further blocks cannot be where the BAT says`,
      geometry.tableOffset,
    );
  }
  for (const { block, other, offset } of survey.overlaps) {
    findings.add('bat.overlap', `the blocks ${other} and ${block} share bytes of the file`, offset);
  }
  if (survey.overlapping > survey.overlaps.length) {
    findings.add('bat.overlap', `${survey.overlapping - survey.overlaps.length} further pairs of blocks share bytes`, null);
  }
}

/** A block at the end of a file that was cut: does it lose sectors that were written? */
async function checkCutBlocks(file: VhdFile, { geometry }: SparseParts, survey: Survey, findings: Findings): Promise<void> {
  for (const block of survey.cut) {
    const start = (survey.entries[block] as number) * SECTOR;
    const bitmap = await file.source.read(start, geometry.bitmapBytes);
    const here = Math.max(0, Math.floor((geometry.dataLimit - start - geometry.bitmapBytes) / SECTOR));
    const lost = countBits(bitmap, here, geometry.blockSize / SECTOR);
    const what = `block ${block} (at byte ${start}) ends after the end of the data (${geometry.dataLimit})`;
    if (lost > 0) findings.add('block.truncated', `${what}: ${lost} written sectors are lost`, start);
    else findings.add('block.truncated-unused', `${what}, but the sectors that are missing were never written`, start);
  }
}

function countBits(bitmap: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let sector = from; sector < to; ) {
    const run = equalBits(bitmap, sector, to);
    if (isPresent(bitmap, sector)) count += run;
    sector += run;
  }
  return count;
}

function checkReserve(sparse: SparseParts, survey: Survey, volume: boolean, findings: Findings): void {
  const { header, offset } = sparse.placed;
  if (header.maxTableEntries * sparse.geometry.blockSize >= XEN_BAT_ENTRIES * XEN_BLOCK_SIZE) return;
  const growable = growableSize(sparse, survey);
  const room = `the BAT has ${header.maxTableEntries} ${header.maxTableEntries === 1 ? 'entry' : 'entries'}; without moving data the disk can grow to ${growable} bytes`;
  findings.add('bat.reserve', room, offset, volume ? 'warning' : 'note');
}

async function checkBatmap(file: VhdFile, sparse: SparseParts, survey: Survey, findings: Findings): Promise<void> {
  const { batmap } = sparse;
  if (batmap === null) {
    const { creatorApplication, creatorVersion } = file.footer;
    if (creatorApplication === 'tap\0' && creatorVersion >= BATMAP_VERSION) {
      findings.add('batmap.missing', 'blktap wrote the disk, but there is no batmap after the BAT');
    }
    return;
  }
  const { header, offset } = batmap;
  const hash = keyHash(batmap);
  if (hash !== null) findings.add('disk.encrypted', `the disk is encrypted; the hash of its key is ${hash}`, offset);
  const signed = header.batmapVersion === BATMAP_VERSION_SIGNED;
  if (header.batmapVersion !== BATMAP_VERSION && !signed) {
    findings.add('batmap.version', `the batmap has the version 0x${header.batmapVersion.toString(16)}`, offset);
  }
  const start = header.batmapOffset;
  const size = header.batmapSize * SECTOR;
  const covers = Math.ceil(survey.blocks / 8);
  if (start === null || start % SECTOR !== 0 || size < Math.max(1, covers) || start + size > file.source.size) {
    findings.add(
      'batmap.range',
      `the batmap should be ${size} bytes at byte ${start ?? 'none'}; it must cover ${survey.blocks} blocks`,
      offset,
    );
    return;
  }
  // blktap sums whole sectors of the map, for as many bytes as the disk has full groups of eight blocks of 2 MiB.
  const groups = Math.floor(file.size / (8 * XEN_BLOCK_SIZE));
  const summed = Math.min(size, SECTOR * Math.max(1, Math.ceil(groups / SECTOR)));
  const map = await file.source.read(start, Math.max(summed, covers));
  const sum = signed ? signedSum(map.subarray(0, summed)) : byteSum(map.subarray(0, summed));
  if (~sum >>> 0 !== header.checksum) findings.add('batmap.checksum', 'the checksum of the batmap is wrong', offset);
  let wrong = 0;
  let first = -1;
  for (let block = 0; block < survey.entries.length; block++) {
    if (survey.entries[block] !== BAT_UNUSED || !isPresent(map, block)) continue;
    if (wrong === 0) first = block;
    wrong++;
  }
  if (wrong > 0)
    findings.add('batmap.block', `the batmap says that ${wrong} blocks without data are written, the first is block ${first}`, start);
}

function signedSum(data: Uint8Array): number {
  let sum = 0;
  for (const byte of data) sum = (sum + (byte < 0x80 ? byte : byte - 0x100)) | 0;
  return sum;
}

/** Data under clear bits: zeros to a right reader, another tenant's data to a wrong one. */
async function checkHiddenData(file: VhdFile, { geometry }: SparseParts, survey: Survey, findings: Findings): Promise<void> {
  const { bitmapBytes, blockSize, dataLimit, metadata } = geometry;
  let blocks = 0;
  let sectors = 0;
  let first: number | null = null;
  for (const entry of survey.entries) {
    if (entry === BAT_UNUSED) continue;
    const start = entry * SECTOR;
    const end = start + bitmapBytes + blockSize;
    if (start + bitmapBytes > dataLimit || metadata.some((region) => start < region.end && end > region.start)) continue;
    const bitmap = (await file.source.read(start, bitmapBytes)).slice();
    const here = Math.min(blockSize / SECTOR, Math.floor((dataLimit - start - bitmapBytes) / SECTOR));
    let inBlock = 0;
    for (let sector = 0; sector < here; ) {
      const run = equalBits(bitmap, sector, here);
      if (!isPresent(bitmap, sector)) {
        const at = start + bitmapBytes + sector * SECTOR;
        const hidden = await nonZeroSectors(file, at, run);
        if (hidden > 0) first ??= at;
        inBlock += hidden;
      }
      sector += run;
    }
    if (inBlock > 0) blocks++;
    sectors += inBlock;
  }
  if (sectors > 0) {
    findings.add(
      'block.hidden-data',
      `${sectors} sectors in ${blocks} blocks hold data although their bits say that they are not written`,
      first,
    );
  }
}

/** Bytes read at a time while looking for data. */
const CHUNK = 256 * 1024;

async function nonZeroSectors(file: VhdFile, offset: number, sectors: number): Promise<number> {
  let count = 0;
  const end = offset + sectors * SECTOR;
  for (let at = offset; at < end; at += CHUNK) {
    const data = await file.source.read(at, Math.min(CHUNK, end - at));
    for (let i = 0; i < data.length; i += SECTOR) if (!isZero(data.subarray(i, i + SECTOR))) count++;
  }
  return count;
}
