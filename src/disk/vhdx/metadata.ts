/** The metadata region: block size, disk size, sector size, parent (MS-VHDX 2.6). */
import { decodeUtf16 } from '../../bytes/text.js';
import { formatGuid } from '../../bytes/uuid.js';
import { corrupt, limitReached, unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { SliceSource } from '../../source/slice.js';
import type { RegionPlace } from './header.js';
import {
  FILE_PARAMETERS,
  HAS_PARENT,
  LOGICAL_SECTOR_SIZE,
  MAX_TABLE_ENTRIES,
  METADATA_REQUIRED,
  METADATA_TABLE_ENTRY,
  METADATA_TABLE_HEADER,
  Metadata,
  MiB,
  PARENT_LOCATOR_ENTRY,
  PARENT_LOCATOR_HEADER,
  VHDX_PARENT_LOCATOR,
  VIRTUAL_DISK_SIZE,
} from './layout.js';

/** What the metadata say. */
export interface DiskMetadata {
  readonly blockSize: number;
  /** Bytes of the virtual disk. */
  readonly size: number;
  readonly logicalSectorSize: number;
  /** Keys and values of the parent locator (2.6.2.6.3); null for disks without a parent. */
  readonly parentLocator: ReadonlyMap<string, string> | null;
}

/** The largest disk that the format knows (2.6.2.2). */
const MAX_DISK = 64 * 2 ** 40;

/** @throws TygrubError corrupt, unsupported (unknown required items), limit */
export async function readMetadata(source: ByteSource, place: RegionPlace, limits: Limits): Promise<DiskMetadata> {
  const region = new SliceSource(source, place.offset, place.length);
  const header = METADATA_TABLE_HEADER.decode(await region.read(0, Math.min(place.length, METADATA_TABLE_HEADER.size)));
  if (header.signature !== 'metadata' || header.entryCount > MAX_TABLE_ENTRIES) {
    throw corrupt('vhdx.metadata-table', 'the metadata table is damaged', { offset: place.offset });
  }
  const items = new Map<string, { offset: number; length: number; at: number }>();
  const knownItems = new Set<string>(Object.values(Metadata));
  for (let i = 0; i < header.entryCount; i++) {
    const at = METADATA_TABLE_HEADER.size + i * METADATA_TABLE_ENTRY.size;
    const entry = METADATA_TABLE_ENTRY.decode(await region.read(at, METADATA_TABLE_ENTRY.size));
    const id = formatGuid(entry.itemId);
    if (!knownItems.has(id) && (entry.flags & METADATA_REQUIRED) !== 0) {
      throw unsupported('vhdx.metadata-item', `the file needs an unknown metadata item ${id}`, { offset: place.offset + at });
    }
    items.set(id, { offset: entry.offset, length: entry.length, at: place.offset + entry.offset });
  }
  const item = async (id: string, name: string, size: number): Promise<Uint8Array> => {
    const found = items.get(id);
    if (found === undefined || found.length < size)
      throw corrupt('vhdx.metadata-missing', `the metadata lack the ${name}`, { offset: place.offset });
    return region.read(found.offset, size);
  };
  const parameters = FILE_PARAMETERS.decode(await item(Metadata.fileParameters, 'file parameters', FILE_PARAMETERS.size));
  const { virtualDiskSize } = VIRTUAL_DISK_SIZE.decode(await item(Metadata.virtualDiskSize, 'virtual disk size', VIRTUAL_DISK_SIZE.size));
  const { logicalSectorSize } = LOGICAL_SECTOR_SIZE.decode(
    await item(Metadata.logicalSectorSize, 'logical sector size', LOGICAL_SECTOR_SIZE.size),
  );
  const { blockSize } = parameters;
  if (blockSize < MiB || blockSize > 256 * MiB || (blockSize & (blockSize - 1)) !== 0) {
    throw corrupt('vhdx.block-size', `blocks of ${blockSize} bytes are impossible`, {
      offset: items.get(Metadata.fileParameters)?.at ?? place.offset,
    });
  }
  if (logicalSectorSize !== 512 && logicalSectorSize !== 4096) {
    throw corrupt('vhdx.sector-size', `logical sectors of ${logicalSectorSize} bytes are impossible`, {
      offset: items.get(Metadata.logicalSectorSize)?.at ?? place.offset,
    });
  }
  if (virtualDiskSize > MAX_DISK || virtualDiskSize % logicalSectorSize !== 0) {
    throw corrupt('vhdx.disk-size', `a virtual disk of ${virtualDiskSize} bytes is impossible`, {
      offset: items.get(Metadata.virtualDiskSize)?.at ?? place.offset,
    });
  }
  let parentLocator: ReadonlyMap<string, string> | null = null;
  if ((parameters.flags & HAS_PARENT) !== 0) {
    const length = items.get(Metadata.parentLocator)?.length ?? 0;
    if (length > limits.parentLocatorSize)
      throw limitReached('parentLocatorSize', `the parent locator has ${length} bytes`, { offset: place.offset });
    parentLocator = parseParentLocator(await item(Metadata.parentLocator, 'parent locator', Math.max(length, PARENT_LOCATOR_HEADER.size)));
  }
  return { blockSize, size: virtualDiskSize, logicalSectorSize, parentLocator };
}

/** Keys (`relative_path`, `parent_linkage` ...) and values, both UTF-16. */
function parseParentLocator(bytes: Uint8Array): ReadonlyMap<string, string> {
  const header = PARENT_LOCATOR_HEADER.decode(bytes);
  const type = formatGuid(header.locatorType);
  if (type !== VHDX_PARENT_LOCATOR) throw unsupported('vhdx.parent-locator', `parent locators of type ${type} are not read`);
  const values = new Map<string, string>();
  for (let i = 0; i < header.keyValueCount; i++) {
    const entry = PARENT_LOCATOR_ENTRY.decode(bytes, PARENT_LOCATOR_HEADER.size + i * PARENT_LOCATOR_ENTRY.size);
    if (entry.keyOffset + entry.keyLength > bytes.length || entry.valueOffset + entry.valueLength > bytes.length) {
      throw corrupt('vhdx.parent-locator', 'a value of the parent locator lies outside it');
    }
    const text = (offset: number, length: number) => decodeUtf16(bytes.subarray(offset, offset + length), 'little');
    values.set(text(entry.keyOffset, entry.keyLength), text(entry.valueOffset, entry.valueLength));
  }
  return values;
}
