/** Makes VHDs of every shape in memory, right ones and (by overriding fields) wrong ones. */
import { structureChecksum } from '../../../src/disk/vhd/checksum.js';
import { geometryOf } from '../../../src/disk/vhd/geometry.js';
import { DYNAMIC_HEADER, type DynamicHeader, FOOTER, type Footer, PARENT_LOCATOR } from '../../../src/disk/vhd/layout.js';

/** A block: its data, and which of its sectors are marked as present (all when left out). */
export interface BlockPlan {
  readonly data: Uint8Array;
  readonly present?: (sector: number) => boolean;
}

export interface VhdPlan {
  readonly type: 2 | 3 | 4;
  readonly size: number;
  /** One character that fills the UUID; '\0' for none. */
  readonly id: string;
  readonly blockSize?: number;
  /** Blocks by their index; in the file they stand in the order of the map. */
  readonly blocks?: ReadonlyMap<number, BlockPlan>;
  /** Data of a fixed disk. */
  readonly data?: Uint8Array;
  readonly parent?: {
    readonly id: string;
    readonly name?: string;
    readonly locators?: readonly (readonly [platform: string, text: string])[];
  };
  readonly headerOffset?: number;
  readonly tableOffset?: number;
  readonly maxTableEntries?: number;
  readonly footer?: Partial<Footer>;
  readonly header?: Partial<DynamicHeader>;
  /** BAT entries that replace the right ones. */
  readonly entries?: ReadonlyMap<number, number>;
}

/** Where things stand in an image that was made. */
export interface MadeVhd {
  readonly bytes: Uint8Array;
  readonly footerOffset: number;
  readonly headerOffset: number;
  readonly tableOffset: number;
  /** Byte offsets of the blocks' bitmaps. */
  readonly blockOffsets: ReadonlyMap<number, number>;
}

const ONES = 0xffff_ffff;
const pad = (bytes: number) => Math.ceil(bytes / 512) * 512;

export function uuidOf(id: string): Uint8Array {
  return new Uint8Array(16).fill(id.charCodeAt(0));
}

/** UTF-16 of either byte order. */
export function utf16(text: string, order: 'little' | 'big'): Uint8Array {
  const out = new Uint8Array(text.length * 2);
  const view = new DataView(out.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), order === 'little');
  return out;
}

/** A footer as 512 bytes; a `checksum` among the fields is kept, else it is right. */
export function makeFooter(plan: VhdPlan): Uint8Array {
  const bytes = new Uint8Array(FOOTER.size);
  const { cylinders, heads, sectorsPerTrack } = geometryOf(plan.size);
  FOOTER.encode(bytes, {
    cookie: 'conectix',
    features: 2,
    fileFormatVersion: 0x10000,
    dataOffset: plan.type === 2 ? null : (plan.headerOffset ?? 512),
    timestamp: 300_000_000,
    creatorApplication: 'win ',
    creatorVersion: 0xa0000,
    creatorHostOs: 'Wi2k',
    originalSize: plan.size,
    currentSize: plan.size,
    cylinders,
    heads,
    sectorsPerTrack,
    diskType: plan.type,
    uniqueId: uuidOf(plan.id),
    ...plan.footer,
  });
  if (plan.footer?.checksum === undefined) FOOTER.encode(bytes, { checksum: structureChecksum(FOOTER, bytes) });
  return bytes;
}

export function makeVhd(plan: VhdPlan): MadeVhd {
  const footer = makeFooter(plan);
  const headerOffset = plan.headerOffset ?? 512;
  const tableOffset = plan.tableOffset ?? headerOffset + DYNAMIC_HEADER.size;
  if (plan.type === 2) {
    const bytes = new Uint8Array(plan.size + FOOTER.size);
    bytes.set(plan.data ?? new Uint8Array(0));
    bytes.set(footer, plan.size);
    return { bytes, footerOffset: plan.size, headerOffset, tableOffset, blockOffsets: new Map() };
  }
  const blockSize = plan.blockSize ?? 4096;
  const entries = plan.maxTableEntries ?? Math.ceil(plan.size / blockSize);
  const pieces: [number, Uint8Array][] = [[0, footer]];
  const table = new Uint8Array(pad(entries * 4)).fill(0xff);
  const tableView = new DataView(table.buffer);
  let at = Math.max(tableOffset + table.length, headerOffset + DYNAMIC_HEADER.size);

  const locators = new Uint8Array(192);
  (plan.parent?.locators ?? []).forEach(([platform, text], index) => {
    const payload = platform.startsWith('W2') ? utf16(text, 'little') : new TextEncoder().encode(text);
    PARENT_LOCATOR.encode(
      locators,
      { platformCode: platform, platformDataSpace: 512, platformDataLength: payload.length, platformDataOffset: at },
      index * PARENT_LOCATOR.size,
    );
    pieces.push([at, payload]);
    at += pad(payload.length);
  });

  const bitmapBytes = Math.max(512, pad(blockSize / 512 / 8));
  const blockOffsets = new Map<number, number>();
  for (const [index, block] of plan.blocks ?? []) {
    const bitmap = new Uint8Array(bitmapBytes);
    for (let sector = 0; sector < blockSize / 512; sector++) {
      if (block.present?.(sector) ?? true) bitmap[sector >> 3] = (bitmap[sector >> 3] ?? 0) | (0x80 >> (sector & 7));
    }
    tableView.setUint32(index * 4, at / 512);
    blockOffsets.set(index, at);
    pieces.push([at, bitmap], [at + bitmapBytes, block.data.subarray(0, blockSize)]);
    at += bitmapBytes + blockSize;
  }
  for (const [index, entry] of plan.entries ?? []) tableView.setUint32(index * 4, entry);
  pieces.push([tableOffset, table]);

  const header = new Uint8Array(DYNAMIC_HEADER.size);
  DYNAMIC_HEADER.encode(header, {
    cookie: 'cxsparse',
    dataOffset: null,
    tableOffset,
    headerVersion: 0x10000,
    maxTableEntries: entries,
    blockSize,
    parentUniqueId: plan.parent === undefined ? new Uint8Array(16) : uuidOf(plan.parent.id),
    parentUnicodeName: utf16(plan.parent?.name ?? '', 'big'),
    parentLocatorEntries: locators,
    ...plan.header,
  });
  if (plan.header?.checksum === undefined) DYNAMIC_HEADER.encode(header, { checksum: structureChecksum(DYNAMIC_HEADER, header) });
  pieces.push([headerOffset, header]);

  const bytes = new Uint8Array(at + FOOTER.size);
  for (const [offset, piece] of pieces) bytes.set(piece, offset);
  bytes.set(footer, at);
  return { bytes, footerOffset: at, headerOffset, tableOffset, blockOffsets };
}

/** An entry that means "not allocated". */
export const UNUSED = ONES;

/** Bytes that tell their own place: no two sectors of a disk are equal. */
export function pattern(length: number, salt = 0): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = (Math.floor(i / 512) * 7 + i + salt * 31 + 1) & 0xff;
  return out;
}
