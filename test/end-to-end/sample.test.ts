import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { names, ROOT, run, runJson, temporaryFolder } from '../support/program.js';
import { fileSum, SAMPLE, SAMPLE_SUMS } from '../support/sample.js';

const folder = temporaryFolder();
const UUID = '5f0c9f7a-3a52-4c3e-9a7e-0d2f6b8a1c01';

interface EntryJson {
  index: number;
  id: string;
  title: string;
  submenus: string[];
  kind: string;
  args: string;
  kernel: { volume: string; path: string; size: number };
  initrds: { volume: string; path: string; size: number }[];
  hypervisor: null;
  problem: null;
  kernelInfo?: { short: string };
}
interface MenuJson {
  image: string;
  container: string;
  config: object;
  timeout: number;
  default: number;
  entries: EntryJson[];
}

describe('the sample disk', () => {
  it('shows its menu as documented', () => {
    const menu = runJson<MenuJson>(['list', SAMPLE, '--json']);
    expect(menu).toMatchObject({
      image: SAMPLE,
      container: 'vhd',
      config: { dialect: 'grub2', volume: 'msdos1', path: '/boot/grub/grub.cfg' },
      timeout: 5,
      default: 0,
    });
    const advanced = ['Advanced options for Debian GNU/Linux'];
    const rows = menu.entries.map((e) => [e.index, e.title, e.submenus, e.kernel.path, e.initrds.map((i) => i.path), e.args]);
    const kernel = (version: string) => [`/boot/vmlinuz-${version}-amd64`, [`/boot/initrd.img-${version}-amd64`]];
    expect(rows).toEqual([
      [0, 'Debian GNU/Linux', [], ...kernel('6.1.0-13'), `root=UUID=${UUID} ro quiet`],
      [1, 'Debian GNU/Linux, with Linux 6.1.0-13-amd64', advanced, ...kernel('6.1.0-13'), `root=UUID=${UUID} ro quiet`],
      [2, 'Debian GNU/Linux, with Linux 6.1.0-13-amd64 (recovery mode)', advanced, ...kernel('6.1.0-13'), `root=UUID=${UUID} ro single`],
      [3, 'Debian GNU/Linux, with Linux 6.1.0-9-amd64', advanced, ...kernel('6.1.0-9'), `root=UUID=${UUID} ro quiet`],
      [4, 'Debian GNU/Linux, with Linux 6.1.0-9-amd64 (recovery mode)', advanced, ...kernel('6.1.0-9'), `root=UUID=${UUID} ro single`],
    ]);
    expect(menu.entries[0]).toMatchObject({ id: `gnulinux-simple-${UUID}`, kind: 'linux', hypervisor: null, problem: null });
    expect(menu.entries[0]?.kernel).toMatchObject({ volume: 'msdos1', path: '/boot/vmlinuz-6.1.0-13-amd64' });
    expect(menu.entries[0]?.kernelInfo?.short).toBe('6.1.0-13-amd64 x86_64 PV PVH gzip');
  });

  for (const [wanted, version] of [
    [undefined, '6.1.0-13-amd64'],
    ['3', '6.1.0-9-amd64'],
    ['Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux 6.1.0-9-amd64', '6.1.0-9-amd64'],
    [`gnulinux-6.1.0-9-amd64-advanced-${UUID}`, '6.1.0-9-amd64'],
    ['1>2', '6.1.0-9-amd64'],
  ] as const) {
    it(`gives kernel and initrd of ${wanted ?? 'the default entry'}, private and complete`, () => {
      const out = join(folder, `out-${wanted?.replace(/\W/g, '_') ?? 'default'}`);
      mkdirSync(out);
      const result = runJson<{ kernel: string; initrd: string; args: string }>([
        'extract',
        SAMPLE,
        '--output-directory',
        out,
        '--json',
        ...(wanted === undefined ? [] : ['--entry', wanted]),
      ]);
      expect(names(out)).toEqual(['initrd', 'kernel']);
      expect(fileSum(result.kernel)).toBe(SAMPLE_SUMS.get(`vmlinuz-${version}`));
      expect(fileSum(result.initrd)).toBe(SAMPLE_SUMS.get(`initrd.img-${version}`));
      expect(statSync(result.kernel).mode & 0o777).toBe(0o600);
      expect(result.args).toBe(`root=UUID=${UUID} ro quiet`);
    });
  }

  it('never overwrites a file', () => {
    const out = join(folder, 'taken');
    mkdirSync(out);
    writeFileSync(join(out, 'initrd'), 'mine');
    const result = run(['extract', SAMPLE, '--output-directory', out]);
    expect(result.status).toBe(7);
    expect(result.stderr).toMatch(/initrd cannot be created: it already exists/);
    expect(names(out)).toEqual(['initrd']);
    expect(readFileSync(join(out, 'initrd'), 'utf8')).toBe('mine');
  });

  it('is described by inspect', () => {
    expect(runJson(['inspect', SAMPLE, '--json'])).toMatchObject({
      container: 'vhd',
      size: 32 * 1024 * 1024,
      table: 'mbr',
      volumes: [
        {
          name: 'msdos1',
          start: 1048576,
          size: 31457280,
          type: '0x83',
          active: true,
          filesystem: { type: 'ext4', uuid: UUID, label: 'root' },
          problem: null,
        },
      ],
    });
    expect(run(['inspect', SAMPLE]).stdout).toMatch(/msdos1 .* active\n.*ext4 .*root/);
  });

  it('has its files listed, shown and copied', () => {
    const lines = run(['ls', '-R', '--json', '--sha256', SAMPLE, '/boot'])
      .stdout.trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { path: string; sha256?: string; type: string });
    for (const [name, sum] of SAMPLE_SUMS)
      expect(lines.find((row) => row.path === `/boot/${name}`)).toMatchObject({ type: 'f', sha256: sum });
    expect(run(['ls', SAMPLE, '/boot/grub', '--volume', 'root']).stdout).toBe('grub.cfg\n');
    expect(run(['cat', SAMPLE, '/etc/hostname', '--volume', UUID]).stdout).toBe('tygrub-sample\n');
    expect(run(['stat', SAMPLE, '/etc/hostname']).stdout).toMatch(/size +14 bytes/);
    const copy = join(folder, 'copy');
    expect(run(['cp', '-r', SAMPLE, '/boot', copy]).status).toBe(0);
    for (const [name, sum] of SAMPLE_SUMS) expect(fileSum(join(copy, name))).toBe(sum);
  });

  it('is given to a toolstack in each of its formats', () => {
    for (const [format, pattern] of [
      ['sxp', /^linux \(kernel '(.*)'\)\(ramdisk '(.*)'\)\(args '(.*)'\)$/],
      ['simple', /^kernel (.*)\nramdisk (.*)\nargs (.*)\n\n$/],
      ['simple0', /^kernel (.*)\0ramdisk (.*)\0args (.*)\0\0$/],
    ] as const) {
      const out = join(folder, `xen-${format}`);
      mkdirSync(out);
      const result = run(['-q', `--output-format=${format}`, '--output-directory', out, SAMPLE, '--args=extra=1'], {
        program: 'tygrub-pygrub',
      });
      expect(result.status).toBe(0);
      const match = pattern.exec(result.stdout);
      expect(match, result.stdout).not.toBeNull();
      const [, kernel = '', ramdisk = '', args = ''] = match ?? [];
      expect(kernel).toMatch(/boot_kernel\.[a-z0-9_]{8}$/);
      expect(fileSum(kernel)).toBe(SAMPLE_SUMS.get('vmlinuz-6.1.0-13-amd64'));
      expect(fileSum(ramdisk)).toBe(SAMPLE_SUMS.get('initrd.img-6.1.0-13-amd64'));
      expect(args).toBe(`root=UUID=${UUID} ro quiet extra=1`);
    }
  });

  it('is what npm run demo shows', () => {
    const result = spawnSync('npm', ['run', '--silent', 'demo'], { cwd: ROOT, encoding: 'utf8' });
    expect(result.status, result.stderr).toBe(0);
    const kernel = /The kernel is (\S+), the initrd is (\S+)\.$/m.exec(result.stdout);
    expect(existsSync(kernel?.[1] ?? '')).toBe(true);
    expect(fileSum(kernel?.[2] ?? '')).toBe(SAMPLE_SUMS.get('initrd.img-6.1.0-13-amd64'));
  });
});
