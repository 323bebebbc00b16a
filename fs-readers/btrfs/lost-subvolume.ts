/** A snapshot's entry for a subvolume of its original: an empty directory, as Linux shows it. */
import { usageError } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { DirectoryEntry, FileNode, Timestamp } from '../filesystem.js';

const MODE = 0o755;

export class LostSubvolume implements FileNode {
  readonly id: string;
  readonly type = 'd';
  readonly size = 0;
  readonly mode = MODE;
  readonly uid = 0;
  readonly gid = 0;
  readonly links = 1;
  readonly mtime: Timestamp;

  /** @param subvolume the number that the entry has */
  constructor(parent: FileNode, subvolume: number) {
    this.id = `${parent.id}:lost-${subvolume}`;
    this.mtime = parent.mtime;
  }

  async *entries(): AsyncGenerator<DirectoryEntry> {}

  async lookup(): Promise<null> {
    return null;
  }

  async readLink(): Promise<Uint8Array> {
    throw usageError('btrfs.wrong-type', 'the place of a subvolume is not a symbolic link');
  }

  async open(): Promise<ByteSource> {
    throw usageError('btrfs.wrong-type', 'the place of a subvolume is not a regular file');
  }

  async attributes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map();
  }
}
