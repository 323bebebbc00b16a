/** A file or directory of a FAT filesystem as the rest of tygrub sees it. */
import { decodeUtf8 } from '../../src/bytes/text.js';
import { usageError } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { MemorySource } from '../../src/source/memory.js';
import { SliceSource } from '../../src/source/slice.js';
import type { DirectoryEntry, FileNode, FileType, Timestamp } from '../filesystem.js';
import type { WarningList } from '../warning-list.js';
import { type AllocationTable, ChainSource, ClusterChain } from './cluster-chain.js';
import { countDirectories, readSlots, type Slot } from './directory.js';
import { ATTR_ARCHIVE, ATTR_DIRECTORY, ATTR_HIDDEN, ATTR_READ_ONLY, ATTR_SYSTEM, type DirectoryRecord } from './layout.js';
import { foldName, isFileName, nameBytes } from './names.js';
import { fatTimestamp } from './timestamp.js';

/** What the nodes of one filesystem share. */
export interface FatVolume {
  readonly table: AllocationTable;
  readonly warnings: WarningList;
}

const EMPTY = new MemorySource(new Uint8Array(0));

/** The mode that Linux gives where it is not told otherwise. FAT knows one permission: not to write a file. */
const MODE = 0o755;
const READ_ONLY_MODE = 0o555;

/** Names of the attributes that say more than the type. */
const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [ATTR_READ_ONLY, 'read-only'],
  [ATTR_HIDDEN, 'hidden'],
  [ATTR_SYSTEM, 'system'],
  [ATTR_ARCHIVE, 'archive'],
];

/** What an entry of a directory tells; the root directory has none. */
interface Stat {
  readonly mode: number;
  readonly mtime: Timestamp;
  readonly atime?: Timestamp;
  readonly crtime?: Timestamp;
  readonly flags: readonly string[];
}

const ROOT_STAT: Stat = { mode: MODE, mtime: { seconds: 0, nanoseconds: 0 }, flags: [] };

function statOf(record: DirectoryRecord): Stat {
  const readOnlyFile = (record.DIR_Attr & (ATTR_READ_ONLY | ATTR_DIRECTORY)) === ATTR_READ_ONLY;
  return {
    mode: readOnlyFile ? READ_ONLY_MODE : MODE,
    mtime: fatTimestamp(record.DIR_WrtDate, record.DIR_WrtTime, 0),
    atime: fatTimestamp(record.DIR_LstAccDate, 0, 0),
    crtime: fatTimestamp(record.DIR_CrtDate, record.DIR_CrtTime, record.DIR_CrtTimeTenth),
    flags: FLAGS.filter(([bit]) => (record.DIR_Attr & bit) !== 0).map(([, name]) => name),
  };
}

/** The first cluster of an entry's content; its high half counts on FAT32 only. */
function firstCluster({ table }: FatVolume, record: DirectoryRecord): number {
  return record.DIR_FstClusLO + (table.geometry.bits === 32 ? record.DIR_FstClusHI * 0x10000 : 0);
}

/** The directory at the start of a chain; its size is that of the chain, which is followed to its end. */
async function openDirectory({ table }: FatVolume, first: number, what: string): Promise<ByteSource> {
  const { clusterSize } = table.geometry;
  const chain = new ClusterChain(table, first, what);
  const clusters = await chain.followAll(Math.ceil(table.limits.directorySize / clusterSize));
  return new ChainSource(table, first, clusters * clusterSize, what, chain);
}

/** The content of the root directory: a fixed place on FAT12 and FAT16, a chain on FAT32. */
export async function openRoot(volume: FatVolume): Promise<ByteSource> {
  const { rootStart, rootSize, rootCluster, bits } = volume.table.geometry;
  if (bits === 32) return openDirectory(volume, rootCluster, 'the root directory');
  return new SliceSource(volume.table.source, rootStart, rootSize);
}

/** The root directory as a node. */
export async function rootNode(volume: FatVolume, content: ByteSource): Promise<FileNode> {
  const subdirectories = await countDirectories(content, volume.table.limits, 'the root directory');
  return new FatNode(
    volume,
    'root',
    'd',
    volume.table.geometry.rootCluster,
    content.size,
    subdirectories + 2,
    ROOT_STAT,
    'the root directory',
    async () => content,
  );
}

