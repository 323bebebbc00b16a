/** Directories: their names in order, and the inode of one name. */
import { decodeLatin1, equalBytes, nameText } from '../../src/bytes/text.js';
import { corrupt, limitReached, unsupported } from '../../src/errors.js';
import { type BlockMap, blockMap } from './block-map.js';
import { checksumMatches, directoryEntries, hashTreeOffset, type RawEntry } from './directory-block.js';
import { COMPAT } from './features.js';
import { inlineData } from './inline-data.js';
import { hasFlag, type Inode } from './inode.js';
import { INLINE_DIRECTORY_HEAD, INODE_FLAG } from './layout.js';
import { type ExtVolume, readBlock } from './volume.js';

const DOT = 0x2e;
const SLASH = 0x2f;

/** `.` and `..`, which stand in the directory like any other name. */
function isDot(name: Uint8Array): boolean {
  return name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT));
}

/** An opened directory. */
export class Directory {
  private readonly map: BlockMap;
  /** Blocks by the directory's size. */
  private readonly blocks: number;

  /**
   * @throws TygrubError unsupported for encrypted directories, limit `directorySize`
   */
  constructor(
    readonly volume: ExtVolume,
    readonly inode: Inode,
  ) {
    if (hasFlag(inode, INODE_FLAG.ENCRYPT)) {
      throw unsupported('ext.encrypted', `the names in directory inode ${inode.number} are encrypted (fscrypt), tygrub has no key`);
    }
    const { limits } = volume;
    if (inode.size > limits.directorySize) {
      throw limitReached('directorySize', `directory inode ${inode.number} has ${inode.size} bytes`);
    }
    this.map = blockMap(volume, inode);
    this.blocks = Math.floor(inode.size / volume.superblock.blockSize);
  }

  /** All entries in use, without `.` and `..`, in the order of the blocks. */
  async *entries(): AsyncGenerator<RawEntry> {
    const { limits, report } = this.volume;
    let count = 0;
    for await (const entry of this.changed()) {
      if (++count > limits.directoryEntries) {
        throw limitReached('directoryEntries', `directory inode ${this.inode.number} has more than ${limits.directoryEntries} names`);
      }
      if (isDot(entry.name)) continue;
      if (entry.name.includes(SLASH) || entry.name.includes(0)) {
        // No system can make such a name; a program that used it as a path would leave the directory.
        report.warn({
          code: 'ext.impossible-name',
          message: `directory inode ${this.inode.number} has the impossible name ${JSON.stringify(nameText(entry.name))}, which is left out`,
        });
        continue;
      }
      yield entry;
    }
  }

  /** The entries on the disk with the changes of fast commits. */
  private async *changed(): AsyncGenerator<RawEntry> {
    const changes = this.volume.fastCommits?.names(this.inode.number);
    if (changes === undefined || changes.size === 0) {
      yield* this.stored();
      return;
    }
    const pending = new Map(changes);
    for await (const entry of this.stored()) {
      const key = decodeLatin1(entry.name);
      if (changes.get(key)?.unlinked === entry.inode) continue;
      pending.delete(key);
      yield entry;
    }
    for (const { name, linked } of pending.values()) if (linked !== null) yield { inode: linked, name, type: null };
  }

  /** The number of the inode that a name stands for; null when there is no such name. */
  async lookup(name: Uint8Array): Promise<number | null> {
    if (isDot(name)) return null;
    const change = this.volume.fastCommits?.names(this.inode.number).get(decodeLatin1(name));
    const found = await this.find(name);
    if (found !== null && found !== change?.unlinked) return found;
    return change?.linked ?? null;
  }

  private async find(name: Uint8Array): Promise<number | null> {
    for await (const entry of this.stored()) if (equalBytes(entry.name, name)) return entry.inode;
    return null;
  }

  /** The entries on the disk, `.` and `..` included. */
  private async *stored(): AsyncGenerator<RawEntry> {
    const { volume, inode } = this;
    if (volume.fastCommits?.isNewDirectory(inode.number) ?? false) return;
    if (hasFlag(inode, INODE_FLAG.INLINE_DATA)) {
      const { first, rest } = inlineData(inode);
      yield* directoryEntries(first.subarray(INLINE_DIRECTORY_HEAD), { volume, directory: inode, where: 'its inode' });
      yield* directoryEntries(rest, { volume, directory: inode, where: 'its inode, second part' });
      return;
    }
    for (let logical = 0; logical < this.blocks; ) {
      const { start, length, physical } = await this.map.find(logical);
      if (physical === null) {
        volume.report.warn({ code: 'ext.directory-hole', message: `directory inode ${inode.number} has a hole at block ${logical}` });
        logical = start + length;
        continue;
      }
      const block = await this.read(logical, physical + logical - start);
      yield* directoryEntries(block, { volume, directory: inode, where: `block ${logical}` });
      logical += 1;
    }
  }

  /** Reads and verifies one block. */
  private async read(logical: number, physical: number): Promise<Uint8Array> {
    const { volume, inode } = this;
    const block = await readBlock(volume, physical, `directory inode ${inode.number}`);
    if (volume.superblock.metadataChecksums) {
      const indexed = hasFlag(inode, INODE_FLAG.INDEX) && volume.superblock.hasCompat(COMPAT.DIR_INDEX);
      const offset = indexed ? hashTreeOffset(block, logical, volume.superblock.blockSize) : -1;
      if (!checksumMatches(block, inode, offset)) {
        volume.report.mismatch(`block ${logical} of directory inode ${inode.number}`, physical * volume.superblock.blockSize);
      }
    }
    return block;
  }

  /** A block of the directory by its logical number. @throws TygrubError corrupt when it is a hole or past the end */
  async block(logical: number): Promise<Uint8Array> {
    const { start, physical } = await this.map.find(logical);
    if (logical >= this.blocks || physical === null) {
      throw corrupt('ext.directory', `directory inode ${this.inode.number} has no block ${logical}`);
    }
    return this.read(logical, physical + logical - start);
  }
}
