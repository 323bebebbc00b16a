/** Directories: their names in order, and the inode of one name. */
import { nameText } from '../../src/bytes/text.js';
import { corrupt, limitReached, TygrubError } from '../../src/errors.js';
import { DirectoryBlocks } from './directory-block.js';
import { blockEntries, type EntryContext, entryAt, isFree, type RawEntry, shortFormEntries } from './directory-entries.js';
import { blockAddresses, blockEntriesEnd, blockLeafTable, indexAddresses } from './hash-index.js';
import { type Inode, isLocal } from './inode.js';
import {
  DIR_ALIGN,
  DIR_BLOCK_CRC_MAGIC,
  DIR_BLOCK_MAGIC,
  DIR_DATA_CRC_MAGIC,
  DIR_DATA_HEADER,
  DIR_DATA_HEADER_CRC,
  DIR_DATA_MAGIC,
  DIR_LEAF_OFFSET,
} from './layout.js';
import { ASCII_CASE_INSENSITIVE, EXACT, type NameRule } from './name-hash.js';
import type { XfsVolume } from './volume.js';

const DOT = 0x2e;
const SLASH = 0x2f;

/** `.` and `..`, which stand in blocks like any other name. */
function isDot(name: Uint8Array): boolean {
  return name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT));
}

/** A block of names, ready to be walked. */
interface NameBlock {
  readonly bytes: Uint8Array;
  /** Byte offset of its first name. */
  readonly start: number;
  /** Byte offset where its names end. */
  readonly end: number;
}

/** An opened directory. */
export class Directory {
  private readonly context: EntryContext;
  private readonly rule: NameRule;
  private opened: DirectoryBlocks | undefined;

  constructor(
    private readonly volume: XfsVolume,
    private readonly inode: Inode,
  ) {
    const { superblock } = volume;
    this.context = { inode: inode.number, fileTypes: superblock.fileTypes };
    this.rule = superblock.asciiCaseInsensitive ? ASCII_CASE_INSENSITIVE : EXACT;
  }

  /**
   * All names without `.` and `..`, in the order of the directory.
   * @throws TygrubError corrupt, limit `directorySize`, `directoryEntries`
   */
  async *entries(): AsyncGenerator<RawEntry> {
    const { limits, report } = this.volume;
    let count = 0;
    for await (const entry of this.stored()) {
      if (++count > limits.directoryEntries) {
        throw limitReached('directoryEntries', `directory inode ${this.inode.number} has more than ${limits.directoryEntries} names`);
      }
      if (isDot(entry.name)) continue;
      if (entry.name.includes(SLASH) || entry.name.includes(0)) {
        // No system can make such a name; a program that used it as a path would leave the directory.
        report.add(
          'xfs.impossible-name',
          `directory inode ${this.inode.number} has the impossible name ${JSON.stringify(nameText(entry.name))}, which is left out`,
        );
        continue;
      }
      yield entry;
    }
  }

  /** The number of the inode that a name stands for; null when there is no such name. @throws as `entries` */
  async lookup(name: Uint8Array): Promise<number | null> {
    if (isDot(name) || name.length === 0 || name.includes(SLASH) || name.includes(0)) return null;
    if (!isLocal(this.inode.data)) {
      try {
        return await this.lookupByHash(name);
      } catch (error) {
        if (!(error instanceof TygrubError) || error.kind !== 'corrupt') throw error;
        this.volume.report.add(error.code, `${error.message}; the directory was searched name by name`, error.offset);
      }
    }
    for await (const entry of this.entries()) if (this.rule.equal(entry.name, name)) return entry.inode;
    return null;
  }

