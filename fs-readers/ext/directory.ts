/** Directories: their names in order, and the inode of one name. */
import { decodeLatin1, equalBytes, nameText } from '../../src/bytes/text.js';
import { corrupt, limitReached, TygrubError, unsupported } from '../../src/errors.js';
import { type BlockMap, blockMap } from './block-map.js';
import { foldName } from './casefold.js';
import { checksumMatches, directoryEntries, hashTreeOffset, type RawEntry } from './directory-block.js';
import { COMPAT } from './features.js';
import { leavesOf } from './hash-tree.js';
import { inlineData } from './inline-data.js';
import { hasFlag, type Inode } from './inode.js';
import { INLINE_DIRECTORY_HEAD, INODE_FLAG } from './layout.js';
import { type ExtVolume, readBlock } from './volume.js';

/** `s_encoding_flags`: names that are not UTF-8 do not exist. */
const ENCODING_STRICT = 0x1;
const DOT = 0x2e;
const SLASH = 0x2f;

/** `.` and `..`, which stand in the directory like any other name. */
function isDot(name: Uint8Array): boolean {
  return name[0] === DOT && (name.length === 1 || (name.length === 2 && name[1] === DOT));
}

function isAscii(name: Uint8Array): boolean {
  return name.every((byte) => byte < 0x80);
}

/** An opened directory. */
export class Directory {
  private readonly map: BlockMap;
  /** Blocks by the directory's size. */
  readonly blocks: number;
  /** Blocks whose checksum was compared: a search comes to the same ones again and again. */
  private readonly verified = new Set<number>();

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
    const { blocksCount, blockSize } = volume.superblock;
    // Directories have no holes worth the name: a larger one shows the same blocks again and again.
    if (inode.size > blocksCount * blockSize) {
      throw corrupt('ext.directory', `directory inode ${inode.number} has ${inode.size} bytes, more than its filesystem`);
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
    const matches = this.matcher(name);
    if (matches === null) return null;
    const found = await this.find(name, matches);
    for (const change of this.volume.fastCommits?.names(this.inode.number).values() ?? []) {
      if (!matches(change.name)) continue;
      if (found === null || found === change.unlinked) return change.linked;
    }
    return found;
  }

  /** By which rule a name is compared with those of the directory; null when no name can be equal. */
  private matcher(name: Uint8Array): ((other: Uint8Array) => boolean) | null {
    if (!hasFlag(this.inode, INODE_FLAG.CASEFOLD)) return (other) => equalBytes(other, name);
    const folded = foldName(name);
    if (folded !== null) return (other) => equalBytes(foldName(other) ?? other, folded);
    if ((this.volume.superblock.fields.encoding_flags & ENCODING_STRICT) !== 0) return null;
    return (other) => equalBytes(other, name);
  }

  /** Finds a name on the disk: by its hash, or by walking the directory where there is no hash tree or it is damaged. */
  private async find(name: Uint8Array, matches: (other: Uint8Array) => boolean): Promise<number | null> {
    const { volume, inode } = this;
    const folds = hasFlag(inode, INODE_FLAG.CASEFOLD);
    const hashed = folds ? (foldName(name) ?? name) : name;
    if (this.hasHashTree()) {
      try {
        for await (const block of leavesOf(this, hashed)) {
          for (const entry of directoryEntries(block, { volume, directory: inode, where: 'a leaf of its hash tree' })) {
            if (matches(entry.name)) return entry.inode;
          }
        }
        // The kernel may have folded a rare letter in another way when it put the name into the tree.
        if (!folds || isAscii(name)) return null;
      } catch (error) {
        if (!(error instanceof TygrubError) || error.kind !== 'corrupt') throw error;
        volume.report.warn({ code: error.code, message: `${error.message}; the directory was searched name by name` });
      }
    }
    return this.search(matches);
  }

  private hasHashTree(): boolean {
    const { volume, inode } = this;
    if (!hasFlag(inode, INODE_FLAG.INDEX) || hasFlag(inode, INODE_FLAG.INLINE_DATA)) return false;
    return volume.superblock.hasCompat(COMPAT.DIR_INDEX) && !(volume.fastCommits?.isNewDirectory(inode.number) ?? false);
  }

  /** Walks the directory for a name. */
  private async search(matches: (other: Uint8Array) => boolean): Promise<number | null> {
    for (let at = 0; ; ) {
      const piece = await this.piece(at);
      if (piece === null) return null;
      for (const entry of piece.entries) if (matches(entry.name)) return entry.inode;
      at = piece.next;
    }
  }

  /** The entries on the disk, `.` and `..` included. */
  private async *stored(): AsyncGenerator<RawEntry> {
    for (let at = 0; ; ) {
      const piece = await this.piece(at);
      if (piece === null) return;
      yield* piece.entries;
      at = piece.next;
    }
  }

  /**
   * The entries of one block, or of one part of inline data.
   * @param at 0, and then what the piece before gave
   * @returns null at the end
   */
  private async piece(at: number): Promise<{ readonly entries: Iterable<RawEntry>; readonly next: number } | null> {
    const { volume, inode } = this;
    if (volume.fastCommits?.isNewDirectory(inode.number) ?? false) return null;
    if (hasFlag(inode, INODE_FLAG.INLINE_DATA)) {
      if (at > 1) return null;
      const { first, rest } = inlineData(inode);
      const [data, where] = at === 0 ? [first.subarray(INLINE_DIRECTORY_HEAD), 'its inode'] : [rest, 'its inode, second part'];
      return { entries: directoryEntries(data, { volume, directory: inode, where }), next: at + 1 };
    }
    if (at >= this.blocks) return null;
    const { start, length, physical } = await this.map.find(at);
    if (physical === null) {
      volume.report.warn({ code: 'ext.directory-hole', message: `directory inode ${inode.number} has a hole at block ${at}` });
      return { entries: [], next: start + length };
    }
    const block = await this.read(at, physical + at - start);
    return { entries: directoryEntries(block, { volume, directory: inode, where: `block ${at}` }), next: at + 1 };
  }

  /** Reads and verifies one block. */
  private async read(logical: number, physical: number): Promise<Uint8Array> {
    const { volume, inode } = this;
    const block = await readBlock(volume, physical, `directory inode ${inode.number}`);
    if (volume.superblock.metadataChecksums && !this.verified.has(logical)) {
      const indexed = hasFlag(inode, INODE_FLAG.INDEX) && volume.superblock.hasCompat(COMPAT.DIR_INDEX);
      const offset = indexed ? hashTreeOffset(block, logical, volume.superblock.blockSize) : -1;
      if (!checksumMatches(block, inode, offset)) {
        volume.report.mismatch(`block ${logical} of directory inode ${inode.number}`, physical * volume.superblock.blockSize);
      }
      this.verified.add(logical);
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
