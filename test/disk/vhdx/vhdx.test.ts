import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BlockState, HEADER_OFFSETS, MiB, REGION_TABLE_OFFSETS } from '../../../src/disk/vhdx/layout.js';
import { openDisk } from '../../../src/open-disk.js';
import { sha256 } from '../../support/manifest.js';
import { temporaryFolder } from '../../support/program.js';
import { peerData, peerPath, skip } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';
import { containerRows, hash, openFile, qemu, qemuImg, readDisk, readImage, sampleDisk, sparseSha256 } from '../qemu.js';
import { pattern } from '../vhd/encoder.js';
import { matrixFolder, matrixRows } from '../vhd/matrix.js';
import { openBytes } from '../vhd/memory.js';
import { guidText, makeVhdx, stamp, type VhdxBlock, type VhdxPlan } from './encoder.js';

const folder = temporaryFolder();
let count = 0;
const fresh = (suffix: string) => join(folder, `${++count}${suffix}`);

const SIZE = 5 * MiB + 512;
const content = sampleDisk(SIZE);
const raw = join(folder, 'content.raw');
writeFileSync(raw, content);

describe.skipIf(skip('VHDX images of other projects', peerData()))('VHDX images of other projects', () => {
  it.each(peerData() === null ? matrixRows('vhdx') : [])('$file gives the right disk', async ({ file, size, sha256: sum }) => {
    const { container, close } = await openFile(join(matrixFolder(), file));
    expect(container.format).toBe('vhdx');
    expect(container.disk.size).toBe(size);
    expect(await sha256(container.disk)).toBe(sum);
    await close();
  });

  it.each(containerRows('vhdx').filter(({ sum }) => sum !== ''))(
    '$file gives the bytes that qemu-img reads',
    async ({ file, size, sum }) => {
      const { container, close } = await openFile(unpack(peerPath('containers', `${file}.gz`)));
      expect(container.disk.size).toBe(size);
      expect(await sparseSha256(container.disk)).toBe(sum);
      await close();
    },
  );

  it('a file whose log was never written back makes sense after its replay: partitions and filesystems', async () => {
    const path = unpack(peerPath('containers', 'ltr-vhdx-log-replay.vhdx.gz'));
    const { container, close } = await openFile(path);
    expect(container.warnings.map(({ code }) => code)).toContain('vhdx.log-replayed');
    await close();
    const guest = await openDisk(path);
    try {
      expect(guest.volumes.map(({ name, volume }) => [name, volume.size / MiB])).toEqual([
        ['msdos1', 100],
        ['msdos2', 200],
      ]);
    } finally {
      await guest.close();
    }
  });

  it('a disk of 10 GiB opens to its filesystem', async () => {
    const guest = await openDisk(unpack(peerPath('containers', 'ltr-xfs.vhdx.gz')));
    expect(guest.volumes.length).toBeGreaterThan(0);
    await guest.close();
  });
});

describe.skipIf(skip('VHDX images by qemu-img', qemu))('a VHDX image by qemu-img', () => {
  it.each([
    ['dynamic', '1M'],
    ['dynamic', '8M'],
    ['dynamic', '256M'],
    ['fixed', '1M'],
    ['fixed', '32M'],
  ])('%s with blocks of %s reads as its source', async (subformat, block) => {
    const image = fresh('.vhdx');
    qemuImg('convert', '-f', 'raw', '-O', 'vhdx', '-o', `subformat=${subformat},block_size=${block}`, raw, image);
    const { format, bytes } = await readImage(image);
    expect(format).toBe('vhdx');
    expect(hash(bytes.subarray(0, SIZE))).toBe(hash(content));
    expect(bytes.subarray(SIZE).every((byte) => byte === 0)).toBe(true);
  });
});

const { present, partiallyPresent, notPresent, zero, unmapped } = BlockState;

