/**
 * `vhd repair` as data: which sectors are to be written, in which order, and why. Nothing here writes.
 *
 * Only footers are mended. The order is such that at each moment one good footer can be found: the footer at the end is
 * written while the copy at offset 0 (or the footer that was left behind) is untouched, the copy only after that.
 */
import { equalBytes } from '../../bytes/text.js';
import { isZero } from '../../bytes/uuid.js';
import { corrupt, type TygrubError, usageError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { equalBits, isPresent } from '../vhd/block-bitmap.js';
import { blockCount } from '../vhd/dynamic-header.js';
import type { FoundFooter } from '../vhd/find-footer.js';
import { isSparse } from '../vhd/footer-sector.js';
import { DiskType, FOOTER, type Footer, SECTOR } from '../vhd/layout.js';
import { type Survey, surveyBlocks } from '../vhd/survey.js';
import { fileBlocks, readVhdFile, type SparseParts, type VhdFile } from '../vhd/vhd-file.js';

/** One step of a repair. After each step the host flushes what it wrote. */
export type RepairStep =
  /** Puts bytes at an offset; they may reach past the end of a regular file. */
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array; readonly why: string }
  /** Gives a regular file another length. */
  | { readonly kind: 'truncate'; readonly size: number; readonly why: string };

/** What a repair would do. */
export interface RepairPlan {
  /** The disk, as its good footer describes it. */
  readonly file: VhdFile;
  /** Byte offset of the place where the footer belongs. */
  readonly footerOffset: number;
  /** The first byte after the content: no footer may stand before it. */
  readonly dataEnd: number;
  /** Empty when nothing is to be mended. */
  readonly steps: readonly RepairStep[];
}

/** What is to be mended, and on what. */
export interface RepairOptions {
  readonly limits: Limits;
  readonly path: string;
  /** The source cannot change its length: a block device, a logical volume. */
  readonly fixedLength: boolean;
  /** Bytes that the file or volume has or is to have (`--size`); null for its own length. */
  readonly size: number | null;
}

/**
 * Plans a repair; reads footers, header, BAT and a few bitmaps.
 * @throws TygrubError what reading the VHD throws; usage where the wish is impossible; corrupt where mending the footer
 * would not be safe, each with its reason
 */
export async function planRepair(source: ByteSource, options: RepairOptions): Promise<RepairPlan> {
  const { limits, path } = options;
  const file = await readVhdFile(source, { limits, path, force: false, scan: true });
  const content = await contentOf(file, limits);
  refuseContradictions(file, content);
  const footerOffset = footerPlace(file, content, options);
  const steps = await planSteps(file, footerOffset, options);
  if (steps.some((step) => step.kind === 'truncate' || step.offset !== 0)) await refuseUncertainEnd(file, content, footerOffset, limits);
  return { file, footerOffset, dataEnd: content.end, steps };
}

interface Content {
  readonly end: number;
  readonly survey: Survey | null;
}

async function contentOf(file: VhdFile, limits: Limits): Promise<Content> {
  if (file.sparse === null) return { end: file.size, survey: null };
  const survey = await surveyBlocks(file, file.sparse, limits);
  return { end: survey.dataEnd, survey };
}

function refuse(code: string, message: string, hint: string, offset?: number): TygrubError {
  return corrupt(`vhd.repair-${code}`, message, { hint, ...(offset === undefined ? {} : { offset }) });
}

/** Refuses where two footers, or footer and header, say things between which only a person can decide. */
function refuseContradictions(file: VhdFile, content: Content): void {
  const { found, footer, sparse } = file;
  const rival = rivalOf(found);
  if (rival !== null && rival.hidden !== footer.hidden) {
    throw refuse(
      'hidden',
      `one footer says that the disk is hidden (an inner node of a chain), the other that it is not; blktap may have changed either last`,
      'decide which is right, write it with `vhd-util set -n IMAGE -f hidden -v 0` (or 1), then repair',
      found.tail.offset,
    );
  }
  if (rival !== null && rival.diskType !== footer.diskType) {
    throw refuse(
      'type',
      'one footer says that the disk is differencing, the other that it is dynamic',
      'copy it with `tygrub vhd copy` where the reading is right',
    );
  }
  if (sparse !== null && sparse.geometry.entries < blockCount(file.size, sparse.geometry.blockSize)) {
    throw refuse(
      'size',
      `the footer gives the disk ${file.size} bytes, for which the BAT has too few entries: the footer or the header is not this disk's`,
      'copy what can be read with `tygrub vhd copy`',
    );
  }
  if (found.place === 'stranded' && sparse !== null && found.sector.offset < content.end) {
    throw refuse(
      'foreign',
      `the only footer lies inside the data (which end at byte ${content.end}): the guest may have written it`,
      'copy the disk again from where it came from',
      found.sector.offset,
    );
  }
  if (found.place === 'stranded' && sparse !== null && footer.diskType === DiskType.dynamic && namesParent(sparse)) {
    throw refuse('type', 'the footer says that the disk is dynamic, but its header names a parent', 'find out which of the two is right');
  }
}

/** The other valid footer of the same disk, where it differs from the one that is used. */
function rivalOf({ tail, copy, sector, footer }: FoundFooter): Footer | null {
  const other = sector.offset === copy.offset ? tail : copy;
  if (other.state !== 'valid' || other.footer === null || other.offset === sector.offset) return null;
  return equalBytes(other.footer.uniqueId, footer.uniqueId) && !equalBytes(other.bytes, sector.bytes) ? other.footer : null;
}

