/** The ext images of the peer data, and how the tests open them. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { FileSystem, FileSystemOptions } from '../../../fs-readers/index.js';
import { openFileSystem } from '../../../fs-readers/index.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import type { ByteSource } from '../../../src/source/byte-source.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { peerData, peerPath } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';

/** A row of MANIFEST.tsv. */
export interface ImageRow {
  /** Name without folder and packing. */
  readonly name: string;
  readonly file: string;
  readonly type: string;
  readonly expect: string;
  readonly what: string;
  /** Manifests by oracle (`kernel`, `noload`, `replay`, `debugfs`, `source`). */
  readonly manifests: ReadonlyMap<string, string>;
}

/** The rows of some types, with the manifests that are there. */
export function imageRows(types: readonly string[]): ImageRow[] {
  if (peerData() !== null) return [];
  const rows: ImageRow[] = [];
  for (const line of readFileSync(peerPath('filesystems', 'MANIFEST.tsv'), 'utf8').split('\n')) {
    const [file = '', , , type = '', , , expect = '', , , what = ''] = line.split('\t');
    if (file.startsWith('#') || !types.includes(type)) continue;
    const name = basename(file).replace(/\.(gz|zst)$/, '');
    const manifests = new Map<string, string>();
    for (const oracle of ['kernel', 'noload', 'replay', 'debugfs', 'source']) {
      for (const suffix of ['.tsv', '.tsv.gz']) {
        const path = peerPath('filesystems', 'manifests', `${name.replace(/\.img$/, '')}.${oracle}${suffix}`);
        const full = peerPath('filesystems', 'manifests', `${name}.${oracle}${suffix}`);
        if (existsSync(full)) manifests.set(oracle, full);
        else if (existsSync(path)) manifests.set(oracle, path);
      }
    }
    rows.push({ name, file, type, expect, what, manifests });
  }
  return rows;
}

/** An image as a cached source; close it. */
export function openImage(row: ImageRow): BlockCache {
  return new BlockCache(HostFileSource.open(unpack(peerPath('filesystems', row.file))));
}

export function extOptions(changes: Partial<FileSystemOptions> = {}): FileSystemOptions {
  return { limits: DEFAULT_LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [], ...changes };
}

/** Opens the filesystem; that none is recognised is an error. */
export async function openExt(source: ByteSource, changes: Partial<FileSystemOptions> = {}): Promise<FileSystem> {
  const fs = await openFileSystem(source, extOptions(changes));
  if (fs === null) throw new Error('no filesystem was recognised');
  return fs;
}
