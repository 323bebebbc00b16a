/** Files, directories, links and special files as the rest of tygrub sees them. */

import { unsupported, usageError } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { DirectoryEntry, FileNode, FileType, Timestamp } from '../filesystem.js';
import { extendedAttributes } from './attributes.js';
import { contentOf } from './block-map.js';
import { Directory } from './directory.js';
import type { RawEntry } from './directory-entries.js';
import { type Inode, readInode } from './inode.js';
import { INO32, INODE_FLAG, INODE_FLAG2 } from './layout.js';
import { linkTarget } from './symbolic-link.js';
import type { XfsVolume } from './volume.js';

/** Bits of `di_mode` that are permissions, setuid, setgid and sticky. */
const PERMISSIONS = 0o7777;

/** Names of flags, as `xfs_io -c stat` and `lsattr` users know them. */
const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [INODE_FLAG.REALTIME, 'realtime'],
  [INODE_FLAG.PREALLOC, 'preallocated'],
  [INODE_FLAG.IMMUTABLE, 'immutable'],
  [INODE_FLAG.APPEND, 'append-only'],
  [INODE_FLAG.SYNC, 'sync'],
  [INODE_FLAG.NOATIME, 'no-atime'],
  [INODE_FLAG.NODUMP, 'no-dump'],
  [INODE_FLAG.RTINHERIT, 'realtime-inherit'],
  [INODE_FLAG.PROJINHERIT, 'project-inherit'],
  [INODE_FLAG.NOSYMLINKS, 'no-symlinks'],
  [INODE_FLAG.EXTSIZE, 'extent-size'],
  [INODE_FLAG.EXTSZINHERIT, 'extent-size-inherit'],
  [INODE_FLAG.NODEFRAG, 'no-defragment'],
  [INODE_FLAG.FILESTREAM, 'filestream'],
];
const FLAG2_NAMES: readonly (readonly [number, string])[] = [
  [INODE_FLAG2.DAX, 'dax'],
  [INODE_FLAG2.REFLINK, 'reflink'],
  [INODE_FLAG2.COWEXTSIZE, 'cow-extent-size'],
];

export class XfsNode implements FileNode {
  readonly crtime?: Timestamp;
  readonly device?: { readonly major: number; readonly minor: number };
  private directory: Directory | undefined;

  constructor(
    private readonly volume: XfsVolume,
    private readonly inode: Inode,
  ) {
    if (inode.crtime !== undefined) this.crtime = inode.crtime;
    if (inode.type === 'c' || inode.type === 'b') this.device = deviceNumber(inode.data.bytes);
  }

  get id(): string {
    return String(this.inode.number);
  }

  get type(): FileType {
    return this.inode.type;
  }

  get size(): number {
    return this.inode.size;
  }

  get mode(): number {
    return this.inode.fields.mode & PERMISSIONS;
  }

  get uid(): number {
    return this.inode.fields.uid;
  }

  get gid(): number {
    return this.inode.fields.gid;
  }

  get project(): number {
    return this.inode.project;
  }

  get links(): number {
    return this.inode.links;
  }

  get mtime(): Timestamp {
    return this.inode.mtime;
  }

  get atime(): Timestamp {
    return this.inode.atime;
  }

  get ctime(): Timestamp {
    return this.inode.ctime;
  }

  get flags(): readonly string[] {
    const { fields, flags2 } = this.inode;
    return [...FLAG_NAMES.filter(([bit]) => (fields.flags & bit) !== 0), ...FLAG2_NAMES.filter(([bit]) => (flags2 & bit) !== 0)].map(
      ([, name]) => name,
    );
  }

  async *entries(): AsyncGenerator<DirectoryEntry> {
    for await (const entry of this.opened().entries()) yield new XfsEntry(this.volume, entry);
  }

  async lookup(name: Uint8Array): Promise<FileNode | null> {
    const number = await this.opened().lookup(name);
    return number === null ? null : new XfsNode(this.volume, await readInode(this.volume, number));
  }

  async readLink(): Promise<Uint8Array> {
    if (this.inode.type !== 'l') throw this.wrongUse('a symbolic link');
    return linkTarget(this.volume, this.inode);
  }

  async open(): Promise<ByteSource> {
    const { inode, volume } = this;
    if (inode.type !== 'f') throw this.wrongUse('a regular file');
    this.refuseUnfinished();
    return contentOf(volume, inode, inode.data, inode.size);
  }

  async attributes(): Promise<ReadonlyMap<string, Uint8Array>> {
    this.refuseUnfinished();
    return extendedAttributes(this.volume, this.inode);
  }

  private opened(): Directory {
    if (this.inode.type !== 'd') throw this.wrongUse('a directory');
    this.directory ??= new Directory(this.volume, this.inode);
    return this.directory;
  }

  /** What the log began and the kernel would finish at the next mount is not guessed. */
  private refuseUnfinished(): void {
    const { number } = this.inode;
    const what = this.volume.replayed?.unfinished(number);
    if (what === undefined) return;
    throw unsupported('xfs.log-unfinished', `the log began ${what} of inode ${number} and did not finish it, which is not done here`, {
      hint: 'mount the filesystem once, or use --no-journal to read what is on the disk without the log',
    });
  }

  private wrongUse(wanted: string) {
    return usageError('xfs.wrong-type', `inode ${this.inode.number} is not ${wanted}`);
  }
}

class XfsEntry implements DirectoryEntry {
  constructor(
    private readonly volume: XfsVolume,
    private readonly entry: RawEntry,
  ) {}

  get name(): Uint8Array {
    // A copy: the entry is a part of its block, which would stay in memory with it.
    return this.entry.name.slice();
  }

  get type(): FileType | null {
    return this.entry.type;
  }

  async node(): Promise<FileNode> {
    return new XfsNode(this.volume, await readInode(this.volume, this.entry.inode));
  }
}

/** Device numbers as IRIX had them: 14 bits and 18 bits (`sysv_major`, `sysv_minor`). */
function deviceNumber(fork: Uint8Array): { major: number; minor: number } {
  const number = INO32.decode(fork).ino;
  return { major: number >>> 18, minor: number & 0x3ffff };
}