  private async lookupByHash(name: Uint8Array): Promise<number | null> {
    const { superblock, limits } = this.volume;
    const hash = this.rule.hash(name);
    if (await this.isOneBlock()) {
      const { bytes, start } = await this.nameBlock(0);
      const table = blockLeafTable(bytes, start, this.inode.number);
      for (const address of blockAddresses(table, hash)) {
        const entry = entryAt(bytes, this.place(bytes, address, start), table.start, this.context);
        if (this.rule.equal(entry.name, name)) return entry.inode;
      }
      return null;
    }
    const { checksums, blockSize } = superblock;
    const blocks = this.blocks();
    let compared = 0;
    for await (const address of indexAddresses(blocks, hash, this.inode.number, checksums, blockSize, limits)) {
      // A hostile index may give every name of the directory the same hash.
      if (++compared > limits.directoryEntries) throw this.invalid('its index has more entries than a directory may have names');
      const offset = address - (address % blocks.size);
      if (offset >= DIR_LEAF_OFFSET) throw this.invalid(`its index leads to byte ${address}`);
      const block = await this.nameBlock(offset);
      const entry = entryAt(block.bytes, this.place(block.bytes, address % blocks.size, block.start), block.end, this.context);
      if (this.rule.equal(entry.name, name)) return entry.inode;
    }
    return null;
  }

  /** Checks where an index leads inside a block of names. */
  private place(block: Uint8Array, at: number, start: number): number {
    if (at < start || at + DIR_ALIGN > block.length || isFree(block, at))
      throw this.invalid(`its index leads to no name at byte ${at} of a block`);
    return at;
  }

  /** The names on the disk, `.` and `..` of blocks included. */
  private async *stored(): AsyncGenerator<RawEntry> {
    const { inode, volume } = this;
    if (isLocal(inode.data)) {
      if (inode.size > inode.data.bytes.length)
        throw this.invalid(`it has ${inode.size} bytes in an inode with room for ${inode.data.bytes.length}`);
      yield* shortFormEntries(inode.data.bytes.subarray(0, inode.size), this.context);
      return;
    }
    if (inode.size > volume.limits.directorySize)
      throw limitReached('directorySize', `directory inode ${inode.number} has ${inode.size} bytes`);
    const blocks = this.blocks();
    const { blockSize } = volume.superblock;
    for (let offset = 0; offset < inode.size; ) {
      const { start, length, offset: place } = await blocks.stretch(offset);
      if (place === null) {
        // Blocks without names are given back: holes between others are as they should be.
        const next = (start + length) * blockSize;
        offset = Math.max(offset + blocks.size, Math.ceil(next / blocks.size) * blocks.size);
        continue;
      }
      const block = await this.nameBlock(offset);
      yield* blockEntries(block.bytes, block.start, block.end, this.context);
      offset += blocks.size;
    }
  }

  private blocks(): DirectoryBlocks {
    this.opened ??= new DirectoryBlocks(this.volume, this.inode);
    return this.opened;
  }

  /** Whether names and index stand in one block: then nothing is mapped where an index would be (`xfs_dir2_isblock`). */
  private async isOneBlock(): Promise<boolean> {
    const blocks = this.blocks();
    if (this.inode.size !== blocks.size) return false;
    return (await blocks.stretch(DIR_LEAF_OFFSET)).offset === null;
  }

  private async nameBlock(offset: number): Promise<NameBlock> {
    const { checksums } = this.volume.superblock;
    const bytes = await this.blocks().read(offset, DIR_DATA_HEADER_CRC);
    const { magic } = DIR_DATA_HEADER.decode(bytes);
    const start = (checksums ? DIR_DATA_HEADER_CRC : DIR_DATA_HEADER).size;
    if (magic === (checksums ? DIR_DATA_CRC_MAGIC : DIR_DATA_MAGIC)) return { bytes, start, end: bytes.length };
    if (magic !== (checksums ? DIR_BLOCK_CRC_MAGIC : DIR_BLOCK_MAGIC) || offset !== 0) {
      throw this.invalid(`the block at byte ${offset} has the magic 0x${magic.toString(16)}`);
    }
    return { bytes, start, end: blockEntriesEnd(blockLeafTable(bytes, start, this.inode.number)) };
  }

  private invalid(what: string) {
    return corrupt('xfs.directory', `directory inode ${this.inode.number} is damaged: ${what}`);
  }
}
