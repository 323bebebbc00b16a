/** The layouts of a copy as consumers of chunks: each puts the disk's bytes where its layout wants them. */
import {
  BLOCK_BITMAP_SIZE,
  type CopyShape,
  copyFooter,
  type DiskIdentity,
  DynamicImage,
  type PlacedBytes,
} from '../disk/vhd-writer/index.js';
import { ioError } from '../errors.js';
import type { WriteTarget } from './host-target.js';
import { type FilledChunk, isAllZero, stretches } from './stored-chunks.js';

/** Where a copy goes. */
export interface CopyPlace {
  readonly target: WriteTarget;
  /** Bytes of a volume, which may hold old data; null for a new file, which is empty and grows. */
  readonly volumeSize: number | null;
  readonly path: string;
}

/** What is written last, when the rest is safe on the disk: before it nobody takes the copy for a disk. */
export interface Ending {
  /** Written in this order, with a flush after each. */
  readonly parts: readonly PlacedBytes[];
  /** Bytes of the whole copy: a new file is made this long. */
  readonly size: number;
}

/** A layout being written. */
export interface DiskWriter {
  /** Bytes before the data in each chunk's buffer. */
  readonly headroom: number;
  put(chunk: FilledChunk): Promise<void>;
  /** Writes what remains beside the ending. */
  finish(): Promise<Ending>;
  /** Blocks that the copy has; null for layouts without blocks. */
  readonly allocated: number | null;
}

/** Bytes at the start of a volume that are written last, so that an unfinished copy has no boot sector and no magic. */
export const HELD_BACK = 4096;

/** The writer of a layout. */
export function diskWriter(shape: CopyShape, identity: DiskIdentity, place: CopyPlace): DiskWriter {
  const footer = shape.layout === 'raw' ? null : copyFooter(shape, identity);
  return shape.entries > 0 && footer !== null ? new DynamicWriter(shape, footer, place) : new FlatWriter(shape, footer, place);
}

/** Bytes that a copy takes at least when so many of its blocks are stored. */
export function neededSize(shape: CopyShape, storedBlocks: number): number {
  if (shape.layout === 'raw') return shape.size;
  return (shape.entries > 0 ? new DynamicImage(shape.size, shape.entries).endAfter(storedBlocks) : shape.size) + 512;
}

class DynamicWriter implements DiskWriter {
  readonly headroom = BLOCK_BITMAP_SIZE;
  private readonly image: DynamicImage;

  constructor(
    shape: CopyShape,
    private readonly footer: Uint8Array,
    private readonly place: CopyPlace,
  ) {
    this.image = new DynamicImage(shape.size, shape.entries);
  }

  get allocated(): number {
    return this.image.allocated;
  }

  async put({ offset, slab }: FilledChunk): Promise<void> {
    const data = slab.subarray(this.headroom);
    if (isAllZero(data)) return;
    const at = this.image.place(offset / this.image.blockSize);
    requireRoom(this.place, this.image.dataEnd + this.footer.length);
    slab.fill(0xff, 0, this.headroom);
    // Zeros inside a block are written too where something else may have stood: not every reader looks at bitmaps.
    if (this.place.volumeSize !== null) return this.place.target.write(at, slab);
    await this.place.target.write(at, slab.subarray(0, this.headroom));
    for (const [start, end] of stretches(data)) await this.place.target.write(at + this.headroom + start, data.subarray(start, end));
  }

  async finish(): Promise<Ending> {
    for (const { offset, bytes } of this.image.metadata()) await this.place.target.write(offset, bytes);
    const size = this.place.volumeSize ?? this.image.dataEnd + this.footer.length;
    const parts = [
      { offset: size - this.footer.length, bytes: this.footer },
      { offset: 0, bytes: this.footer },
    ];
    return { parts, size };
  }
}

/** Bytes of zeros that are written at once. */
const ZEROS = new Uint8Array(1024 * 1024);

class FlatWriter implements DiskWriter {
  readonly headroom = 0;
  readonly allocated = null;
  /** Up to here the volume has been written. */
  private position = 0;
  private heldBack: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly shape: CopyShape,
    private readonly footer: Uint8Array | null,
    private readonly place: CopyPlace,
  ) {}

  async put({ offset, length, slab }: FilledChunk): Promise<void> {
    const { target, volumeSize } = this.place;
    const data = slab.subarray(0, length);
    if (volumeSize === null) {
      for (const [start, end] of stretches(data)) await target.write(offset + start, data.subarray(start, end));
      return;
    }
    await this.zerosUpTo(offset);
    const held = offset === 0 ? Math.min(HELD_BACK, length) : 0;
    if (held > 0) this.heldBack = new Uint8Array(data.subarray(0, held)); // a copy: the buffer is used again
    await target.write(offset + held, data.subarray(held));
    this.position = offset + length;
  }

  async finish(): Promise<Ending> {
    const { volumeSize } = this.place;
    if (volumeSize !== null) await this.zerosUpTo(this.shape.size);
    const size = volumeSize ?? this.shape.size + (this.footer?.length ?? 0);
    const parts: PlacedBytes[] = [];
    if (this.heldBack.length > 0) parts.push({ offset: 0, bytes: this.heldBack });
    if (this.footer !== null) parts.push({ offset: size - this.footer.length, bytes: this.footer });
    return { parts, size };
  }

  /** On a volume, what the disk does not store must be made zero. The held-back start is zero already. */
  private async zerosUpTo(end: number): Promise<void> {
    while (this.position < end) {
      const length = Math.min(ZEROS.length, end - this.position);
      await this.place.target.write(this.position, ZEROS.subarray(0, length));
      this.position += length;
    }
  }
}

function requireRoom({ volumeSize, path }: CopyPlace, needed: number): void {
  if (volumeSize === null || needed <= volumeSize) return;
  throw ioError('vhd.copy-no-room', `${path} has ${volumeSize} bytes, the copy needs more than ${needed - 1}`);
}
