/** A btrfs filesystem, opened. */
import { nameText, untilNul } from '../../src/bytes/text.js';
import { formatUuid } from '../../src/bytes/uuid.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { FileNode, FileSystem, FileSystemOptions } from '../filesystem.js';
import { WarningList } from '../warning-list.js';
import { Chunk } from './chunk.js';
import { VerifiedData } from './data.js';
import { Devices } from './devices.js';
import { INCOMPAT } from './features.js';
import { ITEM_TYPE, OBJECT } from './layout.js';
import { type ReplayedLog, replayLogTrees } from './log-tree/index.js';
import { subvolumeRoot } from './node.js';
import { Storage } from './storage.js';
import { Subvolumes } from './subvolume.js';
import type { Superblock } from './superblock.js';
import { Tree } from './tree.js';
import { TreeBlocks } from './tree-block.js';
import type { BtrfsVolume } from './volume.js';

class BtrfsFileSystem implements FileSystem {
  readonly type = 'btrfs';
  readonly grubType = 'btrfs';
  readonly uuid: string;
  readonly label: string;
  readonly spans?: string;
  /** Only where the default subvolume is another one. */
  readonly topLevel?: () => Promise<FileNode>;

  constructor(
    private readonly volume: BtrfsVolume,
    private readonly defaultSubvolume: number,
    /** What its log trees changed; null where they were not replayed. */
    private readonly log: ReplayedLog | null,
  ) {
    const { fields } = volume.superblock;
    this.uuid = formatUuid(fields.fsid);
    this.label = nameText(untilNul(fields.label));
    if (fields.num_devices > 1) this.spans = formatUuid(volume.superblock.metadataUuid);
    if (defaultSubvolume !== OBJECT.FS_TREE) this.topLevel = () => subvolumeRoot(volume, OBJECT.FS_TREE);
  }

  get warnings() {
    return this.volume.warnings.all;
  }

  get state(): string {
    const parts: string[] = [];
    if (this.log !== null) parts.push(`log tree replayed (${this.log.items} items)`);
    else if (this.volume.superblock.fields.log_root !== 0) parts.push('log tree not replayed');
    const missing = this.volume.storage.devices.missingIds;
    if (missing.length > 0) parts.push(`degraded: without device ${missing.join(', ')}`);
    return parts.join(', ');
  }

  root(): Promise<FileNode> {
    return subvolumeRoot(this.volume, this.defaultSubvolume);
  }
}

/** Opens the filesystem of a device and those that belong to it. @throws TygrubError corrupt, unsupported, limit */
export async function openBtrfs(source: ByteSource, options: FileSystemOptions): Promise<FileSystem> {
  const { limits } = options;
  const warnings = new WarningList(limits);
  const devices = await Devices.open(source, options, warnings);
  const { superblock } = devices.main;
  const { fields } = superblock;
  const cached = (through: Storage) => new TreeBlocks(through, warnings, options.ignoreChecksums, limits.treeCacheSize);
  const chunkTree = new Tree(
    { id: OBJECT.CHUNK_TREE, address: fields.chunk_root, level: fields.chunk_root_level, generation: fields.chunk_root_generation },
    cached(new Storage(devices, limits, null)),
    limits,
  );
  const storage = new Storage(devices, limits, async (address) => {
    const item = await chunkTree.floor({ objectid: OBJECT.FIRST_CHUNK_TREE, type: ITEM_TYPE.CHUNK_ITEM, offset: address });
    if (item === null || item.key.type !== ITEM_TYPE.CHUNK_ITEM) return null;
    return Chunk.decode(item.key.offset, item.bytes, 0, fields.sectorsize);
  });
  const blocks = cached(storage);
  const rootTree = new Tree(
    { id: OBJECT.ROOT_TREE, address: fields.root, level: fields.root_level, generation: fields.generation },
    blocks,
    limits,
  );
  const subvolumes = new Subvolumes(rootTree, fields.root_dir_objectid, blocks, limits);
  const log = await replayed(superblock, subvolumes, blocks, options, warnings);
  if (log !== null) subvolumes.useReplayed(log.trees);
  const checksums = await subvolumes.tree(OBJECT.CSUM_TREE);
  const data = new VerifiedData(storage, checksums, log?.checksums ?? [], warnings, options.ignoreChecksums);
  const volume: BtrfsVolume = { superblock, storage, subvolumes, data, limits, warnings };
  return new BtrfsFileSystem(volume, await subvolumes.defaultId(), log);
}

/** What the log trees changed; null where there are none or they are not to be replayed, which is a warning. */
async function replayed(
  { fields }: Superblock,
  subvolumes: Subvolumes,
  blocks: TreeBlocks,
  { noJournal, limits }: FileSystemOptions,
  warnings: WarningList,
): Promise<ReplayedLog | null> {
  if (fields.log_root === 0) return null;
  if (noJournal) {
    warnings.add(
      'btrfs.log-not-replayed',
      'the filesystem has a log tree that was not replayed: files written with fsync shortly before a crash may be old or missing',
    );
    return null;
  }
  const root = { address: fields.log_root, level: fields.log_root_level, committed: fields.generation };
  const geometry = { sectorsize: fields.sectorsize, noHoles: (fields.incompat_flags.low & INCOMPAT.NO_HOLES) !== 0 };
  return replayLogTrees(root, subvolumes, blocks, geometry, limits);
}
