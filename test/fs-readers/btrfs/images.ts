/** The btrfs images of the peer data, and how the tests open them. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type FileSystem, type FileSystemOptions, openFileSystem } from '../../../fs-readers/index.js';
import { provideNodeCodecs } from '../../../src/codec/node-codecs.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import type { ByteSource } from '../../../src/source/byte-source.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { peerData, peerPath } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';

provideNodeCodecs();

/** A row of MANIFEST.tsv, or the rows of all devices of one filesystem. */
export interface ImageRow {
  readonly name: string;
  readonly files: readonly string[];
  readonly expect: string;
  readonly what: string;
  /** Manifests by oracle (`kernel`, `top`). */
  readonly manifests: ReadonlyMap<string, string>;
}

/** The rows of type btrfs, and those that are damaged until nobody calls them btrfs. */
export function imageRows(): ImageRow[] {
  if (peerData() !== null) return [];
  const rows = new Map<string, ImageRow & { files: string[] }>();
  for (const line of readFileSync(peerPath('filesystems', 'MANIFEST.tsv'), 'utf8').split('\n')) {
    const [file = '', , , type = '', , , expect = '', , , what = '', oracles = ''] = line.split('\t');
    if (file.startsWith('#') || !(type === 'btrfs' || (type === '-' && file.includes('btrfsprogs-fuzz')))) continue;
    const name = basename(file).replace(/(\.dev\d+)?\.img\.(gz|zst)$/, '');
    const known = rows.get(name);
    if (known !== undefined) {
      known.files.push(file);
      continue;
    }
    const manifests = new Map<string, string>();
    for (const oracle of oracles.split(' ')) {
      const found = /\.(kernel|top)\.tsv(?:\.gz)?$/.exec(oracle);
      if (found?.[1] !== undefined) manifests.set(found[1], peerPath('filesystems', oracle));
    }
    rows.set(name, { name, files: [file], expect, what, manifests });
  }
  return [...rows.values()];
}

/** An image file as a cached source; close it. */
export function openImage(file: string): BlockCache {
  return new BlockCache(HostFileSource.open(unpack(peerPath('filesystems', file))));
}

export function btrfsOptions(others: readonly ByteSource[] = [], changes: Partial<FileSystemOptions> = {}): FileSystemOptions {
  return { limits: DEFAULT_LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => others, ...changes };
}

/** No reader knows the filesystem. */
export class NotRecognised extends Error {}

/** Opens the filesystem; that none is recognised is an error. */
export async function openBtrfs(
  source: ByteSource,
  others: readonly ByteSource[] = [],
  changes: Partial<FileSystemOptions> = {},
): Promise<FileSystem> {
  const fs = await openFileSystem(source, btrfsOptions(others, changes));
  if (fs === null) throw new NotRecognised('no filesystem was recognised');
  return fs;
}

/** The same filesystem with the top-level subvolume as its root. */
export function fromTopLevel(fs: FileSystem): FileSystem {
  const { topLevel } = fs;
  return topLevel === undefined ? fs : (Object.create(fs, { root: { value: topLevel } }) as FileSystem);
}
