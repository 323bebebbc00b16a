/** The block maps of ext2 and ext3: direct, indirect, double and triple indirect pointers in `i_block`. */
import { corrupt } from '../../src/errors.js';
import type { BlockMap, Mapping } from './block-map.js';
import type { Inode } from './inode.js';
import { DIRECT_BLOCKS, POINTER_SIZE } from './layout.js';
import { checkBlocks, type ExtVolume, readBlock } from './volume.js';

/** A block of pointers. */
interface PointerBlock {
  readonly number: number;
  readonly pointers: DataView;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export class IndirectBlocks implements BlockMap {
  private readonly perBlock: number;
  /** The pointer block last read at each level: a file is mostly read in order. */
  private readonly last: (PointerBlock | undefined)[] = [];
  private readonly root: DataView;

  constructor(
    private readonly volume: ExtVolume,
    private readonly inode: Inode,
  ) {
    this.perBlock = volume.superblock.blockSize / POINTER_SIZE;
    this.root = view(inode.fields.block);
  }

  find(block: number): Promise<Mapping> | Mapping {
    if (block < DIRECT_BLOCKS) return this.stretch(this.root, block, DIRECT_BLOCKS, 0);
    return this.descend(block);
  }

  private async descend(block: number): Promise<Mapping> {
    const { perBlock } = this;
    // Which tree: level 1 stands for one block of pointers, 2 for blocks of pointers to those, and so on.
    let level = 1;
    let first = DIRECT_BLOCKS;
    let span = perBlock;
    for (; block >= first + span; level++) {
      first += span;
      span *= perBlock;
      if (level === 3) {
        throw corrupt('ext.file-too-large', `inode ${this.inode.number} has no block ${block}: its block map ends at ${first}`);
      }
    }
    let pointers = this.root;
    let index = DIRECT_BLOCKS + level - 1;
    for (; level > 0; level--) {
      const pointer = pointers.getUint32(index * POINTER_SIZE, true);
      if (pointer === 0) return { start: first, length: span, physical: null, hole: true };
      pointers = await this.pointerBlock(pointer, level);
      span /= perBlock;
      index = Math.floor((block - first) / span);
      first += index * span;
    }
    return this.stretch(pointers, index, perBlock, first - index);
  }

  private async pointerBlock(number: number, level: number): Promise<DataView> {
    const last = this.last[level];
    if (last?.number === number) return last.pointers;
    const pointers = view(await readBlock(this.volume, number, `the block map of inode ${this.inode.number}`));
    this.last[level] = { number, pointers };
    return pointers;
  }

  /** The pointers from `index` on that continue each other; `first` is the logical block of pointer 0. */
  private stretch(pointers: DataView, index: number, count: number, first: number): Mapping {
    const physical = pointers.getUint32(index * POINTER_SIZE, true);
    let length = 1;
    for (let i = index + 1; i < count; i++, length++) {
      if (pointers.getUint32(i * POINTER_SIZE, true) !== (physical === 0 ? 0 : physical + length)) break;
    }
    if (physical === 0) return { start: first + index, length, physical: null, hole: true };
    checkBlocks(this.volume.superblock, physical, length, `the block map of inode ${this.inode.number}`);
    return { start: first + index, length, physical, hole: false };
  }
}
