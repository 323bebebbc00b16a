/** The virtual disk of a dynamic or differencing VHD. */
import { corrupt } from '../../errors.js';
import { type ByteSource, MappedSource, type Run } from '../../source/byte-source.js';
import { equalBits, isPresent } from './block-bitmap.js';
import { type Block, type BlockStore, truncatedBlock } from './block-store.js';
import { SECTOR } from './layout.js';

/**
 * The virtual disk. A sector whose bit is set comes from its block; any other from the parent, or is zeros. (On dynamic
 * disks too: tapdisk does not clear new blocks, so what stands under a clear bit may be another tenant's data.)
 */
export class SparseDisk extends MappedSource {
  private last: { readonly index: number; readonly block: Block } | null = null;

  /**
   * @param parent the virtual disk of the parent; null for a dynamic disk. Sectors past its end are zeros.
   * @param size bytes of the virtual disk
   */
  constructor(
    private readonly store: BlockStore,
    readonly size: number,
    private readonly parent: ByteSource | null,
  ) {
    super();
  }

  protected map(offset: number, length: number): Promise<Run> | Run {
    const index = Math.floor(offset / this.store.blockSize);
    if (this.last?.index === index) return this.inBlock(index, this.last.block, offset, length);
    return this.mapBlock(index, offset, length);
  }

  private async mapBlock(index: number, offset: number, length: number): Promise<Run> {
    const block = await this.store.block(index);
    if (block !== null) {
      this.last = { index, block };
      return this.inBlock(index, block, offset, length);
    }
    const { blockSize } = this.store;
    const wanted = Math.ceil((offset + length) / blockSize) - index;
    const unused = wanted === 1 ? 1 : Math.max(1, await this.store.unusedFrom(index, wanted));
    return this.absent(offset, Math.min(length, (index + unused) * blockSize - offset));
  }

  private inBlock(index: number, block: Block, offset: number, length: number): Run {
    const { blockSize } = this.store;
    const inside = offset - index * blockSize;
    let run = Math.min(length, blockSize - inside);
    if (block.bitmap !== null) {
      const sector = Math.floor(inside / SECTOR);
      const end = Math.ceil((inside + run) / SECTOR);
      const equal = equalBits(block.bitmap, sector, end);
      run = Math.min(run, (sector + equal) * SECTOR - inside);
      if (!isPresent(block.bitmap, sector)) return this.absent(offset, run);
    }
    run = Math.min(run, block.available - inside);
    if (run <= 0) throw truncatedBlock(index, block, inside);
    return { length: run, source: block.source, offset: block.dataOffset + inside };
  }

  /** A range that is not stored at this level. */
  private absent(offset: number, length: number): Run {
    if (this.parent === null || offset >= this.parent.size) return { length, source: null, offset: 0 };
    return { length: Math.min(length, this.parent.size - offset), source: this.parent, offset };
  }
}

/** The virtual disk of a fixed VHD: the bytes before the footer. */
export class FixedDisk extends MappedSource {
  /**
   * @param size bytes of the virtual disk
   * @param available bytes that are there before the footer
   */
  constructor(
    private readonly source: ByteSource,
    readonly size: number,
    private readonly available: number,
  ) {
    super();
  }

  protected map(offset: number, length: number): Run {
    if (offset >= this.available) throw truncatedFixedDisk(offset, this.size);
    return { length: Math.min(length, this.available - offset), source: this.source, offset };
  }
}

function truncatedFixedDisk(offset: number, size: number): Error {
  return corrupt('vhd.truncated', `the data of this fixed VHD were cut off: it should have ${size} bytes`, { offset });
}
