/** A file, directory or link of an ISO 9660 filesystem as the rest of tygrub sees it. */
import { equalBytes, nameText } from '../../src/bytes/text.js';
import { corrupt, TygrubError, unsupported, usageError } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { ConcatenatedSource } from '../../src/source/concatenation.js';
import { MemorySource } from '../../src/source/memory.js';
import { SliceSource } from '../../src/source/slice.js';
import type { DirectoryEntry, FileNode, FileType, Timestamp } from '../filesystem.js';
import type { WarningList } from '../warning-list.js';
import { type DirectoryRecord, isDirectory, type RecordGroup, readRecord, readRecords } from './directory-record.js';
import { jolietName, plainName } from './names.js';
import { type RockRidgeAttributes, rockRidgeAttributes, rockRidgeName } from './rock-ridge.js';
import { readSystemUse, type SystemUse } from './system-use.js';
import { shortDate } from './timestamp.js';

/** The names of one disc: Rock Ridge's (POSIX), Joliet's (Unicode), or those of the standard. */
export type Tree = 'rock-ridge' | 'joliet' | 'plain';

/** What the nodes of one filesystem share. */
export interface IsoVolume {
  readonly source: ByteSource;
  readonly blockSize: number;
  readonly tree: Tree;
  /** Bytes that SP says are left out before system use entries. */
  readonly skip: number;
  readonly limits: Limits;
  readonly warnings: WarningList;
}

/** Without Rock Ridge anybody may read and execute everything. */
const MODE = 0o555;
const PERMISSIONS = 0o7777;

/** The type bits of a POSIX mode. */
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0o010000, 'p'],
  [0o020000, 'c'],
  [0o040000, 'd'],
  [0o060000, 'b'],
  [0o100000, 'f'],
  [0o120000, 'l'],
  [0o140000, 's'],
]);

const EMPTY = new MemorySource(new Uint8Array(0));
const NO_ATTRIBUTES: RockRidgeAttributes = rockRidgeAttributes([]);

/** Byte offset of a record's extent, behind its extended attribute record. */
function extentStart({ blockSize }: IsoVolume, { fields }: DirectoryRecord): number {
  return (fields.extent + fields.ext_attr_length) * blockSize;
}

/** The system use entries of a record; damage is a warning, as the rest of the record is good. */
async function systemUse(volume: IsoVolume, record: DirectoryRecord): Promise<SystemUse> {
  const use = await readSystemUse(record.systemUse, volume, record.position);
  if (use.damage !== null) {
    volume.warnings.add('iso9660.system-use', `the record at byte ${record.position} has ${use.damage}`, record.position);
  }
  return use;
}

async function attributesOf(volume: IsoVolume, record: DirectoryRecord): Promise<RockRidgeAttributes> {
  if (volume.tree !== 'rock-ridge') return NO_ATTRIBUTES;
  try {
    return rockRidgeAttributes((await systemUse(volume, record)).entries);
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind === 'io') throw error;
    volume.warnings.add(error.code, error.message, record.position);
    return NO_ATTRIBUTES;
  }
}

/** The directory whose extent starts at a byte offset: its own `.` record tells about it. */
export async function directoryNode(volume: IsoVolume, start: number, what: string): Promise<FileNode> {
  const self = await readRecord(volume.source, start);
  return new IsoNode(volume, [self], await attributesOf(volume, self), what);
}

/** The node of a file's records. */
async function groupNode(volume: IsoVolume, { records }: RecordGroup, what: string): Promise<FileNode> {
  const [first] = records;
  if (isDirectory(first)) return directoryNode(volume, extentStart(volume, first), what);
  const attributes = await attributesOf(volume, first);
  if (attributes.relocated !== null) return directoryNode(volume, attributes.relocated * volume.blockSize, what);
  return new IsoNode(volume, records, attributes, what);
}

/** Bytes behind one record. Linux shows interleaved files (which nobody writes) as empty; so does tygrub, and says so. */
function sizeOf({ warnings }: IsoVolume, { fields, position }: DirectoryRecord, what: string): number {
  if (fields.interleave === 0) return fields.size;
  warnings.add('iso9660.interleaved', `${what} is interleaved with other files, which is not read: it counts as empty`, position);
  return 0;
}

class IsoNode implements FileNode {
  readonly id: string;
  readonly type: FileType;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtime: Timestamp;
  readonly atime?: Timestamp;
  readonly ctime?: Timestamp;
  readonly device?: { readonly major: number; readonly minor: number };

