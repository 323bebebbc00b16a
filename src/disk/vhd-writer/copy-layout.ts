/** The layouts that `vhd copy` writes: their sizes, and their footers. */
import { usageError } from '../../errors.js';
import { structureChecksum } from '../vhd/checksum.js';
import { blockCount } from '../vhd/dynamic-header.js';
import { geometryOf } from '../vhd/geometry.js';
import { DiskType, EPOCH, FEATURE_RESERVED, FOOTER, FOOTER_COOKIE, FORMAT_VERSION, MAX_DISK_SIZE, SECTOR } from '../vhd/layout.js';
import { XEN_BAT_ENTRIES, XEN_BLOCK_SIZE } from '../vhd/xen-layout.js';

/**
 * `xcp`: dynamic, with room in the BAT for 2 TiB, as Xen's storage manager makes VHDs. `compact`: dynamic, with a BAT for the
 * disk as it is. `fixed`: the whole disk, then a footer. `raw`: the disk alone.
 */
export const COPY_LAYOUTS = ['xcp', 'compact', 'fixed', 'raw'] as const;
export type CopyLayout = (typeof COPY_LAYOUTS)[number];

/** A copy's shape. */
export interface CopyShape {
  readonly layout: CopyLayout;
  /** Bytes of the virtual disk in the copy. */
  readonly size: number;
  /** Entries of the BAT; 0 for layouts that have none. */
  readonly entries: number;
}

/** Who wrote it: blktap 1.3, the version of the layout. qemu takes the size from such a footer, and not from its geometry. */
const CREATOR = 'tap\0';
const CREATOR_VERSION = 0x0001_0003;

/**
 * The shape of a copy.
 * @param sourceSize bytes of the disk that is copied
 * @param maxSize how far an `xcp` disk can grow without moving data; null for 2 TiB
 * @throws TygrubError usage
 */
export function copyShape(layout: CopyLayout, sourceSize: number, maxSize: number | null): CopyShape {
  if (maxSize !== null && layout !== 'xcp') throw usageError('vhd.copy-max-size', `--max-size is for the layout xcp, not for ${layout}`);
  if (layout === 'raw') return { layout, size: sourceSize, entries: 0 };
  const unit = layout === 'xcp' ? XEN_BLOCK_SIZE : SECTOR;
  const size = Math.max(unit, Math.ceil(sourceSize / unit) * unit);
  if (size > MAX_DISK_SIZE) {
    throw usageError('vhd.copy-size', `the disk has ${sourceSize} bytes; a VHD has at most ${MAX_DISK_SIZE}`, {
      hint: 'copy it with --layout raw',
    });
  }
  if (layout === 'fixed') return { layout, size, entries: 0 };
  const blocks = blockCount(size, XEN_BLOCK_SIZE);
  if (layout === 'compact') return { layout, size, entries: blocks };
  const entries = maxSize === null ? XEN_BAT_ENTRIES : blockCount(maxSize, XEN_BLOCK_SIZE);
  if (entries < blocks) throw usageError('vhd.copy-max-size', `--max-size ${maxSize ?? 0} is less than the disk's ${size} bytes`);
  if (entries > XEN_BAT_ENTRIES) throw usageError('vhd.copy-max-size', `--max-size ${maxSize ?? 0} is more than the 2 TiB of a VHD`);
  return { layout, size, entries };
}

/** What makes a disk the same disk to its children. */
export interface DiskIdentity {
  readonly uuid: Uint8Array;
  /** Seconds since 2000-01-01T00:00:00Z. */
  readonly timestamp: number;
}

/** Seconds since the epoch of VHD for a time of the host in milliseconds since 1970. */
export function vhdTime(milliseconds: number): number {
  return Math.max(0, Math.floor(milliseconds / 1000) - EPOCH);
}

/** The footer of a copy, 512 bytes. */
export function copyFooter(shape: CopyShape, identity: DiskIdentity): Uint8Array {
  const dynamic = shape.entries > 0;
  const bytes = new Uint8Array(FOOTER.size);
  const { cylinders, heads, sectorsPerTrack } = geometryOf(shape.size);
  FOOTER.encode(bytes, {
    cookie: FOOTER_COOKIE,
    features: FEATURE_RESERVED,
    fileFormatVersion: FORMAT_VERSION,
    dataOffset: dynamic ? FOOTER.size : null,
    timestamp: identity.timestamp,
    creatorApplication: CREATOR,
    creatorVersion: CREATOR_VERSION,
    originalSize: shape.size,
    currentSize: shape.size,
    cylinders,
    heads,
    sectorsPerTrack,
    diskType: dynamic ? DiskType.dynamic : DiskType.fixed,
    uniqueId: identity.uuid,
  });
  FOOTER.encode(bytes, { checksum: structureChecksum(FOOTER, bytes) });
  return bytes;
}
