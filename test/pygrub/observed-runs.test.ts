/** The runs of the real pygrub that the contract was written down from, made again beside tygrub-pygrub, row by row. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { root, skip, tool } from '../support/requirements.js';
import { ext4, GUEST, LAUNCHER, PYGRUB, type PygrubRun, realPygrub, runPygrub, scratch, settled, type Tree, UID } from './images.js';

const config = (text: string): Tree => ({ ...GUEST, '/boot/grub/grub.cfg': text });
const entry = (lines: string): string => `menuentry 'X' {\n${lines}\n}\n`;

const file = (name: string, content: string | number): string => {
  const path = scratch(name);
  if (typeof content === 'string') writeFileSync(path, content);
  else spawnSync('truncate', ['-s', String(content), path]);
  return path;
};

const missing = skip('the runs of the real pygrub', root(), realPygrub(), tool('mke2fs', 'apt-get install e2fsprogs'));

describe.skipIf(missing)('a run that pygrub was seen in', () => {
  const images = new Map<string, string>();
  beforeAll(() => {
    const trees: Record<string, Tree> = {
      good: GUEST,
      'no config': { '/boot/vmlinuz': 'kernel' },
      'entry without kernel': config(entry('\ttrue')),
      'parse error': config("menuentry 'X' {\n\tlinux /boot/vmlinuz\n"),
      'missing kernel': config(entry('\tlinux /boot/nokernel ro')),
      'missing initrd': config(entry('\tlinux /boot/vmlinuz ro\n\tinitrd /boot/noinitrd')),
      'no initrd': config(entry('\tlinux /boot/vmlinuz ro')),
      'empty initrd': config(entry('\tlinux /boot/vmlinuz ro\n\tinitrd /boot/empty')),
      'empty kernel': config(entry('\tlinux /boot/empty ro')),
      'directory as kernel': config(entry('\tlinux /boot/dir ro')),
      'large kernel': { ...config(entry('\tlinux /boot/large ro')), '/boot/large': 20 * 2 ** 30 },
    };
    for (const [name, tree] of Object.entries(trees)) images.set(name, ext4(tree, name === 'large kernel' ? 32 : 8));
    images.set('empty image', file('empty', ''));
    images.set('zero image', file('zero', 4 * 2 ** 20));
    images.set('tiny image', file('tiny', 'x'));
    images.set('absent image', scratch('absent'));
    mkdirSync(scratch('a-directory'));
    images.set('directory as image', scratch('a-directory'));
  });

  const both = (args: readonly string[], image: string): [theirs: PygrubRun, ours: PygrubRun] => {
    const path = images.get(image) ?? '';
    return [runPygrub(PYGRUB, args, path), runPygrub(LAUNCHER, args, path)];
  };
  const failsWell = (run: PygrubRun): void => {
    expect([run.status, run.stdout, run.left]).toEqual([1, '', {}]);
    expect(run.stderr.trimEnd().split('\n').at(-1)).toMatch(/^RuntimeError: .{10,}/);
  };

  it.each(['good', 'no initrd', 'empty initrd'])('%s: the same result', (image) => {
    for (const format of ['simple0', 'simple', 'sxp']) {
      const [theirs, ours] = both(['-q', `--output-format=${format}`], image);
      expect([theirs.status, ours.status]).toEqual([0, 0]);
      expect(settled(ours)).toBe(settled(theirs));
      expect(ours.left).toEqual(theirs.left);
    }
  });

  // pygrub fails with status 1 as well, but with another or no message, and leaves files: both are to be mended (6.5).
  it.each([
    'no config',
    'empty image',
    'zero image',
    'tiny image',
    'entry without kernel',
    'parse error',
    'missing kernel',
    'missing initrd',
    'absent image',
    'directory as image',
  ])('%s: a failure in both, one clear line and no file here', (image) => {
    const [theirs, ours] = both(['-q', '--output-format=simple'], image);
    expect(theirs.status).toBe(1);
    failsWell(ours);
  });

  // With --runas pygrub ends with 0 whatever happened: the first thing that was to be mended.
  it.each(['no config', 'missing kernel', 'missing initrd', 'large kernel'])('%s with --runas: status 0 there, a failure here', (image) => {
    const [theirs, ours] = both(['-q', `--runas=${UID}`, '--output-format=simple'], image);
    expect([theirs.status, theirs.stdout]).toEqual([0, '']);
    failsWell(ours);
  });

  it.each(['good', 'no initrd'])('%s with --runas: the same result', (image) => {
    const path = images.get(image) ?? '';
    spawnSync('chmod', ['a+r', path]);
    const [theirs, ours] = both(['-q', `--runas=${UID}`, '--output-format=simple'], image);
    expect([theirs.status, ours.status], ours.stderr).toEqual([0, 0]);
    // pygrub puts its files into a directory of its own below the output directory.
    const names = (run: PygrubRun): string => settled(run).replace(/OUT\/\S*?(boot_(?:kernel|ramdisk))/g, 'OUT/$1');
    expect(names(ours)).toBe(names(theirs));
  });

  // What pygrub hands out although nothing can boot with it is refused: no caller depends on it (6.5).
  it.each(['empty kernel', 'directory as kernel'])('%s: handed out there, refused here', (image) => {
    const [theirs, ours] = both(['-q', '--output-format=simple'], image);
    expect(theirs.status).toBe(0);
    failsWell(ours);
  });

  it.each(['unknown', '99', '-1'])('--entry=%s: the default entry there, an error here', (wanted) => {
    const [theirs, ours] = both(['-q', `--entry=${wanted}`, '--output-format=simple'], 'good');
    expect(theirs.status).toBe(0);
    failsWell(ours);
  });

  it('-n: says what it would hand out, where pygrub says None', () => {
    const [theirs, ours] = both(['-q', '-n', '--output-format=simple'], 'good');
    expect([theirs.status, ours.status]).toEqual([0, 0]);
    expect(theirs.stdout).toMatch(/^kernel None\n/);
    expect(ours.stdout.split('\n').slice(-3)).toEqual(theirs.stdout.split('\n').slice(-3));
    expect(ours.left).toEqual({});
  });

  it('empty initrd with --runas: both name a ramdisk, which is there here', () => {
    const [theirs, ours] = both(['-q', `--runas=${UID}`, '--output-format=simple'], 'empty initrd');
    expect([theirs.status, ours.status]).toEqual([0, 0]);
    expect(theirs.stdout).toMatch(/^ramdisk /m);
    expect(Object.keys(theirs.left)).toEqual(['boot_kernel']);
    expect(ours.stdout).toMatch(/^ramdisk /m);
    expect(ours.left).toEqual({ ...theirs.left, boot_ramdisk: '' });
    expect(ours.stderr).toMatch(/warning: the ramdisk is empty/);
  });

  it('without a terminal: pygrub fails for want of curses, and so does not hang; neither does this', () => {
    const [theirs, ours] = both(['--output-format=simple'], 'good');
    expect(theirs.status).toBe(1);
    if (ours.status === 0) expect(ours.stdout).toMatch(/^kernel /);
    else failsWell(ours);
  });
});
