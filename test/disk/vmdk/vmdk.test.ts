import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../support/manifest.js';
import { temporaryFolder } from '../../support/program.js';
import { peerData, peerPath, skip } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';
import { containerRows, hash, openFile, qemu, qemuImg, readImage, sampleDisk } from '../qemu.js';
import { matrixFolder, matrixRows } from '../vhd/matrix.js';

const folder = temporaryFolder();
let count = 0;
const fresh = (suffix: string) => join(folder, `${++count}${suffix}`);

const SIZE = 5 * 1024 * 1024 + 512;
const content = sampleDisk(SIZE);
const raw = join(folder, 'content.raw');
writeFileSync(raw, content);

describe.skipIf(skip('VMDK images of other projects', peerData()))('VMDK images of other projects', () => {
  it.each(peerData() === null ? matrixRows('vmdk') : [])('$file gives the right disk', async ({ file, size, sha256: sum }) => {
    // The flat extent of monolithicFlat is no row of its own.
    if (file.includes('Flat')) {
      const flat = 'matrix/q-monolithicFlat-flat.vmdk';
      const target = join(matrixFolder(), flat);
      if (!existsSync(target)) renameSync(copyOf(unpack(peerPath('vhd', `${flat}.gz`))), target);
    }
    const { container, close } = await openFile(join(matrixFolder(), file));
    expect(container.format).toBe('vmdk');
    expect(container.disk.size).toBe(size);
    expect(await sha256(container.disk)).toBe(sum);
    await close();
  });

  it.each(containerRows('vmdk'))('$file gives the bytes that qemu-img reads', async ({ file, size, sum }) => {
    const { container, close } = await openFile(unpack(peerPath('containers', `${file}.gz`)));
    expect(container.format).toBe('vmdk');
    expect(container.disk.size).toBe(size);
    expect(await sha256(container.disk)).toBe(sum);
    await close();
  });
});

/** A copy beside the matrix, so that it can be renamed into it in one step. */
function copyOf(path: string): string {
  const copy = join(matrixFolder(), `extent-${process.pid}`);
  writeFileSync(copy, readFileSync(path));
  return copy;
}

describe.skipIf(skip('VMDK images by qemu-img', qemu))('a VMDK image by qemu-img', () => {
  it.each([
    ['monolithicSparse'],
    ['monolithicSparse', 'zeroed_grain=on'],
    ['monolithicSparse', 'compat6=on'],
    ['monolithicFlat'],
    ['twoGbMaxExtentSparse'],
    ['twoGbMaxExtentFlat'],
    ['streamOptimized'],
  ])('%s %s reads as its source', async (subformat, option = '') => {
    const image = fresh('.vmdk');
    qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', [`subformat=${subformat}`, option].filter(Boolean).join(','), raw, image);
    const { format, bytes } = await readImage(image);
    expect(format).toBe('vmdk');
    expect(hash(bytes.subarray(0, SIZE))).toBe(hash(content));
    expect(bytes.subarray(SIZE).every((byte) => byte === 0)).toBe(true);
  });

  it('of several extents is joined from them', async () => {
    for (const subformat of ['twoGbMaxExtentSparse', 'twoGbMaxExtentFlat']) {
      const image = fresh('.vmdk');
      qemuImg('create', '-q', '-f', 'vmdk', '-o', `subformat=${subformat}`, image, '5G');
      const { container, close } = await openFile(image);
      expect(container.disk.size).toBe(5 * 1024 ** 3);
      expect((await container.disk.read(3 * 1024 ** 3, 4096)).every((byte) => byte === 0)).toBe(true);
      await close();
    }
  });

  it('never reads an extent outside its directory, and says which one is missing', async () => {
    const descriptor = (name: string) =>
      [
        '# Disk DescriptorFile',
        'version=1',
        'CID=fffffffe',
        'parentCID=ffffffff',
        'createType="monolithicFlat"',
        `RW 2 FLAT "${name}" 0`,
        '',
      ].join('\n');
    const image = fresh('.vmdk');
    writeFileSync(image, descriptor('/etc/passwd'));
    await expect(openFile(image)).rejects.toMatchObject({ kind: 'usage' });
    writeFileSync(image, descriptor('gone-flat.vmdk'));
    await expect(openFile(image)).rejects.toMatchObject({ kind: 'not-found', message: expect.stringContaining('gone-flat.vmdk') });
    writeFileSync(image, descriptor('content.raw').replace('RW 2 ', 'RW 99999999 '));
    await expect(openFile(image)).rejects.toMatchObject({ kind: 'corrupt' });
  });

  it('that is a snapshot of another disk is refused by name', async () => {
    const base = fresh('.vmdk');
    qemuImg('convert', '-f', 'raw', '-O', 'vmdk', raw, base);
    const image = fresh('.vmdk');
    qemuImg('create', '-q', '-f', 'vmdk', '-o', `backing_file=${base},backing_fmt=vmdk`, image);
    await expect(openFile(image)).rejects.toMatchObject({ kind: 'unsupported', code: 'vmdk.parent' });
  });

  it('whose stream was cut off is never read as if it were whole', async () => {
    const image = fresh('.vmdk');
    qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, image);
    const whole = readFileSync(image);
    writeFileSync(image, whole.subarray(0, Math.floor(whole.length / 2)));
    await expect(readImage(image)).rejects.toMatchObject({ kind: 'corrupt' });
  });
});
