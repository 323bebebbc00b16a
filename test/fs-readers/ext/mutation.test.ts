/** Damage at random: the reader answers or throws a TygrubError, and does a bounded amount of work. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ext, extBackup } from './../../../fs-readers/ext/index.js';
import type { FileNode } from '../../../fs-readers/index.js';
import { encodeUtf8 } from '../../../src/bytes/text.js';
import { TygrubError } from '../../../src/errors.js';
import { CountingSource } from '../../../src/source/counting.js';
import { MemorySource } from '../../../src/source/memory.js';
import { damage, mutations, Random, seed } from '../../support/mutation.js';
import { peerData, peerPath, skip, tool } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';
import { extOptions, imageRows } from './images.js';
import { type SmallImage, smallImages, usedRegions } from './small-images.js';

/** Bytes read of each file: content is only copied, there is nothing to be found in more of it. */
const READ = 64 * 1024;

/** Calls what the rest of tygrub calls on every node, each once; failures that are told are right. */
async function walk(root: FileNode): Promise<void> {
  const seen = new Set<string>();
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node.id)) continue;
    seen.add(node.id);
    const current = node;
    await told(() => current.attributes());
    if (current.type === 'l') await told(() => current.readLink());
    if (current.type === 'f') {
      await told(async () => {
        const content = await current.open();
        await content.read(0, Math.min(READ, content.size));
        await content.read(Math.max(0, content.size - 10), Math.min(10, content.size));
      });
    }
    if (current.type !== 'd') continue;
    await told(async () => {
      for await (const entry of current.entries()) {
        if (entry.name.length === 0 || entry.name.includes(0x2f) || entry.name.includes(0)) throw new Error('an impossible name');
        await told(async () => pending.push(await entry.node()));
      }
    });
    await told(() => current.lookup(encodeUtf8('boot')));
    await told(() => current.lookup(encodeUtf8(`7-${'n'.repeat(200)}`)));
  }
}

async function told(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
  }
}

describe.skipIf(skip('damaged ext images', tool('mke2fs', 'apt-get install e2fsprogs'), tool('debugfs', 'apt-get install e2fsprogs')))(
  'damaged ext images',
  () => {
    let images: SmallImage[] = [];
    beforeAll(() => {
      images = smallImages();
    });

    it('are all read without an error before they are damaged', async () => {
      for (const { bytes } of images) {
        const fs = await ext.open(new MemorySource(bytes), extOptions());
        const names: string[] = [];
        for await (const entry of (await fs.root()).entries()) names.push(new TextDecoder().decode(entry.name));
        expect(names.sort()).toEqual(['boot', 'empty', 'long-link', 'lost+found', 'many', 'small', 'sparse', 'vmlinuz']);
        expect(fs.warnings).toEqual([]);
      }
      expect(images.length).toBe(10);
    });

    // What is bounded is the number of reads; how long 20,000 images take depends on what else the machine does.
    it('mutation: each is read or refused by name, for a bounded number of reads', async () => {
      const random = new Random(seed());
      const copies = images.map(({ name, bytes }) => ({ name, bytes: bytes.slice(), regions: usedRegions(bytes) }));
      for (let i = 0; i < mutations(20_000); i++) await tryDamage(i, random, random.pick(copies));
    });
  },
);

/** Damages one image, reads all of it and undoes the damage. */
async function tryDamage(i: number, random: Random, { name, bytes, regions }: DamagedImage): Promise<void> {
  const change = damage(bytes, random, random.next(8) === 0 ? [] : regions);
  const source = new CountingSource(new MemorySource(bytes));
  const options = extOptions({ ignoreChecksums: random.next(2) === 0, noJournal: random.next(4) === 0 });
  try {
    const format = (await ext.probe(source)) ? ext : (await extBackup.probe(source)) ? extBackup : null;
    if (format !== null) await told(async () => walk(await (await format.open(source, options)).root()));
    // An undamaged image takes about 150 reads; what may be read again and again is bounded by its own size.
    if (source.reads > 20_000 || source.bytesRead > 64 * 1024 * 1024) throw new Error(`${source.reads} reads, ${source.bytesRead} bytes`);
  } catch (error) {
    throw new Error(`seed ${seed()}, case ${i}, ${name}, ${change.description}`, { cause: error });
  } finally {
    change.undo();
  }
}

interface DamagedImage {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where damage is done. */
  readonly regions: readonly { start: number; length: number }[];
}

/** Whether a block is the journal's own or holds fast commits. */
function isJournal(block: Uint8Array): boolean {
  const journal = (block[0] ?? 0) === 0xc0 && block[1] === 0x3b && block[2] === 0x39 && block[3] === 0x98;
  return journal || ((block[0] ?? 0) >= 1 && (block[0] ?? 0) <= 9 && block[1] === 0 && block[3] === 0);
}

describe.skipIf(skip('damaged journals', peerData(), tool('zstd', 'apt-get install zstd')))('damaged journals', () => {
  it('mutation: logs and fast commits of the kernel are replayed or refused by name', async () => {
    const names = [
      'open-dirty-fc.img',
      'open-dirty-fc-1k.img',
      'open-dirty-revoke.img',
      'open-dirty-csumv1-64.img',
      'open-dirty-ext3-journal.img',
    ];
    const copies = imageRows(['ext'])
      .filter(({ name }) => names.includes(name))
      .map((row) => {
        const bytes = new Uint8Array(readFileSync(unpack(peerPath('filesystems', row.file))));
        return {
          name: row.name,
          bytes,
          regions: usedRegions(bytes).filter(({ start, length }) => isJournal(bytes.subarray(start, start + length))),
        };
      });
    expect(copies.length).toBe(names.length);
    const random = new Random(seed());
    for (let i = 0; i < mutations(500); i++) await tryDamage(i, random, random.pick(copies));
  });
});
