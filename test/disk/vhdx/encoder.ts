/** Makes small VHDX files in memory: dynamic and differencing, with either sector size. */
import { checksumOf } from '../../../src/disk/vhdx/checksum.js';
import {
  BAT_ENTRY,
  BlockState,
  FILE_PARAMETERS,
  FILE_SIGNATURE,
  FILE_TYPE_IDENTIFIER,
  HAS_PARENT,
  HEADER,
  HEADER_OFFSETS,
  LOGICAL_SECTOR_SIZE,
  METADATA_TABLE_ENTRY,
  METADATA_TABLE_HEADER,
  Metadata,
  MiB,
  PARENT_LOCATOR_ENTRY,
  PARENT_LOCATOR_HEADER,
  REGION_TABLE_ENTRY,
  REGION_TABLE_HEADER,
  REGION_TABLE_OFFSETS,
  REGION_TABLE_SIZE,
  Region,
  SECTORS_PER_CHUNK,
  VHDX_PARENT_LOCATOR,
  VIRTUAL_DISK_SIZE,
} from '../../../src/disk/vhdx/layout.js';
import { utf16 } from '../vhd/encoder.js';

export interface VhdxBlock {
  readonly state: (typeof BlockState)[keyof typeof BlockState];
  readonly data?: Uint8Array;
  /** For partly present blocks. */
  readonly present?: (sector: number) => boolean;
}

export interface VhdxPlan {
  readonly size: number;
  readonly blockSize?: number;
  readonly sectorSize?: 512 | 4096;
  /** Fills the data write GUID. */
  readonly id: number;
  readonly blocks?: ReadonlyMap<number, VhdxBlock>;
  /** Keys and values of the parent locator. */
  readonly parent?: Readonly<Record<string, string>>;
}

export const guidOf = (id: number): Uint8Array => new Uint8Array(16).fill(id);
export const guidText = (id: number): string => {
  const hex = id.toString(16).padStart(2, '0');
  return `{${[4, 2, 2, 2, 6].map((length) => hex.repeat(length)).join('-')}}`;
};

/** A GUID's text as its bytes: the first three parts are little-endian. */
function guidBytes(text: string): Uint8Array {
  const raw = Uint8Array.from(text.replaceAll('-', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return Uint8Array.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15], (at) => raw[at] ?? 0);
}

const METADATA_AT = 2 * MiB;
const BAT_AT = 3 * MiB;
/** Items stand after the 64 KiB of the metadata table. */
const ITEMS_AT = 64 * 1024;

export function makeVhdx(plan: VhdxPlan): Uint8Array {
  const blockSize = plan.blockSize ?? MiB;
  const sectorSize = plan.sectorSize ?? 512;
  const pieces: [number, Uint8Array][] = [];
  let end = 4 * MiB;
  const put = (bytes: Uint8Array): number => {
    const at = end;
    pieces.push([at, bytes]);
    end += Math.ceil(bytes.length / MiB) * MiB;
    return at;
  };

  const table = new Uint8Array(MiB);
  const ratio = (SECTORS_PER_CHUNK * sectorSize) / blockSize;
  const bitmaps = new Map<number, Uint8Array>();
  const setEntry = (index: number, state: number, at: number): void =>
    BAT_ENTRY.encode(table, { entry: { high: Math.floor(at / 2 ** 32), low: (at % 2 ** 32) + state } }, index * BAT_ENTRY.size);
  for (const [block, { state, data, present }] of plan.blocks ?? []) {
    const chunk = Math.floor(block / ratio);
    if (present !== undefined) {
      const bitmap = bitmaps.get(chunk) ?? new Uint8Array(MiB);
      bitmaps.set(chunk, bitmap);
      const first = ((block % ratio) * blockSize) / sectorSize;
      for (let sector = 0; sector < blockSize / sectorSize; sector++) {
        const bit = first + sector;
        if (present(sector)) bitmap[bit >> 3] = (bitmap[bit >> 3] ?? 0) | (1 << (bit & 7));
      }
    }
    const whole = new Uint8Array(blockSize);
    whole.set(data ?? new Uint8Array(0));
    setEntry(block + chunk, state, data === undefined ? 0 : put(whole));
  }
  for (const [chunk, bitmap] of bitmaps) setEntry((chunk + 1) * ratio + chunk, BlockState.present, put(bitmap));
  pieces.push([BAT_AT, table], [METADATA_AT, metadata(plan, blockSize, sectorSize)]);

  const out = new Uint8Array(end);
  for (const [at, bytes] of pieces) out.set(bytes, at);
  FILE_TYPE_IDENTIFIER.encode(out, { signature: FILE_SIGNATURE });
  for (const [index, at] of HEADER_OFFSETS.entries()) {
    HEADER.encode(
      out,
      {
        signature: 'head',
        sequenceNumber: { high: 0, low: index + 1 },
        dataWriteGuid: guidOf(plan.id),
        version: 1,
        logLength: MiB,
        logOffset: MiB,
      },
      at,
    );
  }
  for (const at of REGION_TABLE_OFFSETS) {
    REGION_TABLE_HEADER.encode(out, { signature: 'regi', entryCount: 2 }, at);
    const first = at + REGION_TABLE_HEADER.size;
    REGION_TABLE_ENTRY.encode(out, { guid: guidBytes(Region.bat), fileOffset: BAT_AT, length: MiB, required: 1 }, first);
    const second = first + REGION_TABLE_ENTRY.size;
    REGION_TABLE_ENTRY.encode(out, { guid: guidBytes(Region.metadata), fileOffset: METADATA_AT, length: MiB, required: 1 }, second);
  }
  stamp(out);
  return out;
}

