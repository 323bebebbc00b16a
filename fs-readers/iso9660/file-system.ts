/** An ISO 9660 filesystem, opened: which of its trees is shown. */
import { decodeLatin1, decodeUtf8 } from '../../src/bytes/text.js';
import { TygrubError, usageError, type Warning } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { FileNode, FileSystem, FileSystemOptions } from '../filesystem.js';
import { WarningList } from '../warning-list.js';
import { readRecord, readRecords } from './directory-record.js';
import { DIRECTORY_RECORD, type VolumeDescriptor } from './layout.js';
import { bigEndianText } from './names.js';
import { directoryNode, type IsoVolume, type Tree } from './node.js';
import { hasExtension } from './rock-ridge.js';
import { protocolSkip, readSystemUse } from './system-use.js';
import { dateUuid } from './timestamp.js';
import { blockSize, type DescriptorSet, readDescriptors } from './volume-descriptors.js';

export type { Tree } from './node.js';

class IsoFileSystem implements FileSystem {
  readonly type = 'iso9660';
  readonly grubType = 'iso9660';
  readonly state: string;
  private rootDirectory: Promise<FileNode> | undefined;

  constructor(
    readonly uuid: string | null,
    readonly label: string | null,
    private readonly volume: IsoVolume,
    private readonly rootStart: number,
  ) {
    this.state = { 'rock-ridge': 'Rock Ridge names', joliet: 'Joliet names', plain: 'plain names' }[volume.tree];
  }

  get warnings(): readonly Warning[] {
    return this.volume.warnings.all;
  }

  root(): Promise<FileNode> {
    this.rootDirectory ??= directoryNode(this.volume, this.rootStart, 'the root directory');
    return this.rootDirectory;
  }
}

/** Byte offset of the root directory of a descriptor: all that its record there is good for, as in Linux. */
function rootStart(descriptor: VolumeDescriptor): number {
  const { extent, ext_attr_length } = DIRECTORY_RECORD.decode(descriptor.root_directory_record);
  return (extent + ext_attr_length) * blockSize(descriptor);
}

/** Where Rock Ridge is: in the records of the primary tree, after so many bytes of each. */
interface RockRidge {
  /** ER says so; without it Rock Ridge is used only where there is no Joliet, as in Linux. */
  readonly announced: boolean;
  readonly skip: number;
}

/** Bytes before system use entries on discs in the CD-ROM XA format, whose SP cannot say so before it is found. */
const XA_SIZE = 14;

async function findRockRidge(source: ByteSource, primary: VolumeDescriptor, warnings: WarningList): Promise<RockRidge> {
  const self = await readRecord(source, rootStart(primary));
  for (const skip of [0, XA_SIZE]) {
    try {
      const { entries } = await readSystemUse(self.systemUse, { source, blockSize: blockSize(primary), skip }, self.position);
      const said = protocolSkip(entries);
      const announced = hasExtension(entries);
      if (said !== null || announced) return { announced, skip: said ?? 0 };
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'io') throw error;
      warnings.add(error.code, error.message, self.position);
    }
  }
  return { announced: false, skip: 0 };
}

/** True when the tree's root directory holds nothing. */
async function isEmpty(source: ByteSource, descriptor: VolumeDescriptor, options: FileSystemOptions): Promise<boolean> {
  const start = rootStart(descriptor);
  const { fields } = await readRecord(source, start);
  for await (const _ of readRecords(source, start, fields.size, options.limits)) return false;
  return true;
}

async function chooseTree(
  source: ByteSource,
  { primary, joliet }: DescriptorSet,
  options: FileSystemOptions,
  warnings: WarningList,
): Promise<{ tree: Tree; skip: number }> {
  const rockRidge = await findRockRidge(source, primary, warnings);
  if (joliet === null) return { tree: 'rock-ridge', skip: rockRidge.skip };
  // Some discs have a good Joliet tree and an empty primary one with Rock Ridge.
  if (!rockRidge.announced || (await isEmpty(source, primary, options))) return { tree: 'joliet', skip: 0 };
  return { tree: 'rock-ridge', skip: rockRidge.skip };
}

/** The label as GRUB's `search --label` compares it: Joliet's where that tree is read, without padding. */
function labelOf(descriptor: VolumeDescriptor, tree: Tree): string {
  const { volume_id: id } = descriptor;
  const bytes = id.includes(0) ? id.subarray(0, id.indexOf(0)) : id;
  const text = tree === 'joliet' ? bigEndianText(id) : (decodeUtf8(bytes) ?? decodeLatin1(bytes));
  let length = text.length;
  while (length > 0 && text[length - 1] === ' ') length -= 1;
  return text.slice(0, length);
}

/**
 * Opens an ISO 9660 filesystem.
 * @param tree the names to show; Linux's choice when left out. `rock-ridge` without such a tree shows plain names
 * @throws TygrubError corrupt `iso9660.…`, unsupported `iso9660.high-sierra`, usage when there is no such tree
 */
export async function openIso9660(source: ByteSource, options: FileSystemOptions, tree?: Tree): Promise<FileSystem> {
  const warnings = new WarningList(options.limits);
  const set = await readDescriptors(source);
  if (tree === 'joliet' && set.joliet === null) throw usageError('iso9660.no-joliet', 'the disc has no Joliet names');
  const chosen = tree === undefined ? await chooseTree(source, set, options, warnings) : { tree, skip: 0 };
  if (tree === 'rock-ridge') chosen.skip = (await findRockRidge(source, set.primary, warnings)).skip;
  const descriptor = chosen.tree === 'joliet' && set.joliet !== null ? set.joliet : set.primary;
  const volume: IsoVolume = {
    source,
    blockSize: blockSize(descriptor),
    tree: chosen.tree,
    skip: chosen.skip,
    limits: options.limits,
    warnings,
  };
  return new IsoFileSystem(dateUuid(descriptor.modification_date), labelOf(descriptor, chosen.tree), volume, rootStart(descriptor));
}
