import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../../src/codec/node-codecs.js';
import { openContainer } from '../../../src/disk/index.js';
import { checkVhd } from '../../../src/disk/vhd/index.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { openDisk, openImage } from '../../../src/open-disk.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import type { NeighbourPolicy } from '../../../src/source/host-neighbours.js';
import { NO_NEIGHBOURS } from '../../../src/source/neighbours.js';
import { temporaryFolder } from '../../support/program.js';
import { loopMount, skip } from '../../support/requirements.js';
import { makeVhd, pattern, type VhdPlan } from './encoder.js';

const BLOCK = 4096;
const SIZE = 4 * BLOCK;
const data = pattern(SIZE);
const root = temporaryFolder();
const sr = join(root, 'sr');
const far = join(root, 'far');
for (const folder of [sr, far]) mkdirSync(folder);

function write(folder: string, name: string, plan: VhdPlan): string {
  const path = join(folder, name);
  writeFileSync(path, makeVhd(plan).bytes);
  return path;
}

const base: VhdPlan = { type: 2, size: SIZE, id: 'a', data };
const child = (id: string, parent: string, name: string): VhdPlan => ({
  type: 4,
  size: SIZE,
  id,
  parent: { id: parent, name },
  blocks: new Map([[0, { data: pattern(BLOCK, id.charCodeAt(0)), present: (sector) => sector === 0 }]]),
});
const expected = (id: string) => {
  const out = data.slice();
  out.set(pattern(BLOCK, id.charCodeAt(0)).subarray(0, 512));
  return out;
};

async function read(path: string, policy: NeighbourPolicy = {}): Promise<Uint8Array> {
  const { source, neighbours } = await openImage(path, policy);
  try {
    const options = { limits: DEFAULT_LIMITS, neighbours: neighbours ?? NO_NEIGHBOURS, path, allowRawParent: true, force: false };
    const container = await openContainer(new BlockCache(source), options);
    const bytes = await container.disk.read(0, container.disk.size);
    await container.close?.();
    return bytes;
  } finally {
    await source.close?.();
  }
}

const openFiles = () => readdirSync('/proc/self/fd').length;

provideNodeCodecs();
write(sr, 'base.vhd', base);
write(sr, 'middle.vhd', child('m', 'a', 'base.vhd'));
const leaf = write(sr, 'leaf.vhd', child('l', 'm', 'middle.vhd'));
write(far, 'base.vhd', { ...base, id: 'b' });
const outside = write(sr, 'outside.vhd', child('o', 'b', '../far/base.vhd'));
const shadow = write(sr, 'shadow.vhd', { ...child('s', '\0', '/etc/passwd'), size: SIZE });

describe('a chain on the host', () => {
  it('is read through the files of the directory', async () => {
    expect(await read(leaf)).toEqual(expected('l'));
  });

  it('leaves no file open, whether it is read or fails', async () => {
    const before = openFiles();
    const guest = await openDisk(leaf);
    expect(openFiles()).toBe(before + 3);
    await guest.close();
    expect(openFiles()).toBe(before);
    await expect(openDisk(outside)).rejects.toMatchObject({ code: 'vhd.parent-outside' });
    await expect(openDisk(write(sr, 'orphan.vhd', child('q', 'z', 'gone.vhd')))).rejects.toMatchObject({ code: 'vhd.parent-missing' });
    await expect(openDisk(write(sr, 'wrong.vhd', child('w', 'z', 'middle.vhd')))).rejects.toMatchObject({ code: 'vhd.parent-uuid' });
    expect(openFiles()).toBe(before);
  });

  it('never leaves the directory unless the user allows it', async () => {
    await expect(read(outside)).rejects.toMatchObject({
      kind: 'usage',
      code: 'vhd.parent-outside',
      hint: expect.stringMatching(/--parent-dir .*--allow-any-parent/),
    });
    expect(await read(outside, { parentDirs: [far] })).toEqual(expected('o'));
    expect(await read(outside, { allowAnyParent: true })).toEqual(expected('o'));
  });

  it('never shows a file of the host as a raw parent from another place, even where raw parents are allowed', async () => {
    await expect(read(shadow)).rejects.toMatchObject({ code: 'vhd.parent-outside' });
  });

  it('is not blamed on other files of the directory that lead outside it', async () => {
    symlinkSync('../far/base.vhd', join(sr, 'elsewhere.vhd'));
    await expect(read(write(sr, 'lonely.vhd', child('y', 'z', 'gone.vhd')))).rejects.toMatchObject({ code: 'vhd.parent-missing' });
  });

  it('is found by UUID where every name leads nowhere', async () => {
    expect(await read(write(sr, 'renamed.vhd', child('r', 'a', 'C:\\old\\place.vhd')))).toEqual(expected('r'));
  });
});

describe.skipIf(skip('VHDs on block devices', loopMount()))('a chain on volumes', () => {
  it('is found through the links by which volumes are named, and its footers stand in the last sectors', async () => {
    const group = join(root, 'VG_XenStorage-1');
    mkdirSync(group);
    const device = (name: string, plan: VhdPlan): string => {
      const file = write(root, `${name}.volume`, plan);
      truncateSync(file, 64 * 1024);
      const { status, stdout, stderr } = spawnSync('losetup', ['--find', '--show', '--read-only', file], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`losetup: ${stderr}`);
      symlinkSync(stdout.trim(), join(group, name));
      return stdout.trim();
    };
    const devices: string[] = [];
    try {
      devices.push(device('VHD-parent', { ...base, type: 3, blocks: new Map([[1, { data: data.subarray(BLOCK, 2 * BLOCK) }]]) }));
      devices.push(device('VHD-leaf', child('l', 'a', 'VG_XenStorage--1-VHD--parent')));
      const disk = new Uint8Array(SIZE);
      disk.set(data.subarray(BLOCK, 2 * BLOCK), BLOCK);
      disk.set(pattern(BLOCK, 'l'.charCodeAt(0)).subarray(0, 512));
      const path = join(group, 'VHD-leaf');
      expect(await read(path)).toEqual(disk);
      const { source, neighbours } = await openImage(path);
      expect(source.size).toBe(64 * 1024);
      const options = { limits: DEFAULT_LIMITS, neighbours: neighbours ?? NO_NEIGHBOURS, path, allowRawParent: false, force: false };
      const report = await checkVhd(new BlockCache(source), options, { now: 2e9, volume: true, data: true, chain: true });
      await source.close?.();
      expect(report.checked).toHaveLength(2);
      expect(report.findings.filter(({ code }) => code === 'footer.place')).toHaveLength(2);
      expect(report.findings.map(({ code }) => code)).not.toContain('parent.missing');
    } finally {
      for (const name of devices) spawnSync('losetup', ['--detach', name]);
    }
  });
});