/** The node of an entry in the directory that starts at cluster `parent` (0 for a root directory at its fixed place). */
async function slotNode(volume: FatVolume, parent: number, slot: Slot, name: string): Promise<FileNode> {
  const { record } = slot;
  const id = `${parent}:${slot.position}`;
  const first = firstCluster(volume, record);
  const { table } = volume;
  if ((record.DIR_Attr & ATTR_DIRECTORY) !== 0) {
    const what = `the directory ${name}`;
    const content = first === 0 ? EMPTY : await openDirectory(volume, first, what);
    const links = await countDirectories(content, table.limits, what);
    return new FatNode(volume, id, 'd', first, content.size, links, statOf(record), what, async () => content);
  }
  const size = record.DIR_FileSize;
  const what = `the file ${name}`;
  const open = async () => (size === 0 ? EMPTY : new ChainSource(table, first, size, what));
  return new FatNode(volume, id, 'f', first, size, 1, statOf(record), what, open);
}

class FatNode implements FileNode {
  readonly uid = 0;
  readonly gid = 0;
  readonly mode: number;
  readonly mtime: Timestamp;
  readonly atime?: Timestamp;
  readonly crtime?: Timestamp;
  readonly flags: readonly string[];

  constructor(
    private readonly volume: FatVolume,
    readonly id: string,
    readonly type: FileType,
    private readonly first: number,
    readonly size: number,
    readonly links: number,
    stat: Stat,
    private readonly what: string,
    private readonly content: () => Promise<ByteSource>,
  ) {
    this.mode = stat.mode;
    this.mtime = stat.mtime;
    if (stat.atime !== undefined) this.atime = stat.atime;
    if (stat.crtime !== undefined) this.crtime = stat.crtime;
    this.flags = stat.flags;
  }

  async *entries(): AsyncGenerator<DirectoryEntry> {
    for await (const slot of this.slots()) {
      const text = this.nameOf(slot);
      if (text === null) continue;
      const type = (slot.record.DIR_Attr & ATTR_DIRECTORY) === 0 ? 'f' : 'd';
      yield { name: nameBytes(text), type, node: () => slotNode(this.volume, this.first, slot, text) };
    }
  }

  async lookup(name: Uint8Array): Promise<FileNode | null> {
    const asked = decodeUtf8(name);
    const folded = asked === null ? '' : foldName(asked); // what is no text is no name here
    for await (const slot of this.slots()) {
      if (folded === '') break;
      if (foldName(slot.shortName) !== folded && (slot.longName === null || foldName(slot.longName) !== folded)) continue;
      const text = this.nameOf(slot);
      if (text !== null) return slotNode(this.volume, this.first, slot, text);
    }
    return null;
  }

  async readLink(): Promise<Uint8Array> {
    throw this.wrongType('a symbolic link');
  }

  async open(): Promise<ByteSource> {
    if (this.type !== 'f') throw this.wrongType('a regular file');
    return this.content();
  }

  async attributes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map();
  }

  private async *slots(): AsyncGenerator<Slot> {
    if (this.type !== 'd') throw this.wrongType('a directory');
    yield* readSlots(await this.content(), this.volume.table.limits, this.what);
  }

  /** The long name, or the short one where there is no long name that a file can have; null where neither can be. */
  private nameOf(slot: Slot): string | null {
    if (slot.longName !== null) {
      if (isFileName(slot.longName)) return slot.longName;
      this.volume.warnings.add(
        'fat.bad-name',
        `${this.what} has a long name that no file can have; its short name ${slot.shortName} is used`,
      );
    }
    if (isFileName(slot.shortName)) return slot.shortName;
    this.volume.warnings.add('fat.bad-name', `${this.what} has the name ${slot.shortName}, which no file can have; it is left out`);
    return null;
  }

  private wrongType(expected: string) {
    return usageError('fat.wrong-type', `${this.what} is not ${expected}`);
  }
}
