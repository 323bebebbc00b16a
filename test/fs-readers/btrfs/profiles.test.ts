/** Filesystems on several devices, made by the kernel: every profile, with each device missing or damaged in turn. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolvePath } from '../../../fs-readers/path.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { temporaryFolder } from '../../support/program.js';
import { loopMount, skip, tool } from '../../support/requirements.js';
import { openBtrfs } from './images.js';
import { kernelBtrfs } from './kernel.js';

const MiB = 1024 * 1024;

function call(command: string, ...args: string[]): string {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr}`);
  return result.stdout.trim();
}

const missing = skip('btrfs on several devices', tool('mkfs.btrfs', 'apt-get install btrfs-progs'), loopMount(), kernelBtrfs());

describe.skipIf(missing)('A btrfs on several devices', () => {
  const folder = temporaryFolder();
  const content = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `${String(i).padStart(31, '0')}\n`).join(''));

  function make(name: string, count: number, options: readonly string[]): string[] {
    const files = Array.from({ length: count }, (_, i) => join(folder, `${name}${i}`));
    const loops = files.map((file) => {
      writeFileSync(file, '');
      truncateSync(file, 128 * MiB);
      return call('losetup', '--find', '--show', file);
    });
    const top = join(folder, `${name}-top`);
    mkdirSync(top);
    try {
      call('mkfs.btrfs', '-q', '-f', ...options, ...loops);
      call('btrfs', 'device', 'scan', ...loops);
      call('mount', '-t', 'btrfs', loops[0] ?? '', top);
      writeFileSync(join(top, 'file'), content);
      call('umount', top);
    } finally {
      for (const loop of loops) call('losetup', '--detach', loop);
    }
    return files;
  }

  /** Reads the file from some of the devices, the first of them opened. */
  async function read(files: readonly string[]) {
    const [first, ...others] = files.map((file) => HostFileSource.open(file));
    if (first === undefined) throw new Error('no device');
    try {
      const fs = await openBtrfs(first, others);
      const source = await (await resolvePath(fs, '/file', DEFAULT_LIMITS)).node.open();
      expect(Buffer.compare(await source.read(0, source.size), content)).toBe(0);
      return { state: fs.state, codes: [...new Set(fs.warnings.map(({ code }) => code))] };
    } finally {
      for (const source of [first, ...others]) await source.close();
    }
  }

  it.each([
    ['raid1', 2, 'crc32c'],
    ['raid1c3', 3, 'blake2'],
    ['raid1c4', 4, 'sha256'],
    ['raid10', 4, 'xxhash'],
  ] as const)(
    'in %s is read whole, without any one of %i devices, and with any one damaged (%s)',
    async (profile, count, checksum) => {
      const files = make(profile, count, ['-m', profile, '-d', profile, '--csum', checksum]);
      expect(await read(files)).toEqual({ state: '', codes: [] });
      for (const [index, file] of files.entries()) {
        const others = files.filter((name) => name !== file);
        expect(await read(others)).toEqual({ state: `degraded: without device ${index + 1}`, codes: ['btrfs.missing-device'] });
        const whole = readFileSync(file);
        const damaged = Buffer.from(whole);
        damaged.fill(0x5a, MiB);
        writeFileSync(file, damaged);
        expect((await read(files)).codes.filter((code) => code !== 'btrfs.mirror-used')).toEqual([]);
        writeFileSync(file, whole);
      }
    },
    120_000,
  );

  it('in RAID0 is read whole, and names the device that is missing', async () => {
    const files = make('raid0', 3, ['-m', 'raid1', '-d', 'raid0']);
    expect(await read(files)).toEqual({ state: '', codes: [] });
    for (const [index, file] of files.entries()) {
      const reading = read(files.filter((name) => name !== file));
      await expect(reading).rejects.toMatchObject({
        code: 'btrfs.missing-device',
        message: expect.stringContaining(`device ${index + 1} `),
      });
    }
  });

  it('that has a seed below it is read when the seed is given', async () => {
    const [seed = ''] = make('seed', 1, []);
    const sprout = join(folder, 'sprout');
    writeFileSync(sprout, '');
    truncateSync(sprout, 256 * MiB);
    call('btrfstune', '-S', '1', seed);
    const loops = [seed, sprout].map((file) => call('losetup', '--find', '--show', file));
    const top = join(folder, 'seed-top');
    try {
      call('mount', '-t', 'btrfs', loops[0] ?? '', top);
      call('btrfs', 'device', 'add', '-f', loops[1] ?? '', top);
      call('mount', '-o', 'remount,rw', top);
      writeFileSync(join(top, 'new'), 'new');
      call('umount', top);
    } finally {
      for (const loop of loops) call('losetup', '--detach', loop);
    }
    expect((await read([sprout, seed])).state).toBe('');
    await expect(read([sprout])).rejects.toMatchObject({ code: 'btrfs.missing-device' });
    expect((await read([seed])).state).toBe('');
  });
});
