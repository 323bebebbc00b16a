import { copyFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../../src/codec/node-codecs.js';
import { openContainer } from '../../../src/disk/index.js';
import type { TygrubError } from '../../../src/errors.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { openImage } from '../../../src/open-disk.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { NO_NEIGHBOURS } from '../../../src/source/neighbours.js';
import { sha256 } from '../../support/manifest.js';
import { peerData, peerPath, skip } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';
import { matrixFolder, matrixRows } from './matrix.js';

async function open(path: string, options: { force?: boolean; allowRawParent?: boolean } = {}) {
  const { source, neighbours, folder } = await openImage(path);
  return openContainer(new BlockCache(source), {
    limits: DEFAULT_LIMITS,
    neighbours: neighbours ?? NO_NEIGHBOURS,
    ...(folder === undefined ? {} : { folder }),
    path,
    allowRawParent: options.allowRawParent ?? false,
    force: options.force ?? false,
  });
}

provideNodeCodecs();

describe.skipIf(skip('the matrix of VHDs', peerData()))('the matrix of VHDs', () => {
  const rows = peerData() === null ? matrixRows('vhd-', 'xo') : [];

  it.each(rows.filter((row) => row.expect === 'read'))('$file gives the right virtual disk', async (row) => {
    const container = await open(`${matrixFolder()}/${row.file}`, { allowRawParent: row.needs === 'raw parent allowed' });
    expect(container.format).toBe('vhd');
    expect(container.disk.size).toBe(row.size);
    expect(await sha256(container.disk)).toBe(row.sha256);
    await container.close?.();
  });

  it.each(peerData() === null ? matrixRows('raw') : [])('$file is a disk without a container', async (row) => {
    const { format, disk } = await open(`${matrixFolder()}/${row.file}`);
    expect(format).toBe('raw');
    expect(disk.size).toBe(row.size);
    expect(await sha256(disk)).toBe(row.sha256);
  });

  it('has no row that no test compares', () => {
    const kinds = ['vhd-dynamic', 'vhd-differencing', 'vhd-fixed', 'xo-directory', 'raw', 'vhdx', 'qcow2', 'vmdk'];
    const others = matrixRows('').filter(
      ({ kind, expect: wanted }) => !kinds.includes(kind) || !['read', 'refuse', 'damaged'].includes(wanted),
    );
    expect(others).toEqual([]);
    // The rows of the last three kinds are for their own tests, which take them as readable.
    expect(matrixRows('vhdx', 'qcow2', 'vmdk').filter((row) => row.expect !== 'read')).toEqual([]);
  });

  it.each(rows.filter((row) => row.expect === 'refuse'))('$file is refused', async (row) => {
    const error: TygrubError = await open(`${matrixFolder()}/${row.file}`).then(
      () => expect.unreachable(),
      (caught) => caught,
    );
    expect(error.code).toBe(row.file.includes('poison') ? 'vhd.poisoned' : 'vhd.footer-checksum');
  });

  it.each(rows.filter((row) => row.expect === 'damaged'))('$file gives what lies in the file and errors for the rest', async (row) => {
    const { disk } = await open(`${matrixFolder()}/${row.file}`);
    const truth = readFileSync(`${matrixFolder()}/matrix/v0.raw`);
    expect(disk.size).toBe(row.size);
    let errors = 0;
    let right = 0;
    for (let at = 0; at < disk.size; at += 4096) {
      try {
        const got = await disk.read(at, 4096);
        if (Buffer.compare(got, truth.subarray(at, at + 4096)) === 0) right++;
      } catch (error) {
        expect((error as TygrubError).code).toMatch(/^vhd\.block-(truncated|past-end)$/);
        errors++;
      }
    }
    expect(right + errors).toBe(disk.size / 4096);
    expect(right).toBeGreaterThan(errors);
    if (row.file.includes('half')) expect(errors).toBeGreaterThan(0);
  });

  it('a folder of Xen Orchestra is opened by its own name too', async () => {
    const { disk, description } = await open(`${matrixFolder()}/xo/data/br.vhd`);
    expect(description).toContain('brotli');
    expect(await sha256(disk)).toBe('7886e157a04e4ef7fa2d9d09e0e66337987ac4865decf60bd05782d5134d50cf');
  });

  it('a raw parent is refused unless it is allowed', async () => {
    await expect(open(`${matrixFolder()}/matrix/v-rawparent.vhd`)).rejects.toMatchObject({ code: 'vhd.parent-raw', kind: 'usage' });
  });

  it('a footer with a wrong checksum is read with --force', async () => {
    const { disk, warnings } = await open(`${matrixFolder()}/matrix/d-badsum.vhd`, { force: true });
    expect(await sha256(disk)).toBe('7886e157a04e4ef7fa2d9d09e0e66337987ac4865decf60bd05782d5134d50cf');
    expect(warnings.map((warning) => warning.code)).toContain('vhd.footer-checksum');
  });
});

describe.skipIf(skip('VHDs of other projects', peerData()))('VHDs of other projects', () => {
  const rows =
    peerData() === null
      ? readFileSync(peerPath('containers', 'MANIFEST.tsv'), 'utf8')
          .trim()
          .split('\n')
          .map((line) => line.split('\t'))
          .filter(([, format]) => format === 'vpc')
          .map(([file = '', , size = '', sum = '']) => ({ file, size: Number(size), sum }))
      : [];

  it.each(rows.filter((row) => row.sum !== ''))('$file gives the bytes that qemu-img reads', async (row) => {
    const { disk } = await open(unpack(peerPath('containers', `${row.file}.gz`)));
    expect(disk.size).toBe(row.size);
    expect(await sha256(disk)).toBe(row.sum);
  });

  it('a differencing disk finds its parent by the Unicode name, a damaged one with --force', async () => {
    const child = unpack(peerPath('filesystems', 'images', 'dfvfs-image-differential.vhd.gz'), 'image-differential.vhd');
    copyFileSync(unpack(peerPath('filesystems', 'images', 'dfvfs-image.vhd.gz')), join(dirname(child), 'image.vhd'));
    await expect(open(child)).rejects.toMatchObject({ code: 'vhd.footer-checksum' });
    const { disk, description } = await open(child, { force: true });
    expect(description).toContain('1 parent');
    expect((await disk.read(1024, 1024)).subarray(56, 58)).toEqual(Uint8Array.of(0x53, 0xef));
  });

  it('a differencing disk of Windows says where it looked for the parent that is not there', async () => {
    const error = await open(unpack(peerPath('filesystems', 'images', 'dfvfs-fat-differential.vhd.gz'))).then(
      () => expect.unreachable(),
      (caught) => caught,
    );
    expect(error).toMatchObject({ kind: 'not-found', code: 'vhd.parent-missing' });
    expect(error.summary).toContain('/Projects/dfvfs/test_data/fat-parent.vhd: not there');
  });

  it('a VHD whose footers both fail their checksum is refused', async () => {
    await expect(open(unpack(peerPath('containers', 'dfvfs-image-badsum.vhd.gz')))).rejects.toMatchObject({ code: 'vhd.footer-checksum' });
  });
});
