/** One VHD file by itself: footer, header, locators, and the structures that its blocks must not touch. */
import { formatUuid, isZero } from '../../bytes/uuid.js';
import { corrupt, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { type Batmap, readBatmap, tableEnd } from './batmap.js';
import type { BatGeometry, Region } from './block-allocation-table.js';
import { FileBlockStore } from './block-store.js';
import { bitmapSectors, blockCount, type PlacedHeader } from './dynamic-header.js';
import { type FindFooterOptions, type FoundFooter, findFooter, shellWord } from './find-footer.js';
import {
  BAT_ENTRY_SIZE,
  DiskType,
  DYNAMIC_HEADER,
  FEATURE_RESERVED,
  FOOTER,
  type Footer,
  MAX_DISK_SIZE,
  OLD_FOOTER_SIZE,
  SECTOR,
} from './layout.js';
import { type ParentLocator, parentUnicodeName, readParentLocators } from './parent-locators.js';

/** The parts of a dynamic or differencing disk beside its footer. */
export interface SparseParts {
  readonly placed: PlacedHeader;
  readonly batmap: Batmap | null;
  readonly locators: readonly ParentLocator[];
  readonly parentName: string;
  readonly geometry: BatGeometry;
}

/** A VHD file, without its parents. */
export interface VhdFile {
  readonly layout: 'file';
  readonly source: ByteSource;
  /** For messages; empty where there is none. */
  readonly path: string;
  readonly found: FoundFooter;
  readonly footer: Footer;
  readonly uuid: string;
  /** Bytes of the virtual disk. */
  readonly size: number;
  /** Null for a fixed disk. */
  readonly sparse: SparseParts | null;
  /** Where no data can be any more: the footer where it stands after the data, else the end of the file. */
  readonly dataLimit: number;
  readonly warnings: readonly Warning[];
}

/**
 * Reads everything but the blocks: a few KiB.
 * @throws TygrubError corrupt, unsupported (encrypted disks, versions, types)
 */
export async function readVhdFile(source: ByteSource, options: FindFooterOptions): Promise<VhdFile> {
  const found = await findFooter(source, options);
  const { footer } = found;
  const warnings = [...found.warnings];
  const size = diskSize(footer, found, options, warnings);
  warnings.push(...oddities(found, options.path));
  const dataLimit = found.place === 'start' || (found.place === 'stranded' && found.header !== null) ? source.size : found.sector.offset;
  const sparse = found.header === null ? null : await readSparseParts(source, found.header, footer, size, dataLimit, options.limits);
  if (sparse !== null && sparse.geometry.entries < blockCount(size, sparse.geometry.blockSize)) {
    warnings.push({
      code: 'vhd.bat-small',
      message: `the BAT has ${sparse.geometry.entries} entries, the disk has ${blockCount(size, sparse.geometry.blockSize)} blocks; the last ones cannot be read`,
    });
  }
  const uuid = formatUuid(footer.uniqueId);
  const file: VhdFile = { layout: 'file', source, path: options.path, found, footer, uuid, size, sparse, dataLimit, warnings };
  if (sparse !== null && found.place === 'start') warnings.push(...(await lostBlocks(file, sparse, options.limits)));
  return file;
}

/** What a file lacks whose footer is not at its end: perhaps it was only copied in part. */
async function lostBlocks(file: VhdFile, sparse: SparseParts, limits: Limits): Promise<Warning[]> {
  if (sparse.geometry.entries > limits.tableEntries) return []; // too many to look at them all
  const { surveyBlocks } = await import('./survey.js');
  const { allocated, badEntries, cutBlocks } = await surveyBlocks(file, sparse, limits);
  const lost = badEntries + cutBlocks;
  if (lost === 0) return [];
  const message = `${lost} of ${allocated} allocated blocks lie wholly or in part past the end of the file: it was not copied whole`;
  return [{ code: 'vhd.truncated', message, hint: 'copy it again; a repair brings nothing of them back' }];
}

/** The blocks of a dynamic or differencing file. */
export function fileBlocks(file: VhdFile, sparse: SparseParts, limits: Limits): FileBlockStore {
  return new FileBlockStore(file.source, sparse.geometry, limits);
}

function diskSize(footer: Footer, found: FoundFooter, options: FindFooterOptions, warnings: Warning[]): number {
  const { currentSize } = footer;
  if (currentSize === null || (currentSize > MAX_DISK_SIZE && !options.force)) {
    throw corrupt('vhd.size', `the footer gives the disk ${currentSize ?? 'more than 2^53'} bytes; a VHD has at most ${MAX_DISK_SIZE}`, {
      offset: found.sector.offset,
      hint: currentSize === null ? 'the footer is damaged' : '--force reads it nevertheless',
    });
  }
  if (currentSize === 0) warnings.push({ code: 'vhd.size-zero', message: 'the disk has the size 0' });
  if (currentSize % SECTOR !== 0) {
    warnings.push({
      code: 'vhd.size-sectors',
      message: `the size of the disk (${currentSize}) is not a multiple of 512: the last bytes are left out`,
    });
  }
  return currentSize - (currentSize % SECTOR);
}

/** What is unusual about a footer that can be read all the same. */
function oddities({ footer, sector, header }: FoundFooter, path: string): Warning[] {
  const out: Warning[] = [];
  const { offset } = sector;
  const repair = `mend it with \`tygrub vhd repair ${shellWord(path)} --write\``;
  if (sector.state === 'bad-checksum')
    out.push({ code: 'vhd.footer-checksum', message: 'the footer has a wrong checksum and is used nevertheless', offset });
  if (header?.badChecksum === true) {
    out.push({
      code: 'vhd.header-checksum',
      message: 'the dynamic header has a wrong checksum and is used nevertheless',
      offset: header.offset,
    });
  }
  if (sector.length === OLD_FOOTER_SIZE) {
    out.push({
      code: 'vhd.footer-511',
      message: 'the footer has 511 bytes, as before Virtual PC 2004; tapdisk cannot use it',
      offset,
      hint: repair,
    });
  }
  if (isZero(footer.uniqueId)) out.push({ code: 'vhd.null-uuid', message: 'the UUID of the disk is all zeros', offset });
  if ((footer.features & FEATURE_RESERVED) === 0) {
    out.push({ code: 'vhd.features', message: 'the feature bit that every VHD has is not set', offset });
  }
  if (footer.savedState !== 0) {
    out.push({
      code: 'vhd.saved-state',
      message: 'a virtual machine was suspended on this disk: its filesystems may lack what it still had in memory',
      offset,
    });
  }
  return out;
}

async function readSparseParts(
  source: ByteSource,
  placed: PlacedHeader,
  footer: Footer,
  size: number,
  dataLimit: number,
  limits: Limits,
): Promise<SparseParts> {
  const { header } = placed;
  const batmap = await readBatmap(source, placed);
  const locators = isDifferencing(footer) ? await readParentLocators(source, placed, limits) : [];
  const entries = Math.min(blockCount(size, header.blockSize), header.maxTableEntries);
  const tableOffset = header.tableOffset ?? 0;
  // A number of entries that the file has no room for is wrong: then only those that the disk uses are the BAT.
  const tableClaimed = tableEnd(placed);
  const table = { start: tableOffset, end: tableClaimed <= source.size ? tableClaimed : tableOffset + entries * BAT_ENTRY_SIZE };
  const geometry: BatGeometry = {
    tableOffset,
    entries,
    bitmapBytes: bitmapSectors(header.blockSize) * SECTOR,
    blockSize: header.blockSize,
    dataLimit,
    metadata: metadataRegions(placed, table, batmap, locators),
  };
  return { placed, batmap, locators, parentName: parentUnicodeName(header), geometry };
}

/** The structures that no block may touch. */
function metadataRegions(
  placed: PlacedHeader,
  table: { readonly start: number; readonly end: number },
  batmap: Batmap | null,
  locators: readonly ParentLocator[],
): Region[] {
  const out: Region[] = [
    { name: 'copy of the footer', start: 0, end: FOOTER.size },
    { name: 'dynamic header', start: placed.offset, end: placed.offset + DYNAMIC_HEADER.size },
    { name: 'BAT', ...table },
  ];
  if (batmap !== null) {
    const { batmapOffset, batmapSize } = batmap.header;
    out.push({ name: 'batmap header', start: batmap.offset, end: batmap.offset + SECTOR });
    if (batmapOffset !== null) out.push({ name: 'batmap', start: batmapOffset, end: batmapOffset + batmapSize * SECTOR });
  }
  for (const { entry, problem, platform } of locators) {
    const start = entry.platformDataOffset;
    if (problem === null && start !== null && entry.platformDataLength > 0) {
      out.push({ name: `parent locator ${platform}`, start, end: start + Math.ceil(entry.platformDataLength / SECTOR) * SECTOR });
    }
  }
  return out;
}

/** Whether a disk has a parent. */
export function isDifferencing(footer: Footer): boolean {
  return footer.diskType === DiskType.differencing;
}
