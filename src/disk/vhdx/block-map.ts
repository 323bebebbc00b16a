/** From virtual bytes to bytes of the file: the BAT, and the sector bitmaps of differencing disks (MS-VHDX 2.5). */
import { corrupt } from '../../errors.js';
import { type ByteSource, MappedSource, type Run } from '../../source/byte-source.js';
import type { RegionPlace } from './header.js';
import { BAT_ENTRY, BlockState, MiB, SECTORS_PER_CHUNK } from './layout.js';
import type { DiskMetadata } from './metadata.js';

const BITMAP_STEP = 512;

/** The virtual disk; what is not present is the parent's, or zeros. */
export class VhdxDisk extends MappedSource {
  readonly size: number;
  private readonly chunkRatio: number;

  /** @param parent null for disks without one */
  constructor(
    private readonly source: ByteSource,
    private readonly bat: RegionPlace,
    private readonly metadata: DiskMetadata,
    private readonly parent: ByteSource | null,
  ) {
    super();
    this.size = metadata.size;
    this.chunkRatio = (SECTORS_PER_CHUNK * metadata.logicalSectorSize) / metadata.blockSize;
    const blocks = Math.ceil(metadata.size / metadata.blockSize);
    const needed =
      blocks === 0 ? 0 : parent === null ? this.batIndex(blocks - 1) + 1 : Math.ceil(blocks / this.chunkRatio) * (this.chunkRatio + 1);
    if (needed * BAT_ENTRY.size > bat.length) {
      throw corrupt('vhdx.bat-size', `the BAT has room for ${Math.floor(bat.length / BAT_ENTRY.size)} entries, the disk needs ${needed}`, {
        offset: bat.offset,
      });
    }
  }

  protected async map(offset: number, length: number): Promise<Run> {
    const { blockSize } = this.metadata;
    const block = Math.floor(offset / blockSize);
    const inside = offset - block * blockSize;
    const there = Math.min(length, blockSize - inside);
    const entry = await this.entry(this.batIndex(block));
    switch (entry.state) {
      case BlockState.present:
        return this.stored(entry.offset + inside, there);
      case BlockState.partiallyPresent:
        return this.partlyStored(block, entry.offset, offset, inside, there);
      case BlockState.notPresent:
        return this.below(offset, there);
      case BlockState.undefined:
      case BlockState.zero:
      case BlockState.unmapped:
        return { source: null, offset: 0, length: there };
      default:
        throw corrupt('vhdx.block-state', `block ${block} has the unknown state ${entry.state}`, {
          offset: this.bat.offset + this.batIndex(block) * BAT_ENTRY.size,
        });
    }
  }

  private stored(offset: number, length: number): Run {
    if (offset + length > this.source.size) {
      throw corrupt('vhdx.block-outside', 'a block ends past the end of the file', {
        offset,
        hint: 'the file was cut off while it was copied',
      });
    }
    return { source: this.source, offset, length };
  }

  private below(offset: number, length: number): Run {
    if (this.parent === null || offset >= this.parent.size) return { source: null, offset: 0, length };
    return { source: this.parent, offset, length: Math.min(length, this.parent.size - offset) };
  }

  /** Sector by sector: a set bit (least significant first) means that the sector is here. */
  private async partlyStored(block: number, blockOffset: number, offset: number, inside: number, length: number): Promise<Run> {
    if (this.parent === null) throw corrupt('vhdx.block-state', `block ${block} is partly present, but the disk has no parent`);
    const { logicalSectorSize, blockSize } = this.metadata;
    const chunk = Math.floor(block / this.chunkRatio);
    const bitmap = await this.entry((chunk + 1) * this.chunkRatio + chunk);
    if (bitmap.state !== BlockState.present) throw corrupt('vhdx.sector-bitmap', `the sector bitmap of block ${block} is missing`);
    const firstSector = ((block % this.chunkRatio) * blockSize) / logicalSectorSize + Math.floor(inside / logicalSectorSize);
    const isHere = async (sector: number): Promise<boolean> => {
      const at = bitmap.offset + Math.floor(sector / 8);
      const step = Math.floor(at / BITMAP_STEP) * BITMAP_STEP;
      const bits = await this.source.read(step, Math.min(BITMAP_STEP, this.source.size - step));
      return (((bits[at - step] ?? 0) >> (sector % 8)) & 1) === 1;
    };
    const here = await isHere(firstSector);
    let end = logicalSectorSize - (inside % logicalSectorSize);
    for (let sector = firstSector + 1; end < length && (await isHere(sector)) === here; sector++) end += logicalSectorSize;
    const run = Math.min(length, end);
    return here ? this.stored(blockOffset + inside, run) : this.below(offset, run);
  }

  private batIndex(block: number): number {
    return block + Math.floor(block / this.chunkRatio);
  }

  private async entry(index: number): Promise<{ state: number; offset: number }> {
    const at = this.bat.offset + index * BAT_ENTRY.size;
    const { entry } = BAT_ENTRY.decode(await this.source.read(at, BAT_ENTRY.size));
    const state = entry.low & 7;
    const offset = entry.high * 2 ** 32 + Math.floor(entry.low / MiB) * MiB;
    if ((state === BlockState.present || state === BlockState.partiallyPresent) && (entry.high > 0x1fffff || offset < MiB)) {
      throw corrupt('vhdx.bat-entry', `BAT entry ${index} names an impossible place`, { offset: at });
    }
    return { state, offset };
  }
}
