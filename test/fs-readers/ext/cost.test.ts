/** What reading costs, counted at the disk: independent of the filesystem's size, and only what the answer needs. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolvePath } from '../../../fs-readers/path.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import type { ByteSource } from '../../../src/source/byte-source.js';
import { CountingSource } from '../../../src/source/counting.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { leafRuns } from '../../../src/source/runs.js';
import { skip, tool } from '../../support/requirements.js';
import { openExt } from './images.js';
import { run } from './small-images.js';

const MiB = 1024 * 1024;
const KERNEL = 8 * MiB;

describe.skipIf(skip('the cost of reading ext', tool('mke2fs', 'apt-get install e2fsprogs')))('the cost of reading ext', () => {
  let folder = '';
  const image = (size: string) => join(folder, `${size}.img`);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tygrub-ext-cost-'));
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'boot'), { recursive: true });
    writeFileSync(join(tree, 'boot/vmlinuz'), Buffer.alloc(KERNEL, 'kernel '));
    mkdirSync(join(tree, 'many'));
    for (let i = 0; i < 300; i++) writeFileSync(join(tree, 'many', `a name that takes some room ${i}`), '');
    const sizes: readonly (readonly [string, number])[] = [
      ['8G', 8 * 1024 * MiB],
      ['2T', 2 * 1024 * 1024 * MiB],
    ];
    for (const [name, size] of sizes) {
      writeFileSync(image(name), '');
      truncateSync(image(name), size);
      // Sparse: what lazy initialisation leaves out is never written.
      run('mke2fs', [
        '-q',
        '-F',
        '-t',
        'ext4',
        '-N',
        '65536',
        '-E',
        'lazy_itable_init=1,lazy_journal_init=1,nodiscard',
        '-J',
        'size=4',
        '-d',
        tree,
        image(name),
      ]);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Opens an image and looks the kernel up; what was read from the file for that. */
  async function lookUp(size: string): Promise<{ disk: CountingSource; content: ByteSource }> {
    const disk = new CountingSource(HostFileSource.open(image(size)));
    const fs = await openExt(new BlockCache(disk));
    const { node } = await resolvePath(fs, '/boot/vmlinuz', DEFAULT_LIMITS);
    expect(node.size).toBe(KERNEL);
    return { disk, content: await node.open() };
  }

  it('opening a filesystem and finding a kernel reads less than 200 KiB', async () => {
    const { disk } = await lookUp('8G');
    expect(disk.bytesRead).toBeLessThan(200 * 1024);
    await disk.close();
  });

  it('a filesystem of 2 TiB costs what one of 8 GiB costs', async () => {
    const small = await lookUp('8G');
    const large = await lookUp('2T');
    expect(large.disk.reads).toBeLessThanOrEqual(small.disk.reads + 2);
    expect(large.disk.bytesRead).toBeLessThanOrEqual(small.disk.bytesRead + 8192);
    await small.disk.close();
    await large.disk.close();
  });

  it('a contiguous file is one run of the disk, so that copies need no small reads', async () => {
    const { disk, content } = await lookUp('8G');
    const runs = [];
    for await (const piece of leafRuns(content, 0, content.size, Number.MAX_SAFE_INTEGER)) runs.push(piece);
    expect(runs.length).toBeLessThanOrEqual(2);
    expect(runs.every(({ source }) => source === disk)).toBe(true);
    await disk.close();
  });

  it('listing a directory reads its blocks and no inode of its files', async () => {
    const disk = new CountingSource(HostFileSource.open(image('8G')));
    const fs = await openExt(disk);
    const { node } = await resolvePath(fs, '/many', DEFAULT_LIMITS);
    const before = disk.reads;
    let names = 0;
    for await (const entry of node.entries()) names += entry.name.length > 0 ? 1 : 0;
    expect(names).toBe(300);
    expect(disk.reads - before).toBeLessThanOrEqual(Math.ceil(node.size / 4096));
    await disk.close();
  });
});
