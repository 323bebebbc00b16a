/** ext2, ext3 and ext4. */
import { nameText, untilNul } from '../../src/bytes/text.js';
import { formatUuid, isZero } from '../../src/bytes/uuid.js';
import { corrupt } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { FileNode, FileSystem, FileSystemFormat, FileSystemOptions } from '../filesystem.js';
import { INCOMPAT, typeName } from './features.js';
import { GroupDescriptors } from './group-descriptors.js';
import { readNamedInode } from './inode.js';
import { ROOT_INODE, STATE_CLEAN, STATE_ERRORS, SUPERBLOCK, SUPERBLOCK_OFFSET } from './layout.js';
import { ExtNode } from './node.js';
import { Report } from './report.js';
import { findBackup, hasMagic, readSuperblock, resemblesSuperblock } from './superblock.js';
import type { ExtVolume } from './volume.js';

class ExtFileSystem implements FileSystem {
  readonly type: string;
  readonly grubType = 'ext2';
  readonly uuid: string;
  readonly label: string;
  private rootNode: Promise<FileNode> | undefined;

  constructor(
    private readonly volume: ExtVolume,
    readonly state: string,
  ) {
    const { fields } = volume.superblock;
    this.type = typeName(fields.feature_compat, fields.feature_incompat, fields.feature_ro_compat);
    this.uuid = formatUuid(fields.uuid);
    this.label = nameText(untilNul(fields.volume_name));
  }

  get warnings() {
    return this.volume.report.all;
  }

  root(): Promise<FileNode> {
    this.rootNode ??= this.readRoot();
    return this.rootNode;
  }

  private async readRoot(): Promise<FileNode> {
    const inode = await readNamedInode(this.volume, ROOT_INODE);
    if (inode.type !== 'd') throw corrupt('ext.root', 'the root directory (inode 2) is not a directory');
    return new ExtNode(this.volume, inode);
  }
}

async function open(source: ByteSource, options: FileSystemOptions): Promise<FileSystem> {
  const report = new Report(options);
  const { superblock, group } = await readSuperblock(source, report);
  const size = superblock.blocksCount * superblock.blockSize;
  if (size > source.size) {
    report.warn({
      code: 'ext.cut-off',
      message: `the filesystem has ${size} bytes, the volume only ${source.size}: what lies beyond cannot be read`,
    });
  }
  const volume: ExtVolume = {
    source,
    superblock,
    groups: new GroupDescriptors(source, superblock, report),
    limits: options.limits,
    report,
  };
  if (!superblock.hasIncompat(INCOMPAT.RECOVER) && group === 0) return new ExtFileSystem(volume, stateOf(superblock.fields.state));
  const { recover } = await import('./journal/recovery.js');
  const recovered = await recover(volume, group !== 0, options);
  return new ExtFileSystem(recovered.volume, recovered.state === '' ? stateOf(superblock.fields.state) : recovered.state);
}

function stateOf(state: number): string {
  if ((state & STATE_ERRORS) !== 0) return 'errors noted';
  return (state & STATE_CLEAN) !== 0 ? 'clean' : 'not cleanly unmounted';
}

async function primary(source: ByteSource): Promise<Uint8Array | null> {
  return source.size < SUPERBLOCK_OFFSET + SUPERBLOCK.size ? null : source.read(SUPERBLOCK_OFFSET, SUPERBLOCK.size);
}

/** ext2, ext3 and ext4 by their magic number. An external journal is recognised, and refused by name when opened. */
export const ext: FileSystemFormat = {
  name: 'ext',
  async probe(source) {
    const bytes = await primary(source);
    return bytes !== null && hasMagic(bytes);
  },
  open,
};

/**
 * ext whose primary superblock was lost: recognised by a backup. To be asked after all other formats, because a
 * filesystem made over an older ext may have left that one's backups in place.
 */
export const extBackup: FileSystemFormat = {
  name: 'ext backup superblock',
  async probe(source) {
    const bytes = await primary(source);
    if (bytes === null || hasMagic(bytes)) return false;
    // Either the superblock is there but for its magic (then findBackup compares the UUID), or it was wiped with
    // nothing else put in its place.
    if (isZero(bytes) ? !isZero(await source.read(0, SUPERBLOCK_OFFSET)) : !resemblesSuperblock(bytes)) return false;
    return (await findBackup(source, bytes)) !== null;
  },
  open,
};
