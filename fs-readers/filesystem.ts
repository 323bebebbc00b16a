/** What every filesystem reader (ext, later FAT, XFS ...) is to the rest of tygrub. */
import type { Warning } from '../src/errors.js';
import type { Limits } from '../src/limits.js';
import type { ByteSource } from '../src/source/byte-source.js';

/** File, directory, symbolic link, character device, block device, pipe, socket. */
export type FileType = 'f' | 'd' | 'l' | 'c' | 'b' | 'p' | 's';

/** A time as the disk has it. */
export interface Timestamp {
  /** Seconds since 1970-01-01T00:00:00Z; negative before. */
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A name in a directory. */
export interface DirectoryEntry {
  /** The bytes of the name, never empty, never `.` or `..`, without `/` and NUL. */
  readonly name: Uint8Array;
  /** The type where the directory tells it; null where only the node knows. */
  readonly type: FileType | null;
  /** The node that the name stands for. */
  node(): Promise<FileNode>;
}

/** A file, directory, link or special file, with what `lstat` tells. */
export interface FileNode {
  /** Tells nodes of one filesystem apart: an inode number as text, or the place of a FAT entry. */
  readonly id: string;
  readonly type: FileType;
  /** Bytes of the content (of the target's text for a link). */
  readonly size: number;
  /** Permission bits with setuid, setgid and sticky, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Project id of quotas, where the filesystem has such; 0 for none. */
  readonly project?: number;
  /** Hard links. */
  readonly links: number;
  readonly mtime: Timestamp;
  readonly atime?: Timestamp;
  readonly ctime?: Timestamp;
  readonly crtime?: Timestamp;
  /** Device number of `c` and `b`. */
  readonly device?: { readonly major: number; readonly minor: number };
  /** Names of the filesystem's own flags that are set (`immutable`, `encrypted` ...). */
  readonly flags?: readonly string[];

  /**
   * Directories: the names, in the order of the directory, without `.` and `..`.
   * @throws TygrubError usage for anything else; corrupt, limit
   */
  entries(): AsyncIterable<DirectoryEntry>;
  /**
   * Directories: the node of a name, by the filesystem's own rules (case, normalisation); null when there is none.
   * @throws TygrubError usage for anything else; corrupt, limit
   */
  lookup(name: Uint8Array): Promise<FileNode | null>;
  /** Links: the target's bytes. @throws TygrubError usage for anything else; corrupt, limit */
  readLink(): Promise<Uint8Array>;
  /** Regular files: the content, with holes as zeros. @throws TygrubError usage for anything else; corrupt, unsupported */
  open(): Promise<ByteSource>;
  /** Extended attributes: full name (`user.comment`) to value. Empty where the filesystem has none. */
  attributes(): Promise<ReadonlyMap<string, Uint8Array>>;
}

/** An opened filesystem. */
export interface FileSystem {
  /** As GRUB's and blkid's users know it: `ext4`, `vfat`, `iso9660`, `xfs`, `btrfs`. */
  readonly type: string;
  /** The name of the driver that GRUB's `probe --fs` prints: `ext2` for all ext, `fat`, `iso9660` ... */
  readonly grubType: string;
  /** As GRUB's `search --fs-uuid` compares it; null where there is none. */
  readonly uuid: string | null;
  /** As GRUB's `search --label` compares it; null or empty where there is none. */
  readonly label: string | null;
  /** Where the filesystem lies on several volumes: what all of them give, and nothing else does; absent elsewhere. */
  readonly spans?: string;
  /** What is wrong or odd but did not stop the reading; may grow while files are read. */
  readonly warnings: readonly Warning[];
  /** One phrase for people about its state: `journal replayed`, `clean`; empty when there is nothing to say. */
  readonly state: string;
  /** The root directory. For btrfs the default subvolume. */
  root(): Promise<FileNode>;
  /** The root of everything, where that is not `root()`: btrfs' top-level subvolume, from which GRUB's paths begin. */
  topLevel?(): Promise<FileNode>;
}

/** What a reader may use and how. */
export interface FileSystemOptions {
  readonly limits: Limits;
  /** Read what is on the disk now, without the journal (`--no-journal`). */
  readonly noJournal: boolean;
  /** Turn checksum mismatches into warnings (`--ignore-checksums`). */
  readonly ignoreChecksums: boolean;
  /** Other volumes of the guest, for filesystems on several devices and for external journals. */
  readonly otherVolumes: () => Promise<readonly ByteSource[]>;
}

/** One row of the table of filesystems. */
export interface FileSystemFormat {
  readonly name: string;
  /** Says from a few bytes whether this is such a filesystem. Never throws on content. */
  probe(source: ByteSource): Promise<boolean>;
  open(source: ByteSource, options: FileSystemOptions): Promise<FileSystem>;
}