function namesParent(sparse: SparseParts): boolean {
  return sparse.parentName !== '' || !isZero(sparse.placed.header.parentUniqueId);
}

/** Where the footer belongs: the last sector of the file, the volume, or of what `--size` gives. */
function footerPlace(file: VhdFile, { end }: Content, options: RepairOptions): number {
  const needed = sectors(end) + FOOTER.size;
  const { size: length } = file.source;
  if (options.size !== null) {
    const { size } = options;
    if (size % SECTOR !== 0) throw usageError('vhd.repair-size', `--size ${size} is not a multiple of ${SECTOR}`);
    if (options.fixedLength && size > length)
      throw usageError('vhd.repair-size', `the volume has ${length} bytes, --size asks for ${size}`);
    if (size < needed) {
      throw usageError('vhd.repair-size', `--size ${size} is too small: with its footer the disk needs ${needed} bytes`);
    }
    return size - FOOTER.size;
  }
  const place = sectors(length) - FOOTER.size;
  if (place + FOOTER.size >= needed) return place;
  if (options.fixedLength) {
    throw refuse(
      'no-room',
      `the volume has ${length} bytes, but with its footer the disk needs ${needed}: its last sector holds data of the disk`,
      `make the volume larger, to at least ${needed} bytes`,
      place,
    );
  }
  return sectors(end);
}

function sectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR) * SECTOR;
}

async function planSteps(file: VhdFile, footerOffset: number, options: RepairOptions): Promise<RepairStep[]> {
  const { found, source } = file;
  const { sector, tail, copy } = found;
  const { bytes } = sector;
  const steps: RepairStep[] = [];
  const end = footerOffset + FOOTER.size;
  const standsThere = end <= source.size && equalBytes(await source.read(footerOffset, FOOTER.size), bytes);
  if (!standsThere) {
    const why =
      tail.length < FOOTER.size
        ? 'the footer gets its last byte'
        : `the footer${options.size === null ? ', which belongs in the last sector' : ''}, from ${sourceName(found)}`;
    steps.push({ kind: 'write', offset: footerOffset, bytes, why });
  }
  if (isSparse(file.footer) && !equalBytes(copy.bytes, bytes)) {
    steps.push({ kind: 'write', offset: 0, bytes, why: 'the copy of the footer' });
  }
  if (options.size !== null && source.size > end) {
    // The old last sector: another disk's footer there would be found first as long as the volume keeps its size.
    if (!options.fixedLength) steps.push({ kind: 'truncate', size: end, why: 'the file ends with the footer' });
    else if (tail !== sector && tail.state !== 'zero' && !(tail.state === 'valid' && equalBytes(tail.bytes, bytes))) {
      steps.push({
        kind: 'write',
        offset: tail.offset,
        bytes: new Uint8Array(tail.length),
        why: 'what an earlier disk left in the last sector',
      });
    }
  }
  return steps;
}

function sourceName({ place, sector }: FoundFooter): string {
  if (place === 'start') return 'its copy at byte 0';
  return `byte ${sector.offset}`;
}

/** A footer may be put somewhere else only when it is certain where the data end. */
async function refuseUncertainEnd(file: VhdFile, { end, survey }: Content, footerOffset: number, limits: Limits): Promise<void> {
  const { sparse } = file;
  if (sparse === null || survey === null) {
    if (file.dataLimit >= end) return;
    throw refuse(
      'cut',
      `the file has ${file.source.size} bytes, the disk in it ${end}: its end was cut off`,
      'copy the disk again from where it came from',
    );
  }
  if (survey.badEntries > 0 || survey.overlapping > 0) {
    const first = survey.bad[0]?.error.message;
    throw refuse(
      'bat',
      `the BAT is damaged${first === undefined ? '' : ` (${first})`}, so it is not certain where the data end, and a footer might overwrite some`,
      '`tygrub vhd check` lists what is wrong; copy what can be read with `tygrub vhd copy`',
      survey.bad[0]?.error.offset,
    );
  }
  if (survey.cutBlocks === 0) return;
  for (const block of survey.cut) await refuseLostSectors(file, sparse, block, limits);
  if (survey.cutBlocks > survey.cut.length || footerOffset < end) {
    throw refuse('cut', `the file ends inside ${survey.cutBlocks} blocks`, 'copy the disk again from where it came from');
  }
}

/** A block that the file ends in may be made whole with zeros only when no sector of it was lost. */
async function refuseLostSectors(file: VhdFile, sparse: SparseParts, index: number, limits: Limits): Promise<void> {
  const block = await fileBlocks(file, sparse, limits).block(index);
  if (block === null) return;
  const all = sparse.geometry.blockSize / SECTOR;
  for (let sector = Math.max(0, Math.floor(block.available / SECTOR)); sector < all; ) {
    if (block.bitmap === null || isPresent(block.bitmap, sector)) {
      throw refuse(
        'cut',
        `the end of block ${index} was cut off, and with it data of the disk`,
        'copy the disk again from where it came from; `tygrub vhd copy` saves what is there',
        block.dataOffset + sector * SECTOR,
      );
    }
    sector += equalBits(block.bitmap, sector, all);
  }
}
