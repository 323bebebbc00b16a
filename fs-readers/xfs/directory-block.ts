/** Reading blocks of a directory by their place in it, verified. */
import type { Layout } from '../../src/bytes/layout.js';
import { corrupt } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { type BlockMap, blockMap, type Mapping, mappedContent } from './block-map.js';
import type { Inode } from './inode.js';
import { type DA_BLOCK_CRC, type DIR_DATA_HEADER_CRC, DIR_FREE_OFFSET } from './layout.js';
import { verify, type XfsVolume } from './volume.js';

/** The layouts of blocks that say what they are. */
type Header = typeof DIR_DATA_HEADER_CRC | typeof DA_BLOCK_CRC;

/** The blocks of a directory that does not stand in its inode. */
export class DirectoryBlocks {
  private readonly map: BlockMap;
  private readonly content: ByteSource;
  /** Bytes of a block. */
  readonly size: number;

  constructor(
    private readonly volume: XfsVolume,
    private readonly inode: Inode,
  ) {
    this.size = volume.superblock.directoryBlockSize;
    this.map = blockMap(volume, inode, inode.data);
    this.content = mappedContent(volume, this.map, DIR_FREE_OFFSET, `directory inode ${inode.number}`);
  }

  /** The stretch around a byte offset of the directory, as the map has it: for leaping over holes. */
  stretch(offset: number): Promise<Mapping> | Mapping {
    return this.map.find(Math.floor(offset / this.volume.superblock.blockSize));
  }

  /**
   * Reads a block.
   * @param offset byte offset in the directory, a multiple of the block's size
   * @param header how it says what it is, where the filesystem has checksums
   * @throws TygrubError corrupt when there is none or it is another's
   */
  async read(offset: number, header: Header): Promise<Uint8Array> {
    const { volume, inode, size } = this;
    const what = `byte ${offset} of directory inode ${inode.number}`;
    if (offset < 0 || offset + size > DIR_FREE_OFFSET) throw corrupt('xfs.directory', `${what} is out of every directory's range`);
    const mapping = await this.stretch(offset);
    if (mapping.offset === null) throw corrupt('xfs.directory', `${what} is a hole`);
    const block = await this.content.read(offset, size);
    const place = mapping.offset + offset - mapping.start * volume.superblock.blockSize;
    if (volume.superblock.checksums) {
      const changed = await this.changed(offset);
      // The two layouts have the same self-describing fields; which one it is does not matter to the check.
      verify(volume, header as Layout<SelfDescribingFields>, block, place, inode.number, what, changed);
    }
    return block;
  }

  /** Whether the log changed a part of a block, whose parts may lie apart. */
  private async changed(offset: number): Promise<boolean> {
    const { replayed, superblock } = this.volume;
    if (replayed === undefined) return false;
    for (let at = offset; at < offset + this.size; at += superblock.blockSize) {
      const { start, offset: place } = await this.stretch(at);
      if (place !== null && replayed.touches(place + at - start * superblock.blockSize, superblock.blockSize)) return true;
    }
    return false;
  }
}

interface SelfDescribingFields {
  crc: number;
  blkno: number;
  uuid: Uint8Array;
  owner: number;
}
