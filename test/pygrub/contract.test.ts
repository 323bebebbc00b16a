import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { root, skip, tool } from '../support/requirements.js';
import { ext4, GUEST, LAUNCHER, PYGRUB, realPygrub, runPygrub, scratch, settled, type Tree } from './images.js';

const noTools = skip("pygrub's contract", root(), tool('mke2fs', 'apt-get install e2fsprogs'));

const config = (text: string): Tree => ({ ...GUEST, '/boot/grub/grub.cfg': text });

describe.skipIf(noTools || skip('the comparison with the real pygrub', realPygrub()))('beside the real pygrub', () => {
  let image = '';
  beforeAll(() => {
    image = ext4(GUEST);
  });

  // Whatever works in pygrub gives the same bytes, status and files.
  for (const args of [
    ['-q'],
    ['-q', '--output-format=sxp'],
    ['-q', '--output-format=simple'],
    ['-q', '--output-format', 'simple0'],
    ['--quiet', '--output-f=simple0', '--entry=1'],
    ['--entry=Two'],
    ['-q', '--entry=2', '--output-format=simple'],
    ['-q', '--entry=2', '--output-format=simple0'],
    ['-q', '--entry=2'],
    ['-q', '--args=extra=1'],
    ['-q', '--entry=2', '--args=extra=1', '--output-format=simple0'],
    ['-q', '--args', 'a \'b\' "c" \\d é', '--entry=1'],
    ['-q', '--args', "it's", '--entry=1'],
    ['-q', '--kernel=/boot/vmlinuz'],
    ['-q', '--kernel=/boot/vmlinuz', '--ramdisk=/boot/initrd', '--args=x y'],
    ['-q', '--ramdisk=/boot/nothing'],
    ['-q', '--offset=0'],
    ['-iq', '--output=-'],
    ['-i', '--quiet'],
    ['-q', '--output-format=simple', '--output-format=simple0'],
    ['-q', '--runas=0'],
    ['-q', '--debug', '--output-format=simple'],
    ['-q', '--'],
  ]) {
    it(`gives the same for ${args.join(' ')}`, () => {
      const theirs = runPygrub(PYGRUB, args, image);
      const ours = runPygrub(LAUNCHER, args, image);
      expect(theirs.status).toBe(0);
      expect({ status: ours.status, stdout: settled(ours), left: ours.left }).toEqual({
        status: theirs.status,
        stdout: settled(theirs),
        left: theirs.left,
      });
    });
  }

  it('takes the image before the options, and no more than one', () => {
    const theirs = runPygrub(PYGRUB, [image, 'another', '-q', '--output-format=simple'], null);
    const ours = runPygrub(LAUNCHER, [image, 'another', '-q', '--output-format=simple'], null);
    expect(settled(ours)).toBe(settled(theirs));
    expect(ours.left).toEqual(theirs.left);
  });

  it('writes the same into --output', () => {
    for (const format of ['sxp', 'simple', 'simple0']) {
      const files = [scratch('theirs'), scratch('ours')];
      for (const file of files) writeFileSync(file, '');
      const theirs = runPygrub(PYGRUB, ['-q', `--output=${files[0]}`, `--output-format=${format}`], image);
      const ours = runPygrub(LAUNCHER, ['-q', `--output=${files[1]}`, `--output-format=${format}`], image);
      const written = files.map((file, i) => settled({ ...(i === 0 ? theirs : ours), stdout: readFileSync(file, 'utf8') }));
      expect(written[1]).toBe(written[0]);
      expect([theirs.stdout, ours.stdout]).toEqual(['', '']);
    }
  });

  // What fails in pygrub fails here, with the same words on standard output.
  for (const args of [
    ['--frobnicate'],
    ['-q', '--outp=x'],
    ['-q', '--quiet=1'],
    ['-x'],
    ['-q', '--output-format=foo'],
    ['-q', '--offset=abc'],
    ['-q', '--offset=4096'],
    ['-q', '--runas=root'],
    ['--runas=1'],
    ['-q', '--output-directory=/nowhere'],
    ['-q', '--entry=3'],
    ['-q', '--entry=4'],
    ['-q', '--kernel=/boot/nokernel'],
    ['-q', '-n', '--entry=3'],
    ['-q', '-n', '--entry=4'],
    ['-q', '--output=/nowhere/file'],
  ]) {
    it(`fails as well for ${args.join(' ')}`, () => {
      const theirs = runPygrub(PYGRUB, args, image);
      const ours = runPygrub(LAUNCHER, args, image);
      expect([theirs.status, ours.status]).toEqual([1, 1]);
      expect(ours.stdout).toBe(theirs.stdout);
      expect(ours.left).toEqual({});
      expect(ours.stderr.trimEnd().split('\n').at(-1)).toMatch(/^RuntimeError: ./);
    });
  }

  it('prints usage with the same status for --help and -h, with an image and without', () => {
    for (const [args, given] of [
      [['--help'], true],
      [['--help'], false],
      [['-h'], true],
      [['-h'], false],
      [[], false],
      [['-q'], false],
    ] as const) {
      const theirs = spawnSync(PYGRUB, [...args, ...(given ? [image] : [])], { encoding: 'utf8' });
      const ours = spawnSync(LAUNCHER, [...args, ...(given ? [image] : [])], { encoding: 'utf8' });
      expect([args, ours.status, ours.stdout]).toEqual([args, theirs.status, theirs.stdout]);
      expect(ours.stderr).toMatch(/^Usage: /);
    }
  });

  it('lists the same entries up to the one at which pygrub stops', () => {
    const theirs = runPygrub(PYGRUB, ['-l'], image);
    const ours = runPygrub(LAUNCHER, ['-l'], image);
    expect([theirs.status, ours.status]).toEqual([0, 0]);
    expect(theirs.stdout.length).toBeGreaterThan(100);
    const upToThere = theirs.stdout.slice(0, theirs.stdout.lastIndexOf('title: '));
    expect(ours.stdout.startsWith(upToThere)).toBe(true);
    expect(ours.stdout).toContain('title: Directory\n');
    expect(ours.left).toEqual({});
  });

  it('shows the same of a config file alone', () => {
    const file = scratch('grub.cfg');
    writeFileSync(file, GUEST['/boot/grub/grub.cfg'] as string);
    for (const args of [
      ['--isconfig', '-q'],
      ['--isconfig', '--entry=1'],
      ['--isconfig', '-q', '--args=more'],
    ]) {
      const theirs = runPygrub(PYGRUB, args, file);
      const ours = runPygrub(LAUNCHER, args, file);
      expect([ours.status, ours.stdout]).toEqual([theirs.status, theirs.stdout]);
    }
  });

  it('reads the configs of other loaders as pygrub does', () => {
    const files = { '/boot/vmlinuz': 'kernel', '/boot/initrd': 'initrd' };
    for (const tree of [
      {
        ...files,
        '/boot/grub/menu.lst':
          'default 1\ntimeout 5\ntitle A\nroot (hd0,0)\nkernel /boot/vmlinuz a\n\ntitle B\nroot (hd0,0)\nkernel /boot/vmlinuz b ro\ninitrd /boot/initrd\n',
      },
      { ...files, '/extlinux.conf': 'default one\nlabel one\n  kernel /boot/vmlinuz\n  append initrd=/boot/initrd root=/dev/xvda ro\n' },
    ]) {
      const disk = ext4(tree);
      const theirs = runPygrub(PYGRUB, ['-q', '--output-format=simple'], disk);
      const ours = runPygrub(LAUNCHER, ['-q', '--output-format=simple'], disk);
      expect(theirs.status).toBe(0);
      expect(ours.left).toEqual(theirs.left);
      expect(settled(ours).split('\n').slice(0, 2)).toEqual(settled(theirs).split('\n').slice(0, 2));
    }
  });
});

