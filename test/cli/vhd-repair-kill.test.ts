/** `tygrub vhd repair --write` as a process that is killed after each single thing that it does to a file. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openContainer } from '../../src/disk/index.js';
import { planRepair } from '../../src/disk/vhd-writer/index.js';
import { HostTarget } from '../../src/extract/host-target.js';
import { restoreBackup } from '../../src/extract/sector-backup.js';
import { applyRepair } from '../../src/extract/vhd-repair.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { HostFileSource } from '../../src/source/host-file.js';
import { makeVhd, pattern } from '../disk/vhd/encoder.js';
import { matrixFolder } from '../disk/vhd/matrix.js';
import { containerOptions } from '../disk/vhd/memory.js';
import { MemoryImage } from '../disk/vhd-writer/memory-image.js';
import { sha256 } from '../support/manifest.js';
import { programCommand, ROOT, temporaryFolder } from '../support/program.js';
import { loopMount, type Missing, peerData, skip } from '../support/requirements.js';

const folder = temporaryFolder();
const log = join(folder, 'log');
const backup = join(folder, 'kept');
const [command, ...first] = programCommand('tygrub');
const node: Missing = first.length === 0 ? 'the program that is tested does not run on Node (unset TYGRUB_STANDALONE)' : null;

/** Runs the program up to its `last`-th change. @returns whether it was killed */
function repair(image: string, args: readonly string[], last: number, torn: boolean): boolean {
  rmSync(log, { force: true });
  const result = spawnSync(
    command,
    [
      '--require',
      join(ROOT, 'test/support/kill-after.cjs'),
      ...first,
      'vhd',
      'repair',
      image,
      '--write',
      '--quiet',
      '--backup',
      backup,
      ...args,
    ],
    {
      env: { ...process.env, TYGRUB_TEST_KILL_AFTER: String(last), TYGRUB_TEST_TORN: torn ? 'yes' : 'no', TYGRUB_TEST_LOG: log },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  if (result.signal === 'SIGKILL') return true;
  expect(result).toMatchObject({ status: 0, stderr: '' });
  return false;
}

async function hash(image: string): Promise<string> {
  const source = HostFileSource.open(image);
  try {
    return await sha256((await openContainer(source, containerOptions({ path: 'disk.vhd' }))).disk);
  } finally {
    await source.close();
  }
}

/** What a killed run replaced can be put back from what it kept. */
async function expectKept(image: string, original: Uint8Array, when: string): Promise<void> {
  const now = readFileSync(image);
  const source = HostFileSource.open(backup);
  try {
    const target = new MemoryImage(new Uint8Array(now));
    const place = { path: image, source: { size: now.length, read: async () => now }, fixedLength: false };
    await restoreBackup(source, place, target, DEFAULT_LIMITS.repairBackup);
    expect(Buffer.from(target.bytes).equals(original), `${when}, put back`).toBe(true);
  } finally {
    await source.close();
  }
}

async function expectRepairCompletes(image: string, size: number | null, when: string): Promise<void> {
  const target = HostTarget.open(image);
  try {
    const options = { limits: DEFAULT_LIMITS, path: image, fixedLength: target.isDevice, size };
    await applyRepair(await planRepair(target.source, options), target);
  } finally {
    await target.close();
  }
  const source = HostFileSource.open(image);
  try {
    const { steps } = await planRepair(source, { limits: DEFAULT_LIMITS, path: image, fixedLength: false, size });
    expect(steps, when).toEqual([]);
  } finally {
    await source.close();
  }
}

interface Case {
  readonly original: Uint8Array;
  readonly size?: number;
  /** Shown by `losetup`, where the image is to be a device. */
  readonly device?: string;
  /** Writes are cut in half as well. */
  readonly torn?: boolean;
}

/**
 * Repairs once without being killed, and then as often as that made changes, killed after the first, second ... of them.
 * @returns the changes of a whole run
 */
async function surviveKills(image: string, { original, size, device, torn }: Case, right: string): Promise<string[]> {
  const file = device ?? image;
  const args = size === undefined ? [] : ['--size', String(size)];
  /** @returns the changes until the program ended */
  const changesOf = async (last: number, tear: boolean): Promise<string[]> => {
    rmSync(backup, { force: true });
    writeFileSync(file, original, { flag: device === undefined ? 'w' : 'r+' });
    expect(repair(file, args, last, tear)).toBe(last !== 0);
    const changes = readFileSync(log, 'utf8').trim().split('\n');
    const when = `after ${changes.join(', ')}`;
    if (!readFileSync(file).equals(original)) {
      expect(await hash(file), when).toBe(right);
      await expectKept(file, original, when);
    }
    return changes;
  };
  writeFileSync(file, original, { flag: device === undefined ? 'w' : 'r+' });
  expect(await hash(file), 'before').toBe(right);
  const all = await changesOf(0, false);
  for (const [index, change] of all.entries()) {
    for (const tear of torn === true && change === 'writeSync' ? [false, true] : [false]) {
      const changes = await changesOf(index + 1, tear);
      expect(changes).toEqual([...all.slice(0, index), tear ? `torn ${change}` : change]);
      const when = `killed after ${changes.join(', ')}`;
      await expectRepairCompletes(file, size ?? null, when);
      expect(await hash(file), `${when}, repaired again`).toBe(right);
    }
  }
  return all;
}

describe.skipIf(skip('killing a repair', node))('a repair that is killed after any change', () => {
  it('keeps a small disk readable, and a second one completes: files that end, grow, shrink', async () => {
    const made = makeVhd({ type: 3, size: 16384, id: 'a', blocks: new Map([[1, { data: pattern(4096) }]]) });
    const image = join(folder, 'small.vhd');
    writeFileSync(image, made.bytes);
    const right = await hash(image);
    truncateSync(image, 64 * 1024);
    const moved = new Uint8Array(readFileSync(image)).fill(0, 0, 512);
    // The backup (text, two sectors, itself and its folder flushed), then two footers, each with its flush.
    const flushed = ['writeSync', 'fsyncSync'];
    const kept = ['writeSync', 'writeSync', 'writeSync', 'fsyncSync', 'fsyncSync'];
    expect(await surviveKills(image, { original: moved, torn: true }, right)).toEqual([...kept, ...flushed, ...flushed]);
    const shrunk = await surviveKills(image, { original: moved, size: 32 * 1024 }, right);
    expect(shrunk.slice(-2)).toEqual(['ftruncateSync', 'fsyncSync']);
    await surviveKills(image, { original: made.bytes.slice(0, -512) }, right);
    await surviveKills(image, { original: made.bytes.slice(0, -1), torn: true }, right);
  });

  it.skipIf(skip('killing a repair of a block device', loopMount()))('keeps a disk on a block device readable', async () => {
    const made = makeVhd({ type: 3, size: 16384, id: 'a', blocks: new Map([[1, { data: pattern(4096) }]]) });
    const image = join(folder, 'volume');
    writeFileSync(image, made.bytes);
    const right = await hash(image);
    truncateSync(image, 64 * 1024);
    const device = spawnSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).stdout.trim();
    try {
      await surviveKills(image, { original: new Uint8Array(readFileSync(image)).fill(0, 0, 512), device }, right);
    } finally {
      spawnSync('losetup', ['--detach', device]);
    }
  });

  it
    .skipIf(skip('killing repairs of the matrix', peerData()))
    .each(['511', '511-fixed', 'backuponly', 'killed', 'moved', 'moved-fixed', 'nobackup', 'stale', 'trunc512', 'trunc4k'])(
    'keeps d-%s readable',
    async (name) => {
      const image = join(folder, `d-${name}.vhd`);
      const original = readFileSync(join(matrixFolder(), 'matrix', `d-${name}.vhd`));
      const right = name === 'trunc4k' ? '' : '7886e157a04e4ef7fa2d9d09e0e66337987ac4865decf60bd05782d5134d50cf';
      writeFileSync(image, original);
      const changes = await surviveKills(image, { original }, right === '' ? await hash(image) : right);
      expect(changes.filter((change) => change === 'writeSync').length).toBeGreaterThan(1);
      expect(existsSync(backup)).toBe(true);
      rmSync(image);
    },
  );
});
