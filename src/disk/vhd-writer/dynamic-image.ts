/**
 * Where everything stands in a new dynamic VHD, as libvhd lays it out: footer copy, header, BAT, batmap, then the blocks,
 * each with its bitmap in the sector before a page boundary so that its data start at a multiple of 4096 bytes.
 */
import { byteSum, structureChecksum } from '../vhd/checksum.js';
import { bitmapSectors, blockCount } from '../vhd/dynamic-header.js';
import {
  BAT_ENTRY_SIZE,
  BAT_UNUSED,
  BATMAP_COOKIE,
  BATMAP_HEADER,
  BATMAP_VERSION,
  DYNAMIC_HEADER,
  FOOTER,
  FORMAT_VERSION,
  HEADER_COOKIE,
  SECTOR,
} from '../vhd/layout.js';
import { PAGE, XEN_BLOCK_SIZE } from '../vhd/xen-layout.js';

/** Bytes at a place of the new file. */
export interface PlacedBytes {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const HEADER_OFFSET = FOOTER.size;
const TABLE_OFFSET = HEADER_OFFSET + DYNAMIC_HEADER.size;
/** Bytes of the bitmap before each block's data. */
export const BLOCK_BITMAP_SIZE = bitmapSectors(XEN_BLOCK_SIZE) * SECTOR;
/** The batmap's checksum covers whole sectors for this many bytes of disk to a byte of map (a bit for each block). */
const DISK_PER_MAP_BYTE = 8 * XEN_BLOCK_SIZE;

const pad = (bytes: number): number => Math.ceil(bytes / SECTOR) * SECTOR;

/** The growing image: blocks get their places one after the other. */
export class DynamicImage {
  readonly blockSize = XEN_BLOCK_SIZE;
  /** Blocks that have a place. */
  allocated = 0;
  private readonly table: Uint8Array;
  private readonly tableView: DataView;
  private readonly batmap: Uint8Array;
  private readonly batmapHeaderOffset: number;
  private readonly batmapOffset: number;
  private end: number;

  /**
   * @param size bytes of the virtual disk
   * @param entries entries of the BAT: how far the disk can grow later; at least the blocks of the disk
   */
  constructor(
    readonly size: number,
    readonly entries: number,
  ) {
    if (entries < blockCount(size, XEN_BLOCK_SIZE)) throw new RangeError('the BAT must have an entry for each block');
    this.table = new Uint8Array(pad(entries * BAT_ENTRY_SIZE)).fill(0xff);
    this.tableView = new DataView(this.table.buffer);
    this.batmap = new Uint8Array(Math.max(SECTOR, pad(Math.ceil(entries / 8))));
    this.batmapHeaderOffset = TABLE_OFFSET + this.table.length;
    this.batmapOffset = this.batmapHeaderOffset + BATMAP_HEADER.size;
    this.end = this.batmapOffset + this.batmap.length;
  }

  /** Where the last structure or block ends; the footer comes here, or later. */
  get dataEnd(): number {
    return this.end;
  }

  /** Where data would end with so many blocks more. */
  endAfter(blocks: number): number {
    let end = this.end;
    for (let i = 0; i < Math.min(blocks, 2); i++) end = bitmapPlace(end) + BLOCK_BITMAP_SIZE + XEN_BLOCK_SIZE;
    // From the second block on each takes the same room.
    return blocks <= 2 ? end : end + (blocks - 2) * (bitmapPlace(end) - end + BLOCK_BITMAP_SIZE + XEN_BLOCK_SIZE);
  }

  /**
   * Gives a block its place; it counts as completely written.
   * @returns the byte offset of its bitmap (`BLOCK_BITMAP_SIZE` bytes, all ones), right after which its data stand
   */
  place(block: number): number {
    const offset = bitmapPlace(this.end);
    if (offset / SECTOR >= BAT_UNUSED) throw new RangeError('a block lies beyond what a BAT entry can say');
    this.tableView.setUint32(block * BAT_ENTRY_SIZE, offset / SECTOR);
    const byte = block >> 3;
    this.batmap[byte] = (this.batmap[byte] as number) | (0x80 >> (block & 7));
    this.end = offset + BLOCK_BITMAP_SIZE + XEN_BLOCK_SIZE;
    this.allocated++;
    return offset;
  }

  /** Everything but the blocks and the footers, when all blocks have their places. */
  metadata(): PlacedBytes[] {
    return [
      { offset: TABLE_OFFSET, bytes: this.table },
      { offset: this.batmapHeaderOffset, bytes: this.batmapHeader() },
      { offset: this.batmapOffset, bytes: this.batmap },
      { offset: HEADER_OFFSET, bytes: this.header() },
    ];
  }

  private header(): Uint8Array {
    const bytes = new Uint8Array(DYNAMIC_HEADER.size);
    DYNAMIC_HEADER.encode(bytes, {
      cookie: HEADER_COOKIE,
      dataOffset: null,
      tableOffset: TABLE_OFFSET,
      headerVersion: FORMAT_VERSION,
      maxTableEntries: this.entries,
      blockSize: XEN_BLOCK_SIZE,
    });
    DYNAMIC_HEADER.encode(bytes, { checksum: structureChecksum(DYNAMIC_HEADER, bytes) });
    return bytes;
  }

  private batmapHeader(): Uint8Array {
    const bytes = new Uint8Array(BATMAP_HEADER.size);
    // blktap rounds down here: a last, partly used byte of the map is not summed where it begins a sector.
    const summed = Math.max(SECTOR, pad(Math.floor(this.size / DISK_PER_MAP_BYTE)));
    BATMAP_HEADER.encode(bytes, {
      cookie: BATMAP_COOKIE,
      batmapOffset: this.batmapOffset,
      batmapSize: this.batmap.length / SECTOR,
      batmapVersion: BATMAP_VERSION,
      checksum: ~byteSum(this.batmap.subarray(0, summed)) >>> 0,
    });
    return bytes;
  }
}

/** The first place from `end` on where a bitmap is followed by data at a multiple of a page. */
function bitmapPlace(end: number): number {
  return Math.ceil((end + BLOCK_BITMAP_SIZE) / PAGE) * PAGE - BLOCK_BITMAP_SIZE;
}
