/** An XFS filesystem, opened. */
import { nameText, untilNul } from '../../src/bytes/text.js';
import { formatUuid } from '../../src/bytes/uuid.js';
import { corrupt } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { FileNode, FileSystem, FileSystemOptions } from '../filesystem.js';
import { INCOMPAT } from './features.js';
import { readInode } from './inode.js';
import { recover } from './log/recovery.js';
import { XfsNode } from './node.js';
import { Report } from './report.js';
import { readSuperblock } from './superblock.js';
import type { XfsVolume } from './volume.js';

class XfsFileSystem implements FileSystem {
  readonly type = 'xfs';
  readonly grubType = 'xfs';
  readonly uuid: string;
  readonly label: string;

  constructor(
    private readonly volume: XfsVolume,
    readonly state: string,
  ) {
    const { fields } = volume.superblock;
    this.uuid = formatUuid(fields.uuid);
    this.label = nameText(untilNul(fields.fname));
  }

  get warnings() {
    return this.volume.report.all;
  }

  async root(): Promise<FileNode> {
    const { rootino } = this.volume.superblock.fields;
    const inode = await readInode(this.volume, rootino);
    if (inode.type !== 'd') throw corrupt('xfs.root', `the root directory (inode ${rootino}) is not a directory`);
    return new XfsNode(this.volume, inode);
  }
}

/** Opens the filesystem, its log replayed. @throws TygrubError corrupt, unsupported, limit */
export async function openXfs(source: ByteSource, options: FileSystemOptions): Promise<FileSystem> {
  const report = new Report(options);
  const superblock = await readSuperblock(source, report, false);
  const size = superblock.fields.dblocks * superblock.blockSize;
  if (size > source.size) {
    report.add('xfs.cut-off', `the filesystem has ${size} bytes, the volume only ${source.size}: what lies beyond cannot be read`);
  }
  if (superblock.checksums && (superblock.fields.features_incompat & INCOMPAT.NEEDSREPAIR) !== 0) {
    report.add('xfs.needs-repair', 'the filesystem says that it must be repaired with xfs_repair before it is used');
  }
  const { volume, state } = await recover({ source, superblock, limits: options.limits, report }, options);
  return new XfsFileSystem(volume, state);
}
