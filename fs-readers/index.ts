/** The table of filesystems and the way in. */
import type { ByteSource } from '../src/source/byte-source.js';
import { btrfs, btrfsBackup } from './btrfs/index.js';
import { ext, extBackup } from './ext/index.js';
import { fat } from './fat/index.js';
import type { FileSystem, FileSystemFormat, FileSystemOptions } from './filesystem.js';
import { iso9660 } from './iso9660/index.js';
import { xfs } from './xfs/index.js';

export type { DirectoryEntry, FileNode, FileSystem, FileSystemFormat, FileSystemOptions, FileType, Timestamp } from './filesystem.js';

/** All filesystems, in the order in which they are asked. A new reader is a new folder and one new row. */
export const FILE_SYSTEMS: readonly FileSystemFormat[] = [
  ext,
  btrfs,
  iso9660,
  xfs,
  // After those with a magic of their own: a boot sector that looks like FAT's may be left over, or be boot code.
  fat,
  // Last: they go by what an older filesystem may have left behind.
  btrfsBackup,
  extBackup,
];

/**
 * Opens the filesystem on a volume.
 * @returns null when no reader knows what is there
 * @throws TygrubError corrupt, unsupported, limit: a filesystem was recognised but cannot be read
 */
export async function openFileSystem(source: ByteSource, options: FileSystemOptions): Promise<FileSystem | null> {
  for (const format of FILE_SYSTEMS) {
    if (await format.probe(source)) return format.open(source, options);
  }
  return null;
}
