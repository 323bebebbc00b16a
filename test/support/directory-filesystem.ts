/**
 * Filesystems in memory, and guests made of them: what boot configuration tests read without making disk images. The
 * files come from a directory of the host or from a table in the test.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { DirectoryEntry, FileNode, FileSystem } from '../../fs-readers/index.js';
import { encodeUtf8, nameText } from '../../src/bytes/text.js';
import { usageError } from '../../src/errors.js';
import { Guest, GuestVolume } from '../../src/guest/guest.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/limits.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { MemorySource } from '../../src/source/memory.js';
import type { TableKind } from '../../src/volume/index.js';

/** A link's target in a table of files. */
export interface Link {
  readonly link: string;
}

/** Path (`/` between names, a slash at the end for an empty directory) to content. */
export type Files = Readonly<Record<string, string | Uint8Array | Link>>;

type Content = Uint8Array | Link | Map<string, MemoryNode>;

let nodes = 0;

class MemoryNode implements FileNode {
  readonly id = `${++nodes}`;
  readonly uid = 0;
  readonly gid = 0;
  readonly links = 1;
  readonly mtime = { seconds: 0, nanoseconds: 0 };

  constructor(
    readonly content: Content,
    private readonly caseless: boolean,
  ) {}

  get type(): 'f' | 'd' | 'l' {
    return this.content instanceof Map ? 'd' : this.content instanceof Uint8Array ? 'f' : 'l';
  }

  get mode(): number {
    return this.type === 'd' ? 0o755 : 0o644;
  }

  get size(): number {
    return this.content instanceof Uint8Array ? this.content.length : this.content instanceof Map ? 4096 : this.content.link.length;
  }

  async *entries(): AsyncIterable<DirectoryEntry> {
    for (const [name, node] of this.directory()) yield { name: encodeUtf8(name), type: node.type, node: async () => node };
  }

  async lookup(name: Uint8Array): Promise<FileNode | null> {
    const wanted = nameText(name);
    const exact = this.directory().get(wanted);
    if (exact !== undefined || !this.caseless) return exact ?? null;
    for (const [other, node] of this.directory()) if (other.toLowerCase() === wanted.toLowerCase()) return node;
    return null;
  }

  async readLink(): Promise<Uint8Array> {
    if (this.content instanceof Map || this.content instanceof Uint8Array) throw usageError('memory.not-a-link', 'not a link');
    return encodeUtf8(this.content.link);
  }

  async open(): Promise<ByteSource> {
    if (!(this.content instanceof Uint8Array)) throw usageError('memory.not-a-file', 'not a file');
    return new MemorySource(this.content);
  }

  async attributes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map();
  }

  directory(): Map<string, MemoryNode> {
    if (!(this.content instanceof Map)) throw usageError('memory.not-a-directory', 'not a directory');
    return this.content;
  }
}

/** What a filesystem in memory says about itself. */
export interface MemoryFileSystemFacts {
  readonly type?: string;
  readonly uuid?: string | null;
  readonly label?: string | null;
}

/** A filesystem that holds a table of files; `vfat` finds names without regard to case. */
export class MemoryFileSystem implements FileSystem {
  readonly type: string;
  readonly uuid: string | null;
  readonly label: string | null;
  readonly warnings = [];
  readonly state = '';
  private readonly tree: MemoryNode;

  constructor(files: Files, facts: MemoryFileSystemFacts = {}) {
    this.type = facts.type ?? 'ext4';
    this.uuid = facts.uuid ?? null;
    this.label = facts.label ?? null;
    this.tree = this.node(new Map());
    for (const [path, content] of Object.entries(files)) this.add(path, content);
  }

  get grubType(): string {
    return this.type === 'vfat' ? 'fat' : this.type.startsWith('ext') ? 'ext2' : this.type;
  }

  async root(): Promise<FileNode> {
    return this.tree;
  }

  private node(content: Content): MemoryNode {
    return new MemoryNode(content, this.type === 'vfat');
  }

