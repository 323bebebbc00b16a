import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, run, runJson, temporaryFolder } from '../support/program.js';
import { loopMount, type Missing, root, skip, tool } from '../support/requirements.js';
import { fileSum } from '../support/sample.js';

const apt: Missing[] = [
  root(),
  tool('apt-get', 'a Debian or Ubuntu host'),
  tool('grub-mkconfig', 'apt-get install grub-common'),
  tool('mkinitramfs', 'apt-get install initramfs-tools'),
  tool('qemu-img', 'apt-get install qemu-utils'),
  tool('mke2fs', 'apt-get install e2fsprogs'),
  tool('parted', 'apt-get install parted'),
  loopMount(),
];

describe.skipIf(skip('real Debian disks', ...apt))('real Debian disks', () => {
  const folder = temporaryFolder();
  const mount = join(folder, 'mount');
  beforeAll(() => {
    mkdirSync(mount);
    // Packages and initrds are kept: the second run on a machine is quick.
    const cache = join(tmpdir(), 'tygrub-debian-packages');
    const made = spawnSync(join(ROOT, 'images', 'make-debian-disk.sh'), [folder, cache], {
      encoding: 'utf8',
      env: { ...process.env, SIZE_MIB: '2048' },
    });
    if (made.status !== 0) throw new Error(`make-debian-disk.sh failed: ${made.stderr}`);
  });
  afterAll(() => void spawnSync('umount', ['-q', mount]));

  for (const [name, boot] of [
    ['debian-mbr', 'boot'],
    ['debian-gpt', '.'],
  ] as const) {
    it(`${name} gives kernels and initrds byte for byte as the Linux kernel reads them`, () => {
      const mounted = spawnSync('mount', ['-o', 'loop,ro,noload,offset=1048576', join(folder, `${name}.raw`), mount], { encoding: 'utf8' });
      expect(mounted.status, mounted.stderr).toBe(0);
      try {
        const truth = join(mount, boot);
        const kernels = readdirSync(truth).filter((file) => file.startsWith('vmlinuz-'));
        expect(kernels).toHaveLength(2);
        for (const image of [`${name}.vhd`, `${name}.raw`]) {
          const menu = runJson<{
            entries: { index: number; title: string; kernel: { path: string }; initrds: { path: string }[]; problem: null }[];
          }>(['list', '--json', join(folder, image)]);
          expect(menu.entries).toHaveLength(5);
          const seen = new Set<string>();
          for (const entry of menu.entries) {
            expect(entry.problem).toBeNull();
            if (seen.has(entry.kernel.path)) continue;
            seen.add(entry.kernel.path);
            const out = join(folder, `${image}-${entry.index}`);
            mkdirSync(out);
            expect(run(['extract', join(folder, image), '--entry', String(entry.index), '--output-directory', out]).status).toBe(0);
            const inside = (path: string) => join(truth, path.replace(/^\/boot\//, ''));
            expect(existsSync(inside(entry.kernel.path))).toBe(true);
            expect(fileSum(join(out, 'kernel'))).toBe(fileSum(inside(entry.kernel.path)));
            expect(fileSum(join(out, 'initrd'))).toBe(fileSum(inside(entry.initrds[0]?.path ?? '')));
          }
          expect(seen.size).toBe(2);
        }
      } finally {
        spawnSync('umount', [mount]);
      }
    });
  }

  it('are read from block devices, whose size stat does not tell', () => {
    const attach = (image: string) =>
      spawnSync('losetup', ['--find', '--show', '--read-only', join(folder, image)], { encoding: 'utf8' }).stdout.trim();
    for (const image of ['debian-mbr.raw', 'debian-gpt.vhd']) {
      const device = attach(image);
      try {
        const fromDevice = runJson<{ entries: object[] }>(['list', '--json', device]);
        const fromFile = runJson<{ entries: object[] }>(['list', '--json', join(folder, image)]);
        expect(fromDevice.entries).toEqual(fromFile.entries);
      } finally {
        spawnSync('losetup', ['--detach', device]);
      }
    }
  });
});
