/** A FAT filesystem, opened. */
import type { Warning } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { FileNode, FileSystem, FileSystemOptions } from '../filesystem.js';
import { WarningList } from '../warning-list.js';
import { readBootSector } from './boot-sector.js';
import { AllocationTable } from './cluster-chain.js';
import { readLabel } from './directory.js';
import { codePage437 } from './names.js';
import { type FatVolume, openRoot, rootNode } from './node.js';

class FatFileSystem implements FileSystem {
  readonly type = 'vfat';
  readonly grubType = 'fat';
  readonly state: string;
  private rootDirectory: Promise<FileNode> | undefined;

  constructor(
    readonly uuid: string,
    readonly label: string | null,
    private readonly volume: FatVolume,
    private readonly rootContent: ByteSource,
  ) {
    this.state = `FAT${volume.table.geometry.bits}`;
  }

  get warnings(): readonly Warning[] {
    return this.volume.warnings.all;
  }

  root(): Promise<FileNode> {
    this.rootDirectory ??= rootNode(this.volume, this.rootContent);
    return this.rootDirectory;
  }
}

/** The serial number as GRUB's `search --fs-uuid` compares it: `ABCD-1234`. */
function serialNumber(volumeId: number): string {
  const digits = volumeId.toString(16).toUpperCase().padStart(8, '0');
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

/** A label of 11 bytes as text: code page 437, without padding. */
function labelText(label: Uint8Array): string {
  let text = '';
  for (const [i, byte] of label.entries()) {
    if (byte === 0) break;
    text += codePage437(i === 0 && byte === 0x05 ? 0xe5 : byte);
  }
  let length = text.length;
  while (length > 0 && text[length - 1] === ' ') length -= 1;
  return text.slice(0, length);
}

/** Opens the filesystem. @throws TygrubError corrupt `fat.…` for boot sectors and root directories that contradict themselves, limit */
export async function openFat(source: ByteSource, options: FileSystemOptions): Promise<FileSystem> {
  const geometry = await readBootSector(source);
  const warnings = new WarningList(options.limits);
  const volume: FatVolume = { table: new AllocationTable(source, geometry, options.limits), warnings };
  const end = geometry.dataStart + (geometry.lastCluster - 1) * geometry.clusterSize;
  if (end > source.size) {
    warnings.add('fat.cut-off', `the filesystem has ${end} bytes, its volume ${source.size}: files may be cut off`);
  }
  const root = await openRoot(volume);
  const label = await readLabel(root, options.limits);
  return new FatFileSystem(serialNumber(geometry.volumeId), label === null ? null : labelText(label), volume, root);
}
