/** The content of a file that a map describes block by block, in stretches: what readers of extents and block pointers share. */
import { corrupt } from '../src/errors.js';
import { type ByteSource, MappedSource, type Run } from '../src/source/byte-source.js';

/** Blocks of a file that are one piece on the volume, or nowhere. Readers add where. */
export interface Stretch {
  /** First logical block. */
  readonly start: number;
  /** Blocks, at least 1. */
  readonly length: number;
}

export interface BlockMap<S extends Stretch> {
  /**
   * The longest stretch around a logical block that costs no further read.
   * @throws TygrubError corrupt when the map contradicts itself or leads out of the filesystem
   */
  find(block: number): Promise<S> | S;
}

/** What a content is made of. */
export interface Content<S extends Stretch> {
  /** The filesystem's name, with which the codes of its errors begin. */
  readonly format: string;
  readonly volume: ByteSource;
  /** Bytes of a block. */
  readonly blockSize: number;
  readonly blocks: BlockMap<S>;
  /** Byte offset on the volume where a stretch begins; null for what reads as zeros (holes, unwritten blocks). */
  readonly offsetOf: (stretch: S) => number | null;
  /** Bytes; blocks of the map beyond are not shown (preallocated ones, Merkle trees). */
  readonly size: number;
  /** Whose content it is, for messages. */
  readonly what: string;
}

/** The content of a file as a source; reading past the volume's end throws corrupt `FORMAT.cut-off`. */
export class BlockMapSource<S extends Stretch> extends MappedSource {
  readonly size: number;
  /** The stretch of the last answer: a file is mostly read in order. */
  private current: S | undefined;

  constructor(private readonly content: Content<S>) {
    super();
    this.size = content.size;
  }

  protected map(offset: number, length: number): Run | Promise<Run> {
    const block = Math.floor(offset / this.content.blockSize);
    const stretch = this.current;
    if (stretch !== undefined && block >= stretch.start && block < stretch.start + stretch.length) return this.run(stretch, offset, length);
    return this.find(block, offset, length);
  }

  private async find(block: number, offset: number, length: number): Promise<Run> {
    const stretch = await this.content.blocks.find(block);
    this.current = stretch;
    return this.run(stretch, offset, length);
  }

  private run(stretch: S, offset: number, length: number): Run {
    const { blockSize, format, offsetOf, volume, what } = this.content;
    const inside = offset - stretch.start * blockSize;
    const there = Math.min(length, stretch.length * blockSize - inside);
    const start = offsetOf(stretch);
    if (start === null) return { length: there, source: null, offset: 0 };
    const at = start + inside;
    if (at >= volume.size) {
      throw corrupt(`${format}.cut-off`, `${what} goes on at byte ${at}, where the volume has ended (${volume.size} bytes)`, {
        offset: at,
        hint: 'the image is cut off; get a complete copy',
      });
    }
    return { length: Math.min(there, volume.size - at), source: volume, offset: at };
  }
}
