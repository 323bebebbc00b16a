/** The log as a ring of basic blocks, whose cycle numbers tell what was written in the last round. */
import { type ByteSource, MappedSource, type Run } from '../../../src/source/byte-source.js';
import { BASIC_BLOCK } from '../layout.js';
import { RECORD_MAGIC } from './layout.js';

/** A block's first word is its cycle number; a record header has its magic there and the cycle behind it. */
export function cycleOf(block: Uint8Array, at: number): number {
  const view = new DataView(block.buffer, block.byteOffset + at, 2 * 4);
  const word = view.getUint32(0);
  return word === RECORD_MAGIC ? view.getUint32(4) : word;
}

/** The log read twice around, so that a record that goes on at the start is one piece. */
class Ring extends MappedSource {
  constructor(private readonly log: ByteSource) {
    super();
  }

  get size(): number {
    return 2 * this.log.size;
  }

  protected map(offset: number, length: number): Run {
    const at = offset % this.log.size;
    return { length: Math.min(length, this.log.size - at), source: this.log, offset: at };
  }
}

export class LogDevice {
  private readonly ring: Ring;
  /** Basic blocks of the log. */
  readonly blocks: number;

  constructor(log: ByteSource) {
    this.ring = new Ring(log);
    this.blocks = Math.floor(log.size / BASIC_BLOCK);
  }

  /** Reads basic blocks; past the end the log goes on at its start. */
  read(block: number, count: number): Promise<Uint8Array> {
    return this.ring.read((block % this.blocks) * BASIC_BLOCK, count * BASIC_BLOCK);
  }

  async cycle(block: number): Promise<number> {
    return cycleOf(await this.read(block, 1), 0);
  }

  /** Blocks from one to another, forwards. */
  distance(from: number, to: number): number {
    return (to - from + this.blocks) % this.blocks;
  }
}