/** Makes the checksums of headers and region tables right. */
export function stamp(file: Uint8Array): void {
  const structures = [
    ...HEADER_OFFSETS.map((at) => [at, HEADER.size] as const),
    ...REGION_TABLE_OFFSETS.map((at) => [at, REGION_TABLE_SIZE] as const),
  ];
  for (const [at, size] of structures)
    new DataView(file.buffer, file.byteOffset).setUint32(at + 4, checksumOf(file.subarray(at, at + size)), true);
}

function metadata(plan: VhdxPlan, blockSize: number, sectorSize: number): Uint8Array {
  const out = new Uint8Array(MiB);
  const items: [string, Uint8Array][] = [];
  const item = <T>(
    id: string,
    structure: { size: number; encode(bytes: Uint8Array, values: Partial<T>): void },
    values: Partial<T>,
  ): void => {
    const bytes = new Uint8Array(structure.size);
    structure.encode(bytes, values);
    items.push([id, bytes]);
  };
  item(Metadata.fileParameters, FILE_PARAMETERS, { blockSize, flags: plan.parent === undefined ? 0 : HAS_PARENT });
  item(Metadata.virtualDiskSize, VIRTUAL_DISK_SIZE, { virtualDiskSize: plan.size });
  item(Metadata.logicalSectorSize, LOGICAL_SECTOR_SIZE, { logicalSectorSize: sectorSize });
  if (plan.parent !== undefined) items.push([Metadata.parentLocator, parentLocator(plan.parent)]);
  METADATA_TABLE_HEADER.encode(out, { signature: 'metadata', entryCount: items.length });
  let at = ITEMS_AT;
  for (const [index, [id, bytes]] of items.entries()) {
    const entry = { itemId: guidBytes(id), offset: at, length: bytes.length, flags: 4 };
    METADATA_TABLE_ENTRY.encode(out, entry, METADATA_TABLE_HEADER.size + index * METADATA_TABLE_ENTRY.size);
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

function parentLocator(values: Readonly<Record<string, string>>): Uint8Array {
  const rows = Object.entries(values).map(([key, value]) => [utf16(key, 'little'), utf16(value, 'little')] as const);
  let at = PARENT_LOCATOR_HEADER.size + rows.length * PARENT_LOCATOR_ENTRY.size;
  const out = new Uint8Array(at + rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0));
  PARENT_LOCATOR_HEADER.encode(out, { locatorType: guidBytes(VHDX_PARENT_LOCATOR), keyValueCount: rows.length });
  for (const [index, [key, value]] of rows.entries()) {
    const place = { keyOffset: at, valueOffset: at + key.length, keyLength: key.length, valueLength: value.length };
    PARENT_LOCATOR_ENTRY.encode(out, place, PARENT_LOCATOR_HEADER.size + index * PARENT_LOCATOR_ENTRY.size);
    out.set(key, at);
    out.set(value, at + key.length);
    at += key.length + value.length;
  }
  return out;
}
