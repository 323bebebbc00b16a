/** `--isconfig`: a GRUB 2 configuration alone, without the disk that it belongs to. */
import type { DirectoryEntry, FileNode, FileSystem, FileType } from '../../fs-readers/index.js';
import { decodeLatin1, encodeUtf8, nameText } from '../bytes/text.js';
import { usageError } from '../errors.js';
import { Guest, GuestVolume } from '../guest/guest.js';
import type { Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';
import { MemorySource } from '../source/memory.js';
import { readAll } from '../source/read-all.js';

const CONFIG_PATH = '/boot/grub/grub.cfg';

/** Where the config lies in the guest that is made around it: what `readBootMenu` is to read. */
export const CONFIG_PLACE = `whole:${CONFIG_PATH}`;

/**
 * A guest around a config file. Every path that the config names is taken for a file that is there, since the disk that
 * would know is not.
 * @throws TygrubError limit `configSize`, io
 */
export async function configGuest(config: ByteSource, limits: Limits): Promise<Guest> {
  const bytes = await readAll(config, limits.configSize, 'configSize', 'the config file');
  const root = new NamedNode(null);
  for (const word of decodeLatin1(bytes).split(/[\s'"]+/)) if (word.includes('/')) root.add(word, new Uint8Array([0]));
  root.add(CONFIG_PATH, bytes);
  return Guest.ofVolume(new ConfigVolume(root, limits), limits);
}

/** A directory, or a file with bytes, that exists because a config names it. */
class NamedNode implements FileNode {
  readonly id = '0';
  readonly mode = 0o400;
  readonly uid = 0;
  readonly gid = 0;
  readonly links = 1;
  readonly mtime = { seconds: 0, nanoseconds: 0 };
  private readonly children = new Map<string, NamedNode>();

  /** @param bytes null for a directory */
  constructor(private bytes: Uint8Array | null) {}

  get type(): FileType {
    return this.bytes === null || this.children.size > 0 ? 'd' : 'f';
  }

  get size(): number {
    return this.bytes?.length ?? 0;
  }

  /** Adds a file and the directories above it. */
  add(path: string, bytes: Uint8Array): void {
    let node: NamedNode = this;
    for (const name of path.slice(path.indexOf('/')).split('/')) {
      if (name === '' || name === '.' || name === '..') continue;
      let child = node.children.get(name);
      if (child === undefined) {
        child = new NamedNode(null);
        node.children.set(name, child);
      }
      node = child;
    }
    if (node !== this) node.bytes = bytes;
  }

  async *entries(): AsyncIterable<DirectoryEntry> {
    for (const [name, node] of this.children) yield { name: encodeUtf8(name), type: node.type, node: async () => node };
  }

  async lookup(name: Uint8Array): Promise<FileNode | null> {
    return this.children.get(nameText(name)) ?? null;
  }

  async readLink(): Promise<Uint8Array> {
    throw usageError('pygrub.config-file', 'a config file has no links');
  }

  async open(): Promise<ByteSource> {
    return new MemorySource(this.bytes ?? new Uint8Array(0));
  }

  async attributes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map();
  }
}

/** The volume that a config file alone stands for. */
class ConfigVolume extends GuestVolume {
  private readonly only: FileSystem;

  constructor(root: NamedNode, limits: Limits) {
    const source = new MemorySource(new Uint8Array(0));
    super(
      { name: 'whole', start: 0, size: 0, type: null, active: false, uuid: null, label: null, source, problem: null },
      { index: 0 },
      { limits, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] },
    );
    this.only = { type: 'config', grubType: 'config', uuid: null, label: null, warnings: [], state: '', root: async () => root };
  }

  override async filesystem(): Promise<FileSystem> {
    return this.only;
  }
}
