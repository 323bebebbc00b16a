/** The two headers and the two region tables: which copy counts, and what it says. */
import { formatGuid } from '../../bytes/uuid.js';
import { corrupt, unsupported, type Warning } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import { checksumOf } from './checksum.js';
import {
  HEADER,
  HEADER_OFFSETS,
  MAX_TABLE_ENTRIES,
  REGION_TABLE_ENTRY,
  REGION_TABLE_HEADER,
  REGION_TABLE_OFFSETS,
  REGION_TABLE_SIZE,
  Region,
} from './layout.js';

export type Header = ReturnType<typeof HEADER.decode>;

/** A region of the file. */
export interface RegionPlace {
  readonly offset: number;
  readonly length: number;
}

/**
 * The current header: the valid one with the higher sequence number (2.2.2).
 * @throws TygrubError corrupt when neither copy is valid, unsupported for versions but 1
 */
export async function readHeader(source: ByteSource, warnings: Warning[]): Promise<Header> {
  const valid: Header[] = [];
  for (const offset of HEADER_OFFSETS) {
    if (offset + HEADER.size > source.size) continue;
    const bytes = await source.read(offset, HEADER.size);
    const header = HEADER.decode(bytes);
    if (header.signature === 'head' && header.checksum === checksumOf(bytes)) valid.push(header);
    else warnings.push({ code: 'vhdx.header-copy', message: 'one copy of the header is damaged', offset });
  }
  const current = valid.reduce<Header | null>(
    (best, header) => (best === null || isLater(header.sequenceNumber, best.sequenceNumber) ? header : best),
    null,
  );
  if (current === null) throw corrupt('vhdx.header', 'both copies of the header are damaged', { offset: HEADER_OFFSETS[0] });
  if (current.version !== 1) throw unsupported('vhdx.version', `version ${current.version} is not read`, { offset: HEADER_OFFSETS[0] });
  return current;
}

/** Whether a sequence number of 64 bits is higher than another. */
export function isLater(a: { high: number; low: number }, b: { high: number; low: number }): boolean {
  return a.high !== b.high ? a.high > b.high : a.low > b.low;
}

/**
 * The places of BAT and metadata, from the first valid region table (2.2.3).
 * @throws TygrubError corrupt when there is none or a region is missing or outside the file, unsupported for unknown
 * regions that a reader must know
 */
export async function readRegions(source: ByteSource): Promise<{ bat: RegionPlace; metadata: RegionPlace }> {
  for (const offset of REGION_TABLE_OFFSETS) {
    if (offset + REGION_TABLE_SIZE > source.size) continue;
    const bytes = await source.read(offset, REGION_TABLE_SIZE);
    const header = REGION_TABLE_HEADER.decode(bytes);
    if (header.signature !== 'regi' || header.checksum !== checksumOf(bytes) || header.entryCount > MAX_TABLE_ENTRIES) continue;
    const places = new Map<string, RegionPlace>();
    for (let i = 0; i < header.entryCount; i++) {
      const at = REGION_TABLE_HEADER.size + i * REGION_TABLE_ENTRY.size;
      const entry = REGION_TABLE_ENTRY.decode(bytes, at);
      const guid = formatGuid(entry.guid);
      const known = guid === Region.bat || guid === Region.metadata;
      if (!known && (entry.required & 1) === 1)
        throw unsupported('vhdx.region', `the file needs an unknown region ${guid}`, { offset: offset + at });
      if (!known) continue;
      if (entry.fileOffset + entry.length > source.size) {
        throw corrupt('vhdx.region-outside', 'a region ends past the end of the file', {
          offset: offset + at,
          hint: 'the file was cut off while it was copied',
        });
      }
      places.set(guid, { offset: entry.fileOffset, length: entry.length });
    }
    const [bat, metadata] = [places.get(Region.bat), places.get(Region.metadata)];
    if (bat === undefined || metadata === undefined)
      throw corrupt('vhdx.region-missing', 'the region table lacks BAT or metadata', { offset });
    return { bat, metadata };
  }
  throw corrupt('vhdx.region-table', 'both region tables are damaged', { offset: REGION_TABLE_OFFSETS[0] });
}
