import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../support/manifest.js';
import { temporaryFolder } from '../../support/program.js';
import { peerData, peerPath, skip } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';
import { containerRows, hash, openFile, qemu, qemuImg, qemuRaw, readDisk, readImage, sampleDisk } from '../qemu.js';
import { matrixFolder, matrixRows } from '../vhd/matrix.js';

const folder = temporaryFolder();
const far = temporaryFolder();
let count = 0;
const fresh = (suffix: string) => join(folder, `${++count}${suffix}`);

const SIZE = 5 * 1024 * 1024 + 512;
const content = sampleDisk(SIZE);
const raw = join(folder, 'content.raw');
writeFileSync(raw, content);

describe.skipIf(skip('qcow2 images of other projects', peerData()))('qcow2 images of other projects', () => {
  it.each(peerData() === null ? matrixRows('qcow2') : [])('$file gives the right disk', async ({ file, size, sha256: sum }) => {
    const { container, close } = await openFile(join(matrixFolder(), file));
    expect(container.format).toBe('qcow2');
    expect(container.disk.size).toBe(size);
    expect(await sha256(container.disk)).toBe(sum);
    await close();
  });

  it.each(containerRows('qcow2'))('$file gives the bytes that qemu-img reads', async ({ file, size, sum }) => {
    const { container, close } = await openFile(unpack(peerPath('containers', `${file}.gz`)));
    expect(container.format).toBe('qcow2');
    expect(container.disk.size).toBe(size);
    expect(await sha256(container.disk)).toBe(sum);
    await close();
  });
});

