/** A volume as it is after the replay of its log: changed sectors are kept in memory, nothing is written. */
import { limitReached } from '../../../src/errors.js';
import type { Limits } from '../../../src/limits.js';
import { type ByteSource, checkRange, MappedSource, type Run } from '../../../src/source/byte-source.js';
import { MemorySource } from '../../../src/source/memory.js';
import { BASIC_BLOCK } from '../layout.js';

export class RecoveredSource extends MappedSource {
  private readonly changed = new Map<number, Uint8Array>();

  constructor(
    private readonly volume: ByteSource,
    private readonly limits: Limits,
  ) {
    super();
  }

  get size(): number {
    return this.volume.size;
  }

  /** Sectors that the log changed. */
  get sectors(): number {
    return this.changed.size;
  }

  /** Whether the log changed a sector of a range. */
  touches(offset: number, length: number): boolean {
    for (let sector = Math.floor(offset / BASIC_BLOCK); sector * BASIC_BLOCK < offset + length; sector++) {
      if (this.changed.has(sector)) return true;
    }
    return false;
  }

  /**
   * Changes bytes.
   * @throws TygrubError corrupt when they are not inside the volume, limit `journalBlocks`
   */
  async write(offset: number, bytes: Uint8Array): Promise<void> {
    checkRange(this, offset, bytes.length);
    for (let done = 0; done < bytes.length; ) {
      const at = offset + done;
      const number = Math.floor(at / BASIC_BLOCK);
      const inside = at - number * BASIC_BLOCK;
      const length = Math.min(bytes.length - done, BASIC_BLOCK - inside);
      const sector = this.changed.get(number) ?? (await this.take(number));
      sector.set(bytes.subarray(done, done + length), inside);
      done += length;
    }
  }

  private async take(number: number): Promise<Uint8Array> {
    if (this.changed.size >= this.limits.journalBlocks) {
      throw limitReached('journalBlocks', `the log changes more than ${this.limits.journalBlocks} sectors`);
    }
    const offset = number * BASIC_BLOCK;
    const sector = new Uint8Array(BASIC_BLOCK);
    sector.set(await this.volume.read(offset, Math.min(BASIC_BLOCK, this.size - offset)));
    this.changed.set(number, sector);
    return sector;
  }

  protected map(offset: number, length: number): Run {
    const first = Math.floor(offset / BASIC_BLOCK);
    const sector = this.changed.get(first);
    if (sector !== undefined) {
      const inside = offset - first * BASIC_BLOCK;
      return { length: Math.min(length, BASIC_BLOCK - inside), source: new MemorySource(sector), offset: inside };
    }
    let end = first + 1;
    while (end * BASIC_BLOCK < offset + length && !this.changed.has(end)) end++;
    return { length: Math.min(length, end * BASIC_BLOCK - offset), source: this.volume, offset };
  }
}
