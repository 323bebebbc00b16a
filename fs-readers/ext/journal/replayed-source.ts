import { type ByteSource, MappedSource, type Run } from '../../../src/source/byte-source.js';
import { MemorySource } from '../../../src/source/memory.js';
import { be32 } from './descriptor.js';
import { JOURNAL_MAGIC } from './layout.js';
import type { Replacement } from './log.js';

/** What an escaped block really begins with. */
const MAGIC = new MemorySource(be32(JOURNAL_MAGIC));

/** A volume as it is after the replay of its journal: replaced blocks are read from the journal, nothing is written. */
export class ReplayedSource extends MappedSource {
  /** Replaced blocks, ascending. */
  private readonly numbers: Float64Array;

  constructor(
    private readonly volume: ByteSource,
    private readonly journal: ByteSource,
    private readonly blocks: ReadonlyMap<number, Replacement>,
    private readonly blockSize: number,
  ) {
    super();
    this.numbers = Float64Array.from(blocks.keys()).sort();
  }

  get size(): number {
    return this.volume.size;
  }

  protected map(offset: number, length: number): Run {
    const { blockSize } = this;
    const block = Math.floor(offset / blockSize);
    const replacement = this.blocks.get(block);
    if (replacement === undefined) {
      const next = this.nextReplaced(block);
      return { length: Math.min(length, next * blockSize - offset), source: this.volume, offset };
    }
    const inside = offset - block * blockSize;
    const there = Math.min(length, blockSize - inside);
    if (replacement.escaped && inside < MAGIC.size) {
      return { length: Math.min(there, MAGIC.size - inside), source: MAGIC, offset: inside };
    }
    return { length: there, source: this.journal, offset: replacement.at * blockSize + inside };
  }

  /** The first replaced block after one that is not. */
  private nextReplaced(block: number): number {
    let low = 0;
    let high = this.numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.numbers[middle] as number) > block) high = middle;
      else low = middle + 1;
    }
    return this.numbers[low] ?? Number.POSITIVE_INFINITY;
  }
}