describe.skipIf(skip('qcow2 images by qemu-img', qemu))('a qcow2 image by qemu-img', () => {
  const clusters = ['512', '4k', '64k', '2M'];
  const cases: [string, string[]][] = [
    ...clusters.map((size): [string, string[]] => [`v3, clusters of ${size}`, ['-o', `cluster_size=${size}`]]),
    ...clusters.map((size): [string, string[]] => [`v2, clusters of ${size}`, ['-o', `compat=0.10,cluster_size=${size}`]]),
    ...clusters.map((size): [string, string[]] => [`deflated clusters of ${size}`, ['-c', '-o', `cluster_size=${size}`]]),
    ...['64k', '2M'].map((size): [string, string[]] => [
      `zstd clusters of ${size}`,
      ['-c', '-o', `cluster_size=${size},compression_type=zstd`],
    ]),
    ['v2, deflated', ['-c', '-o', 'compat=0.10']],
    ['subclusters', ['-o', 'extended_l2=on']],
    ['subclusters of the smallest clusters', ['-o', 'extended_l2=on,cluster_size=16k']],
    ['subclusters, deflated', ['-c', '-o', 'extended_l2=on,cluster_size=128k']],
    ['preallocated metadata', ['-o', 'preallocation=metadata']],
    ['preallocated data', ['-S', '0', '-o', 'preallocation=falloc']],
    ['lazy reference counts', ['-o', 'lazy_refcounts=on']],
    ['16-bit reference counts of 1', ['-o', 'refcount_bits=1']],
  ];
  it.each(cases)('with %s reads as its source', async (_what, args) => {
    const image = fresh('.qcow2');
    qemuImg('convert', '-f', 'raw', '-O', 'qcow2', ...args, raw, image);
    const { format, bytes } = await readImage(image);
    expect(format).toBe('qcow2');
    expect(hash(bytes)).toBe(hash(content));
  });

  it('with snapshots shows its present state', async () => {
    const image = fresh('.qcow2');
    qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, image);
    qemuImg('snapshot', '-c', 'before', image);
    qemuIo(image, 'write -P 0x77 1M 200k', 'write -z 3M 128k', 'discard 4M 64k');
    const { bytes } = await readImage(image);
    expect(hash(bytes)).toBe(hash(qemuRaw(image, 'qcow2', fresh('.raw'))));
  });

  it('over another one reads through to it, also where the child is larger or smaller', async () => {
    for (const [suffix, options] of [
      ['', ''],
      ['-sub', ',extended_l2=on'],
    ] as const) {
      for (const size of [SIZE, SIZE + 3 * 1024 * 1024, SIZE - 1024 * 1024]) {
        const base = fresh('base.qcow2');
        qemuImg('convert', '-f', 'raw', '-O', 'qcow2', '-c', raw, base);
        const middle = fresh('middle.qcow2');
        qemuImg('create', '-q', '-f', 'qcow2', '-o', `backing_file=${base},backing_fmt=qcow2${options}`, middle, String(size));
        qemuIo(middle, 'write -P 0x41 100k 70k', 'write -z 2M 1M', 'write -P 0x42 3099k 3k');
        const leaf = fresh(`leaf${suffix}.qcow2`);
        const name = middle.slice(folder.length + 1);
        qemuImg('create', '-q', '-f', 'qcow2', '-o', `backing_file=${name},backing_fmt=qcow2`, leaf, String(size));
        qemuIo(leaf, 'write -P 0x43 150k 1k');
        const { bytes } = await readImage(leaf);
        expect(hash(bytes)).toBe(hash(qemuRaw(leaf, 'qcow2', fresh('.raw'))));
      }
    }
  });

  it('over a raw disk is read only where raw parents are allowed', async () => {
    const image = fresh('.qcow2');
    qemuImg('create', '-q', '-f', 'qcow2', '-o', `backing_file=${raw},backing_fmt=raw`, image);
    await expect(openFile(image)).rejects.toMatchObject({ kind: 'usage', hint: expect.stringContaining('--allow-raw-parent') });
    expect(hash((await readImage(image, { allowRawParent: true })).bytes)).toBe(hash(content));
  });

  it('never reads a backing file outside its directory, whatever is allowed besides', async () => {
    const base = join(far, 'base.qcow2');
    qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, base);
    const image = fresh('.qcow2');
    qemuImg('create', '-q', '-f', 'qcow2', '-o', `backing_file=${base},backing_fmt=qcow2`, image);
    await expect(openFile(image)).rejects.toMatchObject({ kind: 'usage' });
    expect(hash((await readImage(image, { parentDirs: [far] })).bytes)).toBe(hash(content));
    expect(hash((await readImage(image, { allowAnyParent: true })).bytes)).toBe(hash(content));
    const shadow = fresh('.qcow2');
    qemuImg('create', '-q', '-u', '-f', 'qcow2', '-o', 'backing_file=/etc/passwd,backing_fmt=raw', shadow, '1M');
    await expect(openFile(shadow, { allowRawParent: true })).rejects.toMatchObject({ kind: 'usage' });
  });

  it('whose backing file is missing, or the image itself, is refused', async () => {
    const image = fresh('.qcow2');
    qemuImg('create', '-q', '-u', '-f', 'qcow2', '-o', 'backing_file=gone.qcow2,backing_fmt=qcow2', image, '1M');
    await expect(openFile(image)).rejects.toMatchObject({ kind: 'not-found', message: expect.stringContaining('backing file') });
    const own = fresh('.qcow2');
    const later = fresh('.qcow2');
    qemuImg('create', '-q', '-u', '-f', 'qcow2', '-o', `backing_file=${own},backing_fmt=qcow2`, later, '1M');
    renameSync(later, own);
    await expect(openFile(own)).rejects.toMatchObject({ kind: expect.stringMatching(/^(usage|limit)$/) });
  });

  it.each([
    ['encrypted', ['--object', 'secret,id=s,data=0123456789abcdef', '-o', 'encrypt.format=aes,encrypt.key-secret=s'], /encrypt/],
    ['with an external data file', ['-o', `data_file=${join(folder, 'external.data')}`], /external data file/],
  ])('that is %s is refused by name', async (_what, args, message) => {
    const image = fresh('.qcow2');
    qemuImg('create', '-q', '-f', 'qcow2', ...args, image, '1M');
    await expect(openFile(image)).rejects.toMatchObject({ kind: 'unsupported', message: expect.stringMatching(message) });
  });

  it('of 2 TiB with little in it is read through quickly: a table that is not there is passed as a whole', async () => {
    const image = fresh('.qcow2');
    qemuImg('create', '-q', '-f', 'qcow2', image, '2T');
    qemuIo(image, 'write -P 0x55 1T 4k');
    const { container, close } = await openFile(image);
    let runs = 0;
    let data = 0;
    for (let at = 0; at < container.disk.size; ) {
      const run = await container.disk.locate?.(at, container.disk.size - at);
      if (run === undefined) throw new Error('a qcow2 disk is mapped');
      if (run.source !== null) data += run.length;
      at += run.length;
      runs++;
    }
    expect(data).toBe(64 * 1024);
    expect(runs).toBeLessThan(100);
    await close();
  });

  it('that was cut off fails where the clusters are missing, and nowhere else', async () => {
    const image = fresh('.qcow2');
    qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, image);
    writeFileSync(image, readFileSync(image).subarray(0, 1024 * 1024));
    const { container, close } = await openFile(image);
    let failed = 0;
    for (let at = 0; at + 65536 <= SIZE; at += 65536) {
      try {
        expect(hash(await container.disk.read(at, 65536))).toBe(hash(content.subarray(at, at + 65536)));
      } catch (error) {
        expect(error).toMatchObject({ kind: 'corrupt' });
        failed++;
      }
    }
    expect(failed).toBeGreaterThan(0);
    await close();
  });

  it('reads the same in pieces of any size', async () => {
    const image = fresh('.qcow2');
    qemuImg('convert', '-f', 'raw', '-O', 'qcow2', '-c', '-o', 'cluster_size=8k', raw, image);
    const { container, close } = await openFile(image);
    for (const piece of [511, 70_001]) expect(hash(await readDisk(container.disk, piece * 13))).toBe(hash(content));
    await close();
  });
});

function qemuIo(image: string, ...commands: string[]): void {
  execFileSync('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), image], { stdio: 'pipe' });
}
