/** Files, directories, links and special files as the rest of tygrub sees them. */
import { untilNul } from '../../src/bytes/text.js';
import { corrupt, limitReached, usageError } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { DirectoryEntry, FileNode, FileType, Timestamp } from '../filesystem.js';
import { FileContent } from './content.js';
import { type DirItem, fileType, findName, listDirectory } from './directory.js';
import { attributesOf } from './extended-attributes.js';
import { deviceNumber, type Inode, inodeText, readInode, timestamp } from './inode.js';
import { INODE_FLAG_NAMES, ITEM_TYPE } from './layout.js';
import { LostSubvolume } from './lost-subvolume.js';
import type { BtrfsVolume } from './volume.js';

/** Bits of `mode` that are permissions, setuid, setgid and sticky. */
const PERMISSIONS = 0o7777;

/** The root directory of a subvolume. @throws TygrubError not-found, corrupt */
export async function subvolumeRoot(volume: BtrfsVolume, id: number): Promise<FileNode> {
  const subvolume = await volume.subvolumes.open(id);
  const inode = await readInode(subvolume, subvolume.rootDirectory);
  if (inode.type !== 'd') throw corrupt('btrfs.root', `the root of subvolume ${id} is not a directory`);
  return new BtrfsNode(volume, inode);
}

class BtrfsNode implements FileNode {
  readonly mtime: Timestamp;
  readonly atime: Timestamp;
  readonly ctime: Timestamp;
  readonly crtime: Timestamp;
  readonly device?: { readonly major: number; readonly minor: number };

  constructor(
    private readonly volume: BtrfsVolume,
    private readonly inode: Inode,
  ) {
    const { fields } = inode;
    this.mtime = timestamp(fields.mtime);
    this.atime = timestamp(fields.atime);
    this.ctime = timestamp(fields.ctime);
    this.crtime = timestamp(fields.otime);
    if (inode.type === 'c' || inode.type === 'b') this.device = deviceNumber(fields.rdev);
  }

  /** Inode numbers are those of their subvolume. */
  get id(): string {
    return `${this.inode.subvolume.id}:${this.inode.number}`;
  }

  get type(): FileType {
    return this.inode.type;
  }

  get size(): number {
    return this.inode.fields.size;
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

  get links(): number {
    return this.inode.fields.nlink;
  }

  get flags(): readonly string[] {
    return INODE_FLAG_NAMES.filter(([bit]) => (this.inode.fields.flags.low & bit) !== 0).map(([, name]) => name);
  }

  async *entries(): AsyncGenerator<DirectoryEntry> {
    this.require('d', 'a directory');
    const { volume, inode } = this;
    for await (const entry of listDirectory(volume, inode.subvolume, inode.number)) {
      yield { name: entry.name, type: fileType(entry), node: () => this.follow(entry) };
    }
  }

  async lookup(name: Uint8Array): Promise<FileNode | null> {
    this.require('d', 'a directory');
    const entry = await findName(this.inode.subvolume.tree, this.inode.number, name);
    return entry === null ? null : this.follow(entry);
  }

  async readLink(): Promise<Uint8Array> {
    this.require('l', 'a symbolic link');
    const { volume, inode } = this;
    if (inode.fields.size >= volume.limits.pathLength) {
      throw limitReached('pathLength', `the target of the symbolic link in ${inodeText(inode)} has ${inode.fields.size} bytes`);
    }
    const target = untilNul(await new FileContent(volume, inode).read(0, inode.fields.size));
    if (target.length === 0) throw corrupt('btrfs.symlink', `the symbolic link in ${inodeText(inode)} has no target`);
    return target.slice();
  }

  async open(): Promise<ByteSource> {
    this.require('f', 'a regular file');
    return new FileContent(this.volume, this.inode);
  }

  attributes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return attributesOf(this.volume, this.inode);
  }

  /** The node that a directory item leads to: an inode of the same subvolume, or another subvolume's root. */
  private async follow(entry: DirItem): Promise<FileNode> {
    const { volume, inode } = this;
    const { location } = entry;
    if (location.type === ITEM_TYPE.INODE_ITEM) return new BtrfsNode(volume, await readInode(inode.subvolume, location.objectid));
    if (location.type !== ITEM_TYPE.ROOT_ITEM) {
      throw corrupt('btrfs.directory', `a name in ${inodeText(inode)} leads to an item of type ${location.type}`);
    }
    const inPlace = await volume.subvolumes.isPlaceOf(location.objectid, inode.subvolume.id, inode.number, entry.name);
    return inPlace ? subvolumeRoot(volume, location.objectid) : new LostSubvolume(this, location.objectid);
  }

  private require(type: FileType, what: string): void {
    if (this.inode.type !== type) throw usageError('btrfs.wrong-type', `${inodeText(this.inode)} is not ${what}`);
  }
}