  private add(path: string, content: string | Uint8Array | Link): void {
    const names = path.split('/').filter((name) => name !== '');
    const last = path.endsWith('/') ? undefined : names.pop();
    let directory = this.tree.directory();
    for (const name of names) {
      let child = directory.get(name);
      if (child === undefined) {
        child = this.node(new Map());
        directory.set(name, child);
      }
      directory = child.directory();
    }
    if (last !== undefined) directory.set(last, this.node(typeof content === 'string' ? encodeUtf8(content) : content));
  }
}

/** The files below a directory of the host as a table, links kept as links. */
export function filesOfDirectory(path: string, below = ''): Files {
  const out: Record<string, string | Uint8Array | Link> = {};
  for (const name of readdirSync(join(path, below)).sort()) {
    const inside = `${below}/${name}`;
    const stat = lstatSync(join(path, inside));
    if (stat.isDirectory()) Object.assign(out, { [`${inside}/`]: '' }, filesOfDirectory(path, inside));
    else if (stat.isSymbolicLink()) out[inside] = { link: readlinkSync(join(path, inside)) };
    else out[inside] = new Uint8Array(readFileSync(join(path, inside)));
  }
  return out;
}

/** A volume of a guest in memory. */
export interface MemoryVolumeFacts extends MemoryFileSystemFacts {
  /** As `Volume.name`: `whole`, `msdos1`, `gpt2`, `lvm/vg-lv`. */
  readonly name: string;
  /** Null for a volume without a filesystem. */
  readonly files: Files | null;
  /** As `Volume.type`: the partition's type. */
  readonly partitionType?: string | null;
  readonly active?: boolean;
  readonly partitionUuid?: string | null;
  readonly partitionLabel?: string | null;
}

class MemoryVolume extends GuestVolume {
  private readonly memory: FileSystem | null;

  constructor(facts: MemoryVolumeFacts, disk: number | null, limits: Limits) {
    const volume = {
      name: facts.name,
      start: disk === null ? null : 0,
      size: 0,
      type: facts.partitionType ?? null,
      active: facts.active ?? false,
      uuid: facts.partitionUuid ?? null,
      label: facts.partitionLabel ?? null,
      source: new MemorySource(new Uint8Array(0)),
      problem: null,
    };
    super(volume, disk === null ? null : { index: disk }, {
      limits,
      noJournal: false,
      ignoreChecksums: false,
      otherVolumes: async () => [],
    });
    this.memory = facts.files === null ? null : new MemoryFileSystem(facts.files, facts);
  }

  override async filesystem(): Promise<FileSystem | null> {
    return this.memory;
  }
}

/**
 * A guest whose filesystems are in memory.
 * @param disks the volumes of each disk in order: hd0, hd1 ...
 * @param managed volumes of volume managers
 */
export function memoryGuest(
  disks: readonly (readonly MemoryVolumeFacts[])[],
  managed: readonly MemoryVolumeFacts[] = [],
  limits: Limits = DEFAULT_LIMITS,
): Guest {
  const volumes: GuestVolume[] = [];
  const made = disks.map((facts, index) => {
    const own = facts.map((row) => new MemoryVolume(row, index, limits));
    volumes.push(...own);
    const first = facts[0]?.name ?? 'whole';
    const table: TableKind = first.startsWith('gpt') ? 'gpt' : first.startsWith('msdos') ? 'mbr' : null;
    const container = { format: 'raw', description: '', disk: new MemorySource(new Uint8Array(0)), warnings: [] };
    return { index, path: `disk${index}`, container, table, sectorSize: 512, volumes: own, warnings: [] };
  });
  volumes.push(...managed.map((row) => new MemoryVolume(row, null, limits)));
  return Object.assign(Object.create(Guest.prototype) as Guest, { disks: made, volumes, warnings: [], limits, sources: [] });
}

/** A guest of one disk without a partition table, with one filesystem. */
export function oneVolumeGuest(files: Files, facts: MemoryFileSystemFacts = {}): Guest {
  return memoryGuest([[{ name: 'whole', files, ...facts }]]);
}
