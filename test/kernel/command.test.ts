import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { filter } from '../codec/tools.js';
import { names, run, runJson, temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';
import { makeCpio } from './make-cpio.js';
import { LINUX_NOTES, makeBzImage, makeElf, NOTE } from './make-elf.js';

interface Listed {
  readonly problem: { readonly code: string } | null;
  readonly entries: readonly {
    readonly problem: unknown;
    readonly kernelInfo?: { readonly short: string } | null;
    readonly kernelProblem?: unknown;
  }[];
}

const needs = [tool('mke2fs', 'apt-get install e2fsprogs'), tool('zstd', 'apt-get install zstd')];

describe.skipIf(skip('tygrub kernel', ...needs))('what the commands say about kernels', () => {
  const folder = temporaryFolder();
  const disk = join(folder, 'disk.img');
  const elf = makeElf();
  const pvh = makeElf({ notes: LINUX_NOTES.filter((note) => note.type !== NOTE.ENTRY) });
  beforeAll(() => {
    const boot = join(folder, 'tree', 'boot');
    mkdirSync(join(boot, 'grub'), { recursive: true });
    writeFileSync(join(boot, 'vmlinuz-pv'), makeBzImage(gzipSync(elf), elf.length, { appendSize: false }));
    writeFileSync(join(boot, 'vmlinuz-pvh'), makeBzImage(filter('zstd', ['-q', '-c'], pvh), pvh.length));
    writeFileSync(join(boot, 'initrd'), gzipSync(makeCpio(['init'])));
    writeFileSync(join(boot, 'initrd-zstd'), filter('zstd', ['-q', '-c'], makeCpio(['init'])));
    writeFileSync(join(boot, 'config-6.1.0-50-amd64'), 'CONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_GZIP=y\n');
    const entry = (title: string, kernel: string, initrd: string): string =>
      `menuentry '${title}' {\n linux /boot/${kernel} ro\n initrd /boot/${initrd}\n}\n`;
    writeFileSync(
      join(boot, 'grub', 'grub.cfg'),
      `set timeout=1\n${entry('PV', 'vmlinuz-pv', 'initrd')}${entry('PVH', 'vmlinuz-pvh', 'initrd')}${entry('Unfit', 'vmlinuz-pv', 'initrd-zstd')}`,
    );
    const made = spawnSync('mke2fs', ['-q', '-t', 'ext4', '-d', join(folder, 'tree'), disk, '16M'], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
  });

  it('list looks at the notes of the entry that boots', () => {
    const menu = runJson<Listed>(['list', '--json', disk]);
    expect(menu.problem).toBeNull();
    expect(menu.entries.map((entry) => entry.kernelInfo?.short)).toEqual(['6.1.0-50-amd64 x86_64 PV PVH gzip', undefined, undefined]);
    expect(run(['list', disk]).stdout).toContain('6.1.0-50-amd64 x86_64 PV PVH gzip');
    expect(run(['inspect', disk]).stdout).toContain('boots PV: 6.1.0-50-amd64 x86_64 PV PVH gzip');
  });

  it('list believes the configuration beside the kernel where it says that it can start, and reads its notes where it does not', () => {
    const config = join(folder, 'tree', 'boot', 'config-6.1.0-50-amd64');
    const listed = (settings: string) => {
      const changed = join(folder, 'changed.img');
      const old = readFileSync(config);
      writeFileSync(config, `${old}${settings}\n`);
      spawnSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', join(folder, 'tree'), changed, '16M']);
      writeFileSync(config, old);
      return runJson<Listed>(['list', '--json', changed]).entries[0]?.kernelInfo;
    };
    // The kernel itself can do both: so one sees who was asked.
    expect(listed('CONFIG_XEN_PVH=y')).toMatchObject({ short: '6.1.0-50-amd64 x86_64 PVH gzip', xenFrom: 'config', xen: null });
    expect(listed('# CONFIG_XEN_PVH is not set')).toMatchObject({
      short: '6.1.0-50-amd64 x86_64 PV PVH gzip',
      xenFrom: 'notes',
      xen: { pv: true },
    });
  });

  it('list --kernels looks at all of them, --kernels=header at their headers, --no-kernels at none', () => {
    const shorts = (...options: string[]) =>
      runJson<Listed>(['list', '--json', ...options, disk]).entries.map((entry) => entry.kernelInfo?.short);
    expect(shorts('--kernels')).toEqual([
      '6.1.0-50-amd64 x86_64 PV PVH gzip',
      '6.1.0-50-amd64 x86_64 PVH zstd',
      '6.1.0-50-amd64 x86_64 PV PVH gzip',
    ]);
    expect(shorts('--kernels=header')[1]).toBe('6.1.0-50-amd64 x86_64 zstd');
    expect(shorts('--no-kernels')).toEqual([undefined, undefined, undefined]);
  });

  it('an initrd that the kernel cannot unpack is a problem of its entry', () => {
    const menu = runJson<Listed>(['list', '--json', '--kernels', disk]);
    expect(menu.entries[2]).toMatchObject({ problem: null, kernelProblem: { code: 'initrd.compression' } });
  });

  it('extract warns, and refuses with --strict before it writes anything', () => {
    const out = join(folder, 'out');
    mkdirSync(out);
    const strict = run(['extract', disk, '--entry', 'PVH', '--boot', 'pv', '--strict', '--output-directory', out]);
    expect(strict.status).toBe(4);
    expect(strict.stderr).toContain('built without PV support');
    expect(names(out)).toEqual([]);
    const result = run(['extract', disk, '--entry', 'PVH', '--xen', '4.14', '--output-directory', out, '--json']);
    expect(result.status).toBe(0);
    expect(result.stderr).toMatch(/^warning: .*zstd, which Xen 4\.14 cannot decompress/m);
    expect(JSON.parse(result.stdout)).toMatchObject({ problem: { code: 'kernel.compression' } });
  });

  it('extract --decompress writes the plain ELF', () => {
    const out = join(folder, 'plain');
    mkdirSync(out);
    const result = run(['extract', disk, '--entry', 'PVH', '--xen', '4.14', '--decompress', '--strict', '--output-directory', out]);
    expect(result.stderr).toBe('');
    expect(Buffer.compare(readFileSync(join(out, 'kernel')), pvh)).toBe(0);
  });

  it('kernel tells all about a kernel, an initrd, and what is neither', () => {
    expect(runJson(['kernel', '--json', `${disk}:/boot/vmlinuz-pvh`])).toMatchObject({
      short: '6.1.0-50-amd64 x86_64 PVH zstd',
      kernel: { format: 'bzImage', xen: { pv: false, pvh: true } },
      initrd: null,
      problem: null,
    });
    expect(runJson(['kernel', '--json', `${disk}:/boot/initrd`])).toMatchObject({
      kernel: null,
      initrd: { truncated: false },
      problem: null,
    });
    expect(runJson(['kernel', '--json', join(folder, 'tree', 'boot', 'grub', 'grub.cfg')])).toMatchObject({
      problem: { code: 'kernel.no-kernel' },
    });
    expect(run(['kernel', `${disk}:/boot`]).status).toBe(2);
    expect(run(['kernel', `${disk}:/boot/missing`]).status).toBe(3);
    expect(run(['kernel', join(folder, 'missing')]).status).toBe(3);
    expect(run(['kernel', '--xen', '1.0', join(folder, 'missing')]).status).toBe(2);
  });
});
