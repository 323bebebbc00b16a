/** File extents: which bytes of a file are where (EXTENT_DATA items). */
import { corrupt, unsupported } from '../../src/errors.js';
import { type Inode, inodeText } from './inode.js';
import { LAST } from './key.js';
import { COMPRESSION, EXTENT_TYPE, FILE_EXTENT, FILE_EXTENT_ON_DISK, ITEM_TYPE, MAX_COMPRESSED } from './layout.js';
import type { Item } from './tree.js';

/** Where compressed or plain bytes of an extent are. */
export interface StoredExtent {
  /** Logical address. */
  readonly address: number;
  /** Bytes on the disk. */
  readonly length: number;
}

/** A part of a file. */
export interface FileExtent {
  /** Byte offset in the file. */
  readonly start: number;
  readonly length: number;
  /** Bytes of the whole extent when decompressed. */
  readonly ramBytes: number;
  readonly compression: number;
  /** Offset of the part in the decompressed extent. */
  readonly offset: number;
  /** Inline bytes (a copy), a place on the disk, or null for zeros. */
  readonly content: Uint8Array | StoredExtent | null;
}

/** Extents looked up at once: a file in few pieces costs one search. */
const BATCH = 256;

/**
 * Decodes an item.
 * @throws TygrubError corrupt `btrfs.extent`; unsupported `btrfs.compression`, `btrfs.encrypted`
 */
function decode(inode: Inode, item: Item, sectorsize: number): FileExtent {
  const start = item.key.offset;
  const damaged = (what: string) => corrupt('btrfs.extent', `the extent at byte ${start} of ${inodeText(inode)} is damaged: ${what}`);
  const { bytes } = item;
  if (start < 0) throw damaged('no file is so large');
  if (bytes.length < FILE_EXTENT.size) throw damaged('it is cut off');
  const { ram_bytes: ramBytes, compression, encryption, other_encoding, type } = FILE_EXTENT.decode(bytes);
  if (encryption !== 0 || other_encoding !== 0) throw unsupported('btrfs.encrypted', `${inodeText(inode)} is encrypted, tygrub has no key`);
  if (compression > COMPRESSION.ZSTD) {
    throw unsupported('btrfs.compression', `${inodeText(inode)} is compressed with method ${compression}, which tygrub does not know`);
  }
  if (compression !== COMPRESSION.NONE && ramBytes > MAX_COMPRESSED) throw damaged(`it has ${ramBytes} bytes when decompressed`);
  if (type === EXTENT_TYPE.INLINE) {
    const content = bytes.slice(FILE_EXTENT.size);
    if (start !== 0) throw damaged('inline data stand only at the start of a file');
    if (compression === COMPRESSION.NONE && content.length !== ramBytes)
      throw damaged(`it has ${content.length} bytes instead of ${ramBytes}`);
    return { start, length: ramBytes, ramBytes, compression, offset: 0, content };
  }
  if (type !== EXTENT_TYPE.REGULAR && type !== EXTENT_TYPE.PREALLOC) throw damaged(`it has the type ${type}`);
  if (bytes.length < FILE_EXTENT_ON_DISK.size) throw damaged('it is cut off');
  const { disk_bytenr, disk_num_bytes, offset, num_bytes } = FILE_EXTENT_ON_DISK.decode(bytes);
  for (const value of [start, num_bytes, offset, disk_bytenr, disk_num_bytes]) {
    if (value % sectorsize !== 0) throw damaged(`${value} is no multiple of ${sectorsize}`);
  }
  if (num_bytes === 0 || !Number.isSafeInteger(start + num_bytes)) throw damaged(`it has ${num_bytes} bytes`);
  const part = { start, length: num_bytes, ramBytes, compression, offset };
  if (disk_bytenr === 0 || type === EXTENT_TYPE.PREALLOC) return { ...part, content: null };
  if (compression === COMPRESSION.NONE && offset + num_bytes > disk_num_bytes) throw damaged('it is larger than its place on the disk');
  if (
    compression !== COMPRESSION.NONE &&
    (disk_num_bytes > MAX_COMPRESSED || offset + num_bytes > Math.ceil(ramBytes / sectorsize) * sectorsize)
  ) {
    throw damaged('it is larger than a compressed extent can be');
  }
  return { ...part, content: { address: disk_bytenr, length: disk_num_bytes } };
}

/** The extents of one file, looked up as they are needed. */
export class FileExtents {
  private batch: FileExtent[] = [];
  /** The part of the file that the batch tells everything about. */
  private known = { start: 0, end: 0 };

  constructor(
    private readonly inode: Inode,
    private readonly sectorsize: number,
  ) {}

  /** The extent that holds a byte of the file, or the hole that does (`content` null). @throws TygrubError corrupt, unsupported */
  async at(offset: number): Promise<{ readonly extent: FileExtent | null; readonly end: number }> {
    if (offset < this.known.start || offset >= this.known.end) await this.load(offset);
    let low = 0;
    let high = this.batch.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.batch[middle] as FileExtent).start <= offset) low = middle + 1;
      else high = middle;
    }
    const extent = this.batch[low - 1];
    if (extent !== undefined && offset < extent.start + extent.length) return { extent, end: extent.start + extent.length };
    return { extent: null, end: this.batch[low]?.start ?? this.known.end };
  }

  private async load(offset: number): Promise<void> {
    const { subvolume, number } = this.inode;
    const place = { objectid: number, type: ITEM_TYPE.EXTENT_DATA };
    const before = await subvolume.tree.floor({ ...place, offset });
    const from = before !== null && before.key.objectid === number && before.key.type === place.type ? before.key.offset : offset;
    const batch: FileExtent[] = [];
    let complete = true;
    let end = 0;
    for await (const item of subvolume.tree.range({ ...place, offset: from }, { ...place, offset: LAST })) {
      const extent = decode(this.inode, item, this.sectorsize);
      if (batch.length > 0 && extent.start < end) {
        throw corrupt('btrfs.extent', `the extents of ${inodeText(this.inode)} overlap at byte ${extent.start}`);
      }
      batch.push(extent);
      end = extent.start + extent.length;
      if (batch.length >= BATCH) {
        complete = false;
        break;
      }
    }
    this.batch = batch;
    this.known = { start: Math.min(from, offset), end: complete ? Number.MAX_SAFE_INTEGER : end };
  }
}