describe.skipIf(noTools)('where pygrub is to be mended', () => {
  let image = '';
  beforeAll(() => {
    image = ext4(GUEST);
  });
  const failing = (args: readonly string[], disk: string | null = image, message = /^RuntimeError: ./): void => {
    const run = runPygrub(LAUNCHER, args, disk);
    expect([run.status, run.stdout, run.left]).toEqual([1, '', {}]);
    const last = run.stderr.trimEnd().split('\n');
    expect(last.at(-1)).toMatch(message);
    expect(last.filter((line) => line.includes('RuntimeError: '))).toHaveLength(1);
  };

  it('fails with one RuntimeError line and nothing left behind, also with --runas', () => {
    const nothing = ext4({ '/etc/hostname': 'x' });
    const empty = scratch('empty');
    writeFileSync(empty, '');
    for (const more of [[], ['--runas=4242']]) {
      failing(['-q', ...more], nothing, /no boot configuration/);
      failing(['-q', ...more], empty);
      failing(['-q', ...more], scratch('not-there'), /no such file/);
      failing(['-q', ...more], scratch(''), /directory/);
      failing(['-q', ...more, '--entry=3'], image, /nokernel/);
      failing(['-q', ...more, '--entry=4'], image, /noinitrd/);
      failing(['-q', ...more, '--entry=5'], image, /empty/);
      failing(['-q', ...more, '--entry=6'], image, /not a regular file|directory/);
      failing(['-q', ...more, '--entry=7'], image, /no entry 7/);
      failing(['-q', ...more, '--entry=-1'], image, /no entry -1/);
      failing(['-q', ...more, '--entry=No such title'], image, /no entry/);
    }
  });

  it('drops empty arguments, and takes what xapi adds', () => {
    const run = runPygrub(LAUNCHER, ['', '-q', '--vm', '2d4b9ad8-7c4f-4b6c-8f1e-6dca1c9b0c35', '', '--output-format=simple'], image);
    expect([run.status, Object.keys(run.left)]).toEqual([0, ['boot_kernel', 'boot_ramdisk']]);
  });

  it('refuses values that hold what separates them', () => {
    const disk = ext4(config(`menuentry 'x' {\n linux /boot/vmlinuz "a\nramdisk /etc/shadow"\n}\n`));
    for (const format of ['sxp', 'simple', 'simple0']) failing(['-q', `--output-format=${format}`], disk, /delimiter/);
  });

  it('refuses a command line that libxl would drop, and warns of one that Xen would cut', () => {
    failing(['-q', `--args=${'x'.repeat(9000)}`], image, /libxl drops/);
    const run = runPygrub(LAUNCHER, ['-q', `--args=${'x'.repeat(1500)}`], image);
    expect(run.status).toBe(0);
    expect(run.stderr).toMatch(/PV guest/);
  });

  it('says with -n what it would hand out, and writes nothing', () => {
    const run = runPygrub(LAUNCHER, ['-q', '-n', '--output-format=simple'], image);
    expect([run.status, run.left]).toEqual([0, {}]);
    expect(run.stdout).toBe('kernel <kernel:/boot/vmlinuz>\nramdisk <ramdisk:/boot/initrd>\nargs root=UUID=1234 ro console=hvc0 quiet\n\n');
  });

  it('truncates an old output file', () => {
    const file = scratch('old');
    writeFileSync(file, 'x'.repeat(10_000));
    runPygrub(LAUNCHER, ['-q', `--output=${file}`, '--output-format=simple'], image);
    expect(readFileSync(file, 'utf8')).toMatch(/^kernel [^\n]*\nramdisk [^\n]*\nargs [^\n]*\n\n$/);
  });
});
