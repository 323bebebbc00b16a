/** What Xen's storage manager expects of a VHD on a logical volume, in bytes. */
import { MAX_DISK_SIZE } from './layout.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/** The block size of blktap; its tools count with this one whatever the header says. */
export const XEN_BLOCK_SIZE = 2 * MiB;
/** BAT entries of Xen's layout: room for 2 TiB, so that a resize never moves data. */
export const XEN_BAT_ENTRIES = MiB;
/** Where blktap puts the data of a block: at a multiple of a page. */
export const PAGE = 4096;
/** Metadata of Xen's layout: footer, header, BAT and batmap for 2 TiB, rounded up to pages. */
export const XEN_METADATA_SIZE = 4_329_472;
/** Logical volumes are made of extents of this size. */
export const EXTENT = 4 * MiB;
/** The bitmap before each block takes a page on a thick volume. */
const BITMAP_ROOM = PAGE;

/** The size of the logical volume that the storage manager makes for a fully provisioned disk. */
export function thickVolumeSize(size: number): number {
  const blocks = Math.ceil(size / XEN_BLOCK_SIZE);
  return Math.ceil((Math.min(size, MAX_DISK_SIZE) + XEN_METADATA_SIZE + BITMAP_ROOM * blocks) / EXTENT) * EXTENT;
}
