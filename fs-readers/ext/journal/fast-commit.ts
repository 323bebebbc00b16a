/** Fast commits, replayed in memory: what they change stands here, beside the volume, and the readers ask for it. */
import { decodeLatin1 } from '../../../src/bytes/text.js';
import type { BlockMap, Mapping } from '../block-map.js';
import { readRawInode } from '../inode.js';
import { EXTENT, EXTENT_HEADER, EXTENT_MAGIC, INODE, INODE_FLAG, MAX_WRITTEN_LENGTH } from '../layout.js';
import { checkBlocks, type ExtVolume, type FastCommitChanges, type NameChange } from '../volume.js';
import { BlockRanges } from './block-ranges.js';
import type { FastCommitRecord } from './fast-commit-records.js';
import { FC_ADD_RANGE, FC_DEL_RANGE, FC_DENTRY, FC_INODE, FC_TAG } from './layout.js';

const NO_NAMES: ReadonlyMap<string, NameChange> = new Map();
/** `i_mode` of directories, its highest four bits. */
const DIRECTORY_MODE = 0x4;

/** The changes of one filesystem's fast commits, made by applying their records in order. */
export class FastCommits implements FastCommitChanges {
  private readonly inodes = new Map<number, Uint8Array>();
  private readonly ranges = new Map<number, BlockRanges>();
  private readonly directories = new Map<number, Map<string, NameChange>>();
  private readonly newDirectories = new Set<number>();

  private constructor(private readonly volume: ExtVolume) {}

  /**
   * @param volume as it is after the log was replayed
   * @throws TygrubError corrupt when a record names an inode or block that does not exist
   */
  static async apply(volume: ExtVolume, records: readonly FastCommitRecord[]): Promise<FastCommits> {
    const changes = new FastCommits(volume);
    for (const record of records) await changes.applyRecord(record);
    return changes;
  }

  inode(number: number): Uint8Array | undefined {
    return this.inodes.get(number);
  }

  blocks(inode: number, map: BlockMap): BlockMap {
    return this.ranges.get(inode)?.over(map) ?? map;
  }

  names(directory: number): ReadonlyMap<string, NameChange> {
    return this.directories.get(directory) ?? NO_NAMES;
  }

  isNewDirectory(inode: number): boolean {
    return this.newDirectories.has(inode);
  }

  private async applyRecord({ tag, value }: FastCommitRecord): Promise<void> {
    switch (tag) {
      case FC_TAG.INODE:
        return this.replaceInode(FC_INODE.decode(value).ino, value.subarray(FC_INODE.size));
      case FC_TAG.ADD_RANGE: {
        const { ino } = FC_ADD_RANGE.decode(value);
        const extent = EXTENT.decode(value, FC_ADD_RANGE.size);
        const unwritten = extent.len > MAX_WRITTEN_LENGTH;
        const length = unwritten ? extent.len - MAX_WRITTEN_LENGTH : extent.len;
        const physical = extent.start_hi * 0x1_0000_0000 + extent.start_lo;
        checkBlocks(this.volume.superblock, physical, length, `a fast commit of inode ${ino}`);
        return this.paint(ino, { start: extent.block, length, physical: unwritten ? null : physical, hole: false });
      }
      case FC_TAG.DEL_RANGE: {
        const { ino, lblk, len } = FC_DEL_RANGE.decode(value);
        return this.paint(ino, { start: lblk, length: len, physical: null, hole: true });
      }
      case FC_TAG.CREAT:
      case FC_TAG.LINK:
      case FC_TAG.UNLINK: {
        const { parent_ino, ino } = FC_DENTRY.decode(value);
        return this.rename(tag, parent_ino, ino, value.subarray(FC_DENTRY.size));
      }
      default:
        return;
    }
  }

  /** The kernel takes all of the logged inode but its block map, which ranges describe. */
  private async replaceInode(number: number, logged: Uint8Array): Promise<void> {
    const raw = this.inodes.get(number) ?? (await readRawInode(this.volume, number)).raw.slice();
    const block = INODE.offsetOf('block');
    const after = block + INODE.sizeOf('block');
    raw.set(logged.subarray(0, block));
    raw.set(logged.subarray(after), after);
    const { flags } = INODE.decode(raw);
    if ((flags & INODE_FLAG.EXTENTS) === 0) raw.set(logged.subarray(block, after), block);
    else if (EXTENT_HEADER.decode(raw, block).magic !== EXTENT_MAGIC) {
      // So the kernel does it, too: a file that had no extents loses the ranges that were logged before this record.
      this.ranges.delete(number);
      raw.fill(0, block, after);
      const max = Math.floor((after - block - EXTENT_HEADER.size) / EXTENT.size);
      EXTENT_HEADER.encode(raw, { magic: EXTENT_MAGIC, max }, block);
    }
    this.inodes.set(number, raw);
  }

  private paint(inode: number, mapping: Mapping): void {
    if (mapping.length === 0) return;
    let ranges = this.ranges.get(inode);
    if (ranges === undefined) {
      ranges = new BlockRanges();
      this.ranges.set(inode, ranges);
    }
    ranges.paint(mapping);
  }

  private rename(tag: number, parent: number, inode: number, name: Uint8Array): void {
    let names = this.directories.get(parent);
    if (names === undefined) {
      names = new Map();
      this.directories.set(parent, names);
    }
    const key = decodeLatin1(name);
    const before = names.get(key) ?? { name, unlinked: null, linked: null };
    if (tag === FC_TAG.UNLINK) {
      if (before.linked === inode) names.set(key, { ...before, linked: null });
      else if (before.linked === null) names.set(key, { ...before, unlinked: inode });
      return;
    }
    if (before.linked === null) names.set(key, { ...before, linked: inode });
    if (tag === FC_TAG.CREAT && this.isDirectory(inode)) this.newDirectories.add(inode);
  }

  private isDirectory(number: number): boolean {
    const raw = this.inodes.get(number);
    return raw !== undefined && INODE.decode(raw).mode >>> 12 === DIRECTORY_MODE;
  }
}
