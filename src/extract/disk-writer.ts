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
import type { DescriptorTarget, WriteTarget } from './host-target.js';
import { type FilledPiece, stretches } from './stored-chunks.js';

/** Where a copy goes. */
export interface CopyPlace {
  readonly target: DescriptorTarget;
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
  /** Takes the pieces of the disk in ascending order; what is left out is zeros. */
  put(piece: FilledPiece): Promise<void>;
  /** Writes what remains beside the ending. */
  finish(): Promise<Ending>;
  /** Blocks that the copy has; null for layouts without blocks. */
  readonly allocated: number | null;
  /** Where each byte of the disk has the same offset in a new file, its descriptor: pieces may go there by themselves. */
  readonly straight: number | null;
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

/** Bytes of zeros that are written at once. */
const ZEROS = new Uint8Array(1024 * 1024);
/** The bitmap of a block: all of its sectors are there. */
const FULL_BITMAP = new Uint8Array(BLOCK_BITMAP_SIZE).fill(0xff);

class DynamicWriter implements DiskWriter {
  readonly straight = null;
  private readonly image: DynamicImage;
  /** The block that pieces went into last; -1 before the first. */
  private block = -1;
  /** Where the data of that block start in the copy. */
  private dataOffset = 0;
  /** Bytes of that block that are written, on volumes. */
  private written = 0;

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

  async put({ offset, bytes }: FilledPiece): Promise<void> {
    const data = [...stretches(bytes)];
    if (data.length === 0) return;
    const block = Math.floor(offset / this.image.blockSize);
    if (block !== this.block) await this.begin(block);
    const { target, volumeSize } = this.place;
    const inside = offset - block * this.image.blockSize;
    if (volumeSize === null) {
      for (const [start, end] of data) await target.write(this.dataOffset + inside + start, bytes.subarray(start, end));
      return;
    }
    // Zeros inside a block are written too where something else may have stood: not every reader looks at bitmaps.
    await this.zerosUpTo(inside);
    await target.write(this.dataOffset + inside, bytes);
    this.written = inside + bytes.length;
  }

  private async begin(block: number): Promise<void> {
    await this.completeBlock();
    const at = this.image.place(block);
    requireRoom(this.place, this.image.dataEnd + this.footer.length);
    await this.place.target.write(at, FULL_BITMAP);
    this.block = block;
    this.dataOffset = at + FULL_BITMAP.length;
    this.written = 0;
  }

  private async completeBlock(): Promise<void> {
    if (this.block >= 0 && this.place.volumeSize !== null) await this.zerosUpTo(this.image.blockSize);
  }

  private async zerosUpTo(end: number): Promise<void> {
    await writeZeros(this.place.target, this.dataOffset + this.written, this.dataOffset + end);
    this.written = end;
  }

  async finish(): Promise<Ending> {
    await this.completeBlock();
    for (const { offset, bytes } of this.image.metadata()) await this.place.target.write(offset, bytes);
    const size = this.place.volumeSize ?? this.image.dataEnd + this.footer.length;
    const parts = [
      { offset: size - this.footer.length, bytes: this.footer },
      { offset: 0, bytes: this.footer },
    ];
    return { parts, size };
  }
}

class FlatWriter implements DiskWriter {
  readonly allocated = null;
  readonly straight: number | null;
  /** Up to here the volume has been written. */
  private position = 0;
  private heldBack: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly shape: CopyShape,
    private readonly footer: Uint8Array | null,
    private readonly place: CopyPlace,
  ) {
    this.straight = place.volumeSize === null ? place.target.fd : null;
  }

  async put({ offset, bytes }: FilledPiece): Promise<void> {
    const { target, volumeSize } = this.place;
    if (volumeSize === null) {
      for (const [start, end] of stretches(bytes)) await target.write(offset + start, bytes.subarray(start, end));
      return;
    }
    await this.zerosUpTo(offset);
    const held = offset === 0 ? Math.min(HELD_BACK, bytes.length) : 0;
    if (held > 0) this.heldBack = new Uint8Array(bytes.subarray(0, held)); // a copy: the buffer is used again
    await target.write(offset + held, bytes.subarray(held));
    this.position = offset + bytes.length;
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
    await writeZeros(this.place.target, this.position, end);
    this.position = Math.max(this.position, end);
  }
}

async function writeZeros(target: WriteTarget, start: number, end: number): Promise<void> {
  for (let at = start; at < end; at += ZEROS.length) await target.write(at, ZEROS.subarray(0, Math.min(ZEROS.length, end - at)));
}

function requireRoom({ volumeSize, path }: CopyPlace, needed: number): void {
  if (volumeSize === null || needed <= volumeSize) return;
  throw ioError('vhd.copy-no-room', `${path} has ${volumeSize} bytes, the copy needs more than ${needed - 1}`);
}
