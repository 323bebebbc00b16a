/** `vhd check`: the footer, its place and its copy, and the dynamic header. */
import { isZero } from '../../bytes/uuid.js';
import type { Findings } from './findings.js';
import { isSparse } from './footer-sector.js';
import { geometryNumber, geometryOf } from './geometry.js';
import {
  DiskType,
  type DynamicHeader,
  FEATURE_RESERVED,
  FEATURE_TEMPORARY,
  FOOTER,
  FORMAT_VERSION,
  type Footer,
  OLD_FOOTER_SIZE,
  SECTOR,
} from './layout.js';
import type { VhdFile } from './vhd-file.js';
import { XEN_BLOCK_SIZE } from './xen-layout.js';

/** vhd-util allows clocks of two hosts to differ by this many seconds. */
const CLOCK_SKEW = 1800;
/** The latest version that blktap writes: 1.3. */
const LATEST_TAP = 0x0001_0003;

/** Whether a VHD time lies in the future. @param now seconds since VHD's epoch */
export function isFuture(timestamp: number, now: number): boolean {
  return timestamp > now + CLOCK_SKEW;
}

/** Where the footer stands, and its copy. */
export function checkFooterPlace(file: VhdFile, findings: Findings): void {
  for (const warning of file.found.warnings) {
    const code = PLACES.get(warning.code);
    if (code !== undefined) findings.add(code, warning.message, warning.offset ?? null);
  }
  if (file.found.sector.length === OLD_FOOTER_SIZE) findings.add('footer.short', 'the footer has 511 bytes', file.found.sector.offset);
  const rest = file.source.size % SECTOR;
  if (rest !== 0 && rest !== OLD_FOOTER_SIZE) {
    findings.add('file.size', `the file has ${file.source.size} bytes, which is not a multiple of 512`);
  }
}

const PLACES: ReadonlyMap<string, 'footer.place' | 'footer.copy' | 'file.truncated'> = new Map([
  ['vhd.tail-stale', 'footer.place'],
  ['vhd.tail-killed', 'footer.place'],
  ['vhd.tail-missing', 'footer.place'],
  ['vhd.footer-stranded', 'footer.place'],
  ['vhd.copy-foreign', 'footer.copy'],
  ['vhd.footers-differ', 'footer.copy'],
  ['vhd.no-copy', 'footer.copy'],
  ['vhd.truncated', 'file.truncated'],
]);

/** The fields of the footer. @param now seconds since VHD's epoch */
export function checkFooter(footer: Footer, at: number, now: number, findings: Findings): void {
  if ((footer.features & FEATURE_RESERVED) === 0) findings.add('footer.features', 'the feature bit that every VHD has is not set', at);
  const odd = (footer.features & ~(FEATURE_RESERVED | FEATURE_TEMPORARY)) >>> 0;
  if (odd !== 0) findings.add('footer.features', `unknown feature bits are set: 0x${odd.toString(16)}`, at);
  if (footer.fileFormatVersion !== FORMAT_VERSION) {
    findings.add('footer.version', `the format version is 0x${footer.fileFormatVersion.toString(16)}, not 0x10000`, at, 'warning');
  }
  // The specification's 0xFFFFFFFF is read as all ones by every tool.
  if (!isSparse(footer) && footer.dataOffset !== null && footer.dataOffset !== 0xffff_ffff) {
    findings.add('footer.data-offset', `a fixed disk has no header, but its footer puts one at byte ${footer.dataOffset}`, at);
  }
  if (isFuture(footer.timestamp, now)) findings.add('footer.timestamp', 'the disk was created in the future', at);
  if (footer.creatorApplication === 'tap\0' && footer.creatorVersion > LATEST_TAP) {
    findings.add('footer.creator', `blktap ${footer.creatorVersion >>> 16}.${footer.creatorVersion & 0xffff} wrote the disk`, at);
  }
  checkSizes(footer, at, findings);
  if (footer.savedState === 1) findings.add('footer.saved-state', 'a virtual machine was suspended on the disk', at);
  else if (footer.savedState !== 0) findings.add('footer.reserved', `the saved state is ${footer.savedState}, not 0 or 1`, at);
  if (footer.hidden > 1) findings.add('footer.hidden', `the hidden flag is ${footer.hidden}, not 0 or 1`, at);
  if (!isZero(footer.reserved)) findings.add('footer.reserved', 'reserved bytes of the footer are not zero', at);
  if (isZero(footer.uniqueId)) findings.add('footer.uuid', 'the UUID is all zeros', at);
}

function checkSizes(footer: Footer, at: number, findings: Findings): void {
  const { currentSize, originalSize } = footer;
  if (currentSize === null || currentSize === 0 || currentSize % SECTOR !== 0) {
    findings.add('footer.size', `the size of the disk is ${currentSize ?? 'impossible'}, not a multiple of 512 above 0`, at);
    return;
  }
  if (originalSize === null || originalSize > currentSize) {
    findings.add(
      'footer.original-size',
      `the original size (${originalSize ?? 'impossible'}) is larger than the current one (${currentSize})`,
      at,
    );
  }
  const expected = geometryOf(currentSize);
  if (geometryNumber(footer) > geometryNumber(expected)) {
    const text = (g: typeof expected) => `${g.cylinders}/${g.heads}/${g.sectorsPerTrack}`;
    findings.add('footer.geometry', `the geometry ${text(footer)} is larger than the disk's (${text(expected)})`, at);
  }
}

/** The fields of the dynamic header. @param at byte offset of the header; null in a folder */
export function checkHeader(footer: Footer, header: DynamicHeader, at: number | null, findings: Findings): void {
  if (at !== null && at !== FOOTER.size) findings.add('header.place', `the dynamic header stands at byte ${at}`, at);
  if (header.headerVersion !== FORMAT_VERSION) {
    findings.add('header.version', `the header's version is 0x${header.headerVersion.toString(16)}, not 0x10000`, at, 'warning');
  }
  if (header.dataOffset !== null) findings.add('header.data-offset', `the header names a further header at byte ${header.dataOffset}`, at);
  if (header.blockSize !== XEN_BLOCK_SIZE) findings.add('header.block-size', `the blocks have ${header.blockSize} bytes, not 2 MiB`, at);
  if (header.reserved1 !== 0 || !isZero(header.reserved2)) findings.add('header.reserved', 'reserved bytes of the header are not zero', at);
  if (footer.diskType === DiskType.dynamic) {
    const named = !isZero(header.parentUniqueId) || !isZero(header.parentUnicodeName) || !isZero(header.parentLocatorEntries);
    if (named || header.parentTimestamp !== 0) {
      findings.add('header.parent-fields', 'the disk is dynamic, but its header says something of a parent', at);
    }
  }
}