describe('a VHDX', () => {
  it('with logical sectors of 4096 bytes is read by its own chunk ratio', async () => {
    const data = pattern(MiB);
    for (const sectorSize of [512, 4096] as const) {
      const bytes = makeVhdx({ size: 3 * MiB, id: 1, sectorSize, blocks: new Map([[1, { state: present, data }]]) });
      const { disk, description } = await openBytes(bytes);
      expect(description.includes('4096')).toBe(sectorSize === 4096);
      const expected = new Uint8Array(3 * MiB);
      expected.set(data, MiB);
      expect(hash(await readDisk(disk))).toBe(hash(expected));
    }
  });

  it('gives zeros for blocks that are zero, unmapped or not present', async () => {
    const bytes = makeVhdx({
      size: 3 * MiB,
      id: 1,
      blocks: new Map([
        [0, { state: zero, data: pattern(MiB) }],
        [1, { state: unmapped, data: pattern(MiB) }],
        [2, { state: notPresent, data: pattern(MiB) }],
      ]),
    });
    const { disk } = await openBytes(bytes);
    expect(hash(await readDisk(disk))).toBe(hash(new Uint8Array(3 * MiB)));
  });

  it('is read by the copy of headers and region table that is good', async () => {
    const data = pattern(MiB);
    const whole = makeVhdx({ size: MiB, id: 1, blocks: new Map([[0, { state: present, data }]]) });
    for (const damaged of [HEADER_OFFSETS[0], HEADER_OFFSETS[1], REGION_TABLE_OFFSETS[0], REGION_TABLE_OFFSETS[1]]) {
      const bytes = whole.slice();
      bytes[damaged + 100] = 0xff;
      const { disk } = await openBytes(bytes);
      expect(hash(await readDisk(disk))).toBe(hash(data));
    }
    const bytes = whole.slice();
    for (const at of HEADER_OFFSETS) bytes[at + 100] = 0xff;
    await expect(openBytes(bytes)).rejects.toMatchObject({ code: 'vhdx.header' });
  });
});

describe('a differencing VHDX', () => {
  const base: VhdxPlan = {
    size: 4 * MiB,
    id: 0xb1,
    blocks: new Map([0, 1, 2].map((block) => [block, { state: present, data: pattern(MiB, block) }])),
  };
  const parent = { parent_linkage: guidText(0xb1), relative_path: '.\\base.vhdx' };
  const child = (sectorSize: 512 | 4096): VhdxPlan => ({
    size: 4 * MiB + sectorSize,
    id: 0xc1,
    sectorSize,
    parent,
    blocks: new Map<number, VhdxBlock>([
      [1, { state: partiallyPresent, data: pattern(MiB, 9), present: (sector) => sector % 3 === 1 || sector > 100 }],
      [2, { state: zero }],
      [3, { state: present, data: pattern(MiB, 7) }],
    ]),
  });

  it.each([512, 4096] as const)('takes each sector of %i bytes from where its bitmap says', async (sectorSize) => {
    const { disk } = await openBytes(makeVhdx(child(sectorSize)), {
      path: 'leaf.vhdx',
      files: { 'base.vhdx': makeVhdx({ ...base, sectorSize }) },
    });
    const expected = new Uint8Array(4 * MiB + sectorSize);
    expected.set(pattern(MiB, 0));
    const [own, below] = [pattern(MiB, 9), pattern(MiB, 1)];
    for (let sector = 0; sector < MiB / sectorSize; sector++) {
      const from = sector % 3 === 1 || sector > 100 ? own : below;
      expected.set(from.subarray(sector * sectorSize, (sector + 1) * sectorSize), MiB + sector * sectorSize);
    }
    expected.set(pattern(MiB, 7), 3 * MiB);
    expect(hash(await readDisk(disk, 777_777))).toBe(hash(expected));
  });

  it('refuses a parent that was written to, another disk, and one that is not there', async () => {
    const leaf = makeVhdx(child(512));
    const open = (files: Record<string, Uint8Array>) => openBytes(leaf, { path: 'leaf.vhdx', files });
    await expect(open({ 'base.vhdx': makeVhdx({ ...base, id: 0xb2 }) })).rejects.toMatchObject({
      kind: 'corrupt',
      code: 'vhdx.wrong-parent',
    });
    await expect(open({})).rejects.toMatchObject({ kind: 'not-found' });
    await expect(open({ 'base.vhdx': new Uint8Array(MiB) })).rejects.toMatchObject({
      kind: expect.stringMatching(/^(usage|unsupported|corrupt)$/),
    });
  });

  it('refuses a chain that leads back to itself', async () => {
    const loop = (id: number, name: string, other: number) =>
      makeVhdx({ size: MiB, id, parent: { parent_linkage: guidText(other), relative_path: name } });
    const files = { 'a.vhdx': loop(1, 'b.vhdx', 2), 'b.vhdx': loop(2, 'a.vhdx', 1) };
    await expect(openBytes(files['a.vhdx'], { path: 'a.vhdx', files })).rejects.toMatchObject({
      kind: expect.stringMatching(/^(usage|limit)$/),
    });
  });

  it('needs a bitmap where a block is partly present', async () => {
    const bytes = makeVhdx({ size: MiB, id: 1, parent, blocks: new Map([[0, { state: partiallyPresent, data: pattern(MiB) }]]) });
    stamp(bytes);
    const { disk } = await openBytes(bytes, { path: 'leaf.vhdx', files: { 'base.vhdx': makeVhdx(base) } });
    await expect(disk.read(0, 512)).rejects.toMatchObject({ code: 'vhdx.sector-bitmap' });
  });
});
