/** Lookups: by hash where there is a tree, with the same answers as the list of names, for a few blocks each. */
import { describe, expect, it } from 'vitest';
import {
  DX_COUNT_LIMIT,
  DX_ENTRY,
  DX_ROOT_INFO,
  DX_ROOT_INFO_OFFSET,
  SUPERBLOCK,
  SUPERBLOCK_OFFSET,
} from '../../../fs-readers/ext/layout.js';
import { nameHash } from '../../../fs-readers/ext/name-hash.js';
import { resolvePath } from '../../../fs-readers/path.js';
import { encodeUtf8 } from '../../../src/bytes/text.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { CountingSource } from '../../../src/source/counting.js';
import { MemorySource } from '../../../src/source/memory.js';
import { peerData, skip, tool } from '../../support/requirements.js';
import { imageRows, openExt, openImage } from './images.js';
import { smallImages } from './small-images.js';

const rows = imageRows(['ext', 'ext2', 'ext3', 'ext4']);

function image(name: string) {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`${name} is not among the images`);
  return openImage(row);
}

/** Images with hash trees of every version, and the directories that have one. */
const TREES: readonly (readonly [name: string, ...directories: string[]])[] = [
  ['open-ext4-htree.img', '/htree', '/hfiles'],
  ['open-ext4-htree-tea.img', '/htree'],
  ['open-ext4-htree-legacy.img', '/htree'],
  ['open-ext4-largedir.img', '/htree'],
  ['e2fs-f_h_normal.img', '/'],
  ['e2fs-f_h_unsigned.img', '/'],
  ['open-ext4-casefold-dirs.img', '/cf'],
];

describe.skipIf(skip('lookups in ext directories', peerData(), tool('zstd', 'apt-get install zstd')))('lookups in ext directories', () => {
  for (const [name, ...directories] of TREES) {
    it(`every name of ${directories.join(' and ')} in ${name} is found by its hash, and no other`, async () => {
      const source = image(name);
      const fs = await openExt(source);
      for (const path of directories) {
        const { node } = await resolvePath(fs, path, DEFAULT_LIMITS);
        let names = 0;
        for await (const entry of node.entries()) {
          names += 1;
          // All names of a small directory, every 50th of a large one.
          if (names > 3000 && names % 50 !== 0) continue;
          expect((await node.lookup(entry.name))?.id).toBe((await entry.node()).id);
        }
        expect(names).toBeGreaterThan(0);
        for (const missing of ['', 'no such name', `${'x'.repeat(250)}`, 'É'.repeat(20)]) {
          expect(await node.lookup(encodeUtf8(missing))).toBeNull();
        }
      }
      expect(fs.warnings).toEqual([]);
      await source.close();
    });
  }

  it('a lookup among 52,000 names reads a handful of blocks', async () => {
    const source = image('open-ext4-largedir.img');
    const counting = new CountingSource(source.inner);
    const fs = await openExt(counting);
    const { node } = await resolvePath(fs, '/htree', DEFAULT_LIMITS);
    let count = 0;
    let last: Uint8Array = new Uint8Array(0);
    for await (const entry of node.entries()) {
      count += 1;
      last = entry.name;
    }
    expect(count).toBeGreaterThan(52_000);
    const before = counting.reads;
    expect(await node.lookup(last)).not.toBeNull();
    // Root, two levels of nodes, a leaf, the extents of the directory, the inode and its descriptor.
    expect(counting.reads - before).toBeLessThan(12);
    await source.close();
  });

  it('names are looked up without their case where the directory says so, and only there', async () => {
    const source = image('open-ext4-casefold-dirs.img');
    const fs = await openExt(source);
    for (const path of [
      '/cf/GRUB.cfg',
      '/cf/grub.CFG',
      '/cf/ümlaut',
      '/cf/u\u0308MLAUT',
      '/cf/sUB/mixedcase',
      '/cf/ENTRY-77-abcdefghijklmnopqrstuvwxyz',
    ]) {
      await expect(resolvePath(fs, path, DEFAULT_LIMITS), path).resolves.toBeDefined();
    }
    for (const path of ['/CF/Grub.CFG', '/cf/Grub.CF', '/BOOT', '/cflink']) {
      await expect(resolvePath(fs, path, DEFAULT_LIMITS), path).rejects.toMatchObject({ kind: 'not-found' });
    }
    await source.close();
  });
});

describe.skipIf(skip('damaged hash trees of ext', tool('mke2fs', 'apt-get install e2fsprogs')))(
  'damaged hash trees of ext directories',
  () => {
    it('a tree that leads to one leaf again and again is left for a walk of the names', async () => {
      const image = smallImages().find(({ name }) => name === 'ext4 without checksums');
      if (image === undefined) throw new Error('no such image');
      const { bytes } = image;
      const directory = Number((await resolvePath(await openExt(new MemorySource(bytes)), '/many', DEFAULT_LIMITS)).node.id);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      // The root: `.` and `..`, of which the second takes the rest of the block.
      const blocks = Array.from({ length: bytes.length / 1024 }, (_, n) => n * 1024);
      const root = blocks.find((at) => view.getUint32(at, true) === directory && view.getUint16(at + 16, true) === 1024 - 12) ?? 0;
      const name = encodeUtf8('no such name');
      const { hash_version: version } = DX_ROOT_INFO.decode(bytes, root + DX_ROOT_INFO_OFFSET);
      const { hash_seed: seed, flags } = SUPERBLOCK.decode(bytes, SUPERBLOCK_OFFSET);
      const hash = nameHash(name, { version, seed, unsigned: (flags & 2) !== 0 }) ?? 0;
      const first = root + DX_ROOT_INFO_OFFSET + DX_ROOT_INFO.size;
      const { limit } = DX_COUNT_LIMIT.decode(bytes, first);
      // The lowest bit says that the leaf before goes on with the same hash.
      DX_ENTRY.encode(bytes, { block: 1 }, first);
      for (let i = 1; i < limit; i++) DX_ENTRY.encode(bytes, { hash: hash + 1, block: 1 }, first + i * DX_ENTRY.size);
      DX_COUNT_LIMIT.encode(bytes, { limit, count: limit }, first);
      const source = new CountingSource(new MemorySource(bytes));
      const fs = await openExt(source);
      const { node } = await resolvePath(fs, '/many', DEFAULT_LIMITS);
      const before = source.reads;
      expect(await node.lookup(name)).toBeNull();
      expect(await node.lookup(encodeUtf8(`7-${'n'.repeat(200)}`))).not.toBeNull();
      expect(fs.warnings.map(({ code }) => code)).toContain('ext.hash-tree');
      expect(source.reads - before).toBeLessThan(limit);
    });
  },
);
