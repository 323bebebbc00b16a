/** Files, directories, links and special files as the rest of tygrub sees them. */
import { untilNul } from '../../src/bytes/text.js';
import { corrupt, limitReached, unsupported, usageError } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { DirectoryEntry, FileNode, FileType, Timestamp } from '../filesystem.js';
import { contentOf } from './block-map.js';
import { Directory } from './directory.js';
import type { RawEntry } from './directory-block.js';
import { extendedAttributes } from './extended-attributes.js';
import { InlineSource } from './inline-data.js';
import { hasFlag, type Inode, isFastLink, readNamedInode } from './inode.js';
import { INODE_FLAG, INODE_FLAG_NAMES } from './layout.js';
import type { ExtVolume } from './volume.js';

/** Bits of `i_mode` that are permissions, setuid, setgid and sticky. */
const PERMISSIONS = 0o7777;

export class ExtNode implements FileNode {
  readonly crtime?: Timestamp;
  readonly device?: { readonly major: number; readonly minor: number };
  private directory: Directory | undefined;

  constructor(
    private readonly volume: ExtVolume,
    private readonly inode: Inode,
  ) {
    if (inode.crtime !== undefined) this.crtime = inode.crtime;
    if (inode.type === 'c' || inode.type === 'b') this.device = deviceNumber(inode.fields.block);
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
    return this.inode.uid;
  }

  get gid(): number {
    return this.inode.gid;
  }

  get project(): number {
    return this.inode.project;
  }

  get links(): number {
    return this.inode.fields.links_count;
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
    return INODE_FLAG_NAMES.filter(([bit]) => hasFlag(this.inode, bit)).map(([, name]) => name);
  }

  async *entries(): AsyncGenerator<DirectoryEntry> {
    for await (const entry of this.opened().entries()) yield new ExtEntry(this.volume, entry);
  }

  async lookup(name: Uint8Array): Promise<FileNode | null> {
    const number = await this.opened().lookup(name);
    return number === null ? null : new ExtNode(this.volume, await readNamedInode(this.volume, number));
  }

  async readLink(): Promise<Uint8Array> {
    const { volume, inode } = this;
    if (inode.type !== 'l') throw this.wrongUse('a symbolic link');
    this.refuseEncrypted('the target of this link');
    // A target stands in one block with a NUL after it.
    if (inode.size >= volume.superblock.blockSize) {
      throw corrupt('ext.symlink', `the symbolic link in inode ${inode.number} has ${inode.size} bytes, which is more than a block holds`);
    }
    if (inode.size >= volume.limits.pathLength) {
      throw limitReached('pathLength', `the target of the symbolic link in inode ${inode.number} has ${inode.size} bytes`);
    }
    const target = untilNul(await this.linkBytes());
    if (target.length === 0) throw corrupt('ext.symlink', `the symbolic link in inode ${inode.number} has no target`);
    return target.slice();
  }

  private async linkBytes(): Promise<Uint8Array> {
    const { volume, inode } = this;
    if (hasFlag(inode, INODE_FLAG.INLINE_DATA)) return new InlineSource(inode).read(0, inode.size);
    if (!isFastLink(volume, inode)) return contentOf(volume, inode).read(0, inode.size);
    const { block } = inode.fields;
    if (inode.size >= block.length) throw corrupt('ext.symlink', `the symbolic link in inode ${inode.number} is longer than its inode`);
    return block.subarray(0, inode.size);
  }

  async open(): Promise<ByteSource> {
    const { volume, inode } = this;
    if (inode.type !== 'f') throw this.wrongUse('a regular file');
    this.refuseEncrypted('this file');
    if (hasFlag(inode, INODE_FLAG.COMPRESSED)) {
      throw unsupported('ext.compressed', `inode ${inode.number} is compressed (e2compr), which is not read`);
    }
    if (hasFlag(inode, INODE_FLAG.INLINE_DATA)) return new InlineSource(inode);
    return contentOf(volume, inode);
  }

  attributes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return extendedAttributes(this.volume, this.inode);
  }

  private opened(): Directory {
    if (this.inode.type !== 'd') throw this.wrongUse('a directory');
    this.directory ??= new Directory(this.volume, this.inode);
    return this.directory;
  }

  private refuseEncrypted(what: string): void {
    if (!hasFlag(this.inode, INODE_FLAG.ENCRYPT)) return;
    throw unsupported('ext.encrypted', `${what} (inode ${this.inode.number}) is encrypted (fscrypt), tygrub has no key`);
  }

  private wrongUse(wanted: string) {
    return usageError('ext.wrong-type', `inode ${this.inode.number} is not ${wanted}`);
  }
}

class ExtEntry implements DirectoryEntry {
  constructor(
    private readonly volume: ExtVolume,
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
    return new ExtNode(this.volume, await readNamedInode(this.volume, this.entry.inode));
  }
}

/** Device numbers: 8 and 8 bits in the first word, or the kernel's newer encoding (12 and 20 bits) in the second. */
function deviceNumber(block: Uint8Array): { major: number; minor: number } {
  const words = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const old = words.getUint32(0, true);
  if (old !== 0) return { major: (old >>> 8) & 0xff, minor: old & 0xff };
  const wide = words.getUint32(4, true);
  return { major: (wide >>> 8) & 0xfff, minor: (wide & 0xff) | ((wide >>> 12) & 0xfff00) };
}