  constructor(
    private readonly volume: IsoVolume,
    private readonly records: readonly [DirectoryRecord, ...DirectoryRecord[]],
    private readonly posix: RockRidgeAttributes,
    private readonly what: string,
  ) {
    const [first] = records;
    this.id = String(first.position);
    // A mode without a type that POSIX knows says nothing about the type.
    const known = posix.mode === null ? undefined : TYPES.get(posix.mode & ~PERMISSIONS & 0xffff);
    this.type = known ?? (isDirectory(first) ? 'd' : 'f');
    this.mode = posix.mode === null ? MODE : posix.mode & PERMISSIONS;
    this.links = posix.links;
    this.uid = posix.uid;
    this.gid = posix.gid;
    this.mtime = posix.mtime ?? shortDate(first.fields.date);
    if (posix.atime !== undefined) this.atime = posix.atime;
    if (posix.ctime !== undefined) this.ctime = posix.ctime;
    if (posix.device !== undefined) this.device = posix.device;
    const stored = records.reduce((sum, record) => sum + sizeOf(volume, record, what), 0);
    this.size = this.type === 'l' ? (posix.target?.length ?? 0) : (posix.compressed?.size ?? stored);
  }

  async *entries(): AsyncGenerator<DirectoryEntry> {
    for await (const { group, name } of this.named()) {
      const type = this.volume.tree === 'rock-ridge' ? null : isDirectory(group.records[0]) ? 'd' : 'f';
      yield { name, type, node: () => groupNode(this.volume, group, nameText(name)) };
    }
  }

  /** Names of Rock Ridge compare as they are; Joliet's and plain ones, as in GRUB, without regard to case. */
  async lookup(name: Uint8Array): Promise<FileNode | null> {
    const folded = this.volume.tree === 'rock-ridge' ? null : nameText(name).toLowerCase();
    let other: RecordGroup | null = null;
    for await (const entry of this.named()) {
      if (equalBytes(entry.name, name)) return groupNode(this.volume, entry.group, nameText(name));
      if (folded !== null && other === null && nameText(entry.name).toLowerCase() === folded) other = entry.group;
    }
    return other === null ? null : groupNode(this.volume, other, nameText(name));
  }

  async readLink(): Promise<Uint8Array> {
    if (this.type !== 'l') throw this.wrongType('a symbolic link');
    const { target } = this.posix;
    if (target === null || target.length === 0) {
      throw corrupt('iso9660.symlink', `the symbolic link ${this.what} has no target`, { offset: this.records[0].position });
    }
    if (target.length > this.volume.limits.pathLength) {
      throw corrupt('iso9660.symlink', `the symbolic link ${this.what} has a target of ${target.length} bytes`, {
        offset: this.records[0].position,
      });
    }
    return target;
  }

  async open(): Promise<ByteSource> {
    if (this.type !== 'f') throw this.wrongType('a regular file');
    const { compressed } = this.posix;
    if (compressed !== null) {
      throw unsupported('iso9660.zisofs', `${this.what} is compressed with zisofs (${compressed.algorithm})`, {
        offset: this.records[0].position,
        hint: 'make the image without zisofs',
      });
    }
    const [first, ...rest] = this.records.map((record) => this.extent(record));
    return rest.length === 0 && first !== undefined ? first : new ConcatenatedSource([first ?? EMPTY, ...rest]);
  }

  async attributes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map();
  }

  /** The content that one record leads to. */
  private extent(record: DirectoryRecord): ByteSource {
    const size = sizeOf(this.volume, record, this.what);
    if (size === 0) return EMPTY; // whatever its extent says
    const start = extentStart(this.volume, record);
    if (start + size > this.volume.source.size) {
      throw corrupt(
        'iso9660.extent',
        `${this.what} is said to be at byte ${start} with ${size} bytes, the volume has ${this.volume.source.size}`,
        {
          offset: record.position,
        },
      );
    }
    return new SliceSource(this.volume.source, start, size);
  }

  /** The files of a directory with the names that they have in the tree; those that have none are left out. */
  private async *named(): AsyncGenerator<{ group: RecordGroup; name: Uint8Array }> {
    if (this.type !== 'd') throw this.wrongType('a directory');
    const [self] = this.records;
    const { source, limits } = this.volume;
    for await (const group of readRecords(source, extentStart(this.volume, self), self.fields.size, limits)) {
      const name = await this.nameOf(group.last);
      if (name === null || name.length === 0) continue;
      if (isFileName(name)) yield { group, name };
      else {
        const at = group.last.position;
        this.volume.warnings.add('iso9660.bad-name', `the record at byte ${at} has a name that no file can have; it is left out`, at);
      }
    }
  }

  private async nameOf(record: DirectoryRecord): Promise<Uint8Array | null> {
    if (this.volume.tree === 'joliet') return jolietName(record.name);
    if (this.volume.tree === 'plain') return plainName(record.name);
    try {
      const name = rockRidgeName(await systemUse(this.volume, record));
      if (name.kind === 'relocated') return null;
      return name.kind === 'name' ? name.name : plainName(record.name);
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'io') throw error;
      this.volume.warnings.add(error.code, `${error.message}; the file is left out`, record.position);
      return null;
    }
  }

  private wrongType(expected: string): TygrubError {
    return usageError('iso9660.wrong-type', `${this.what} is not ${expected}`);
  }
}

/** No slash, no NUL, not `.` or `..`. */
function isFileName(name: Uint8Array): boolean {
  if (name.includes(0x2f) || name.includes(0)) return false;
  return !(name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e)));
}
