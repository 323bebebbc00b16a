import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../support/mutation.js';
import { names, run, temporaryFolder } from '../support/program.js';
import { fileSum, SAMPLE, SAMPLE_SUMS } from '../support/sample.js';

const folder = temporaryFolder();
const out = join(folder, 'out');
mkdirSync(out);

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const random = new Random(7);
const sample = readFileSync(SAMPLE);
const noConfig = join(folder, 'no-config.vhd');
writeFileSync(noConfig, sample);

/** Renames /boot/grub to /boot/gone in the copy, in the directory block itself. */
function loseConfig(path: string): void {
  // A directory entry ends with the length of the name, the type (2: directory) and the name.
  const at = sample.indexOf('\u0004\u0002grub', 0, 'latin1') + 2;
  if (at < 2) throw new Error('the sample has no directory entry grub');
  const fd = openSync(path, 'r+');
  writeSync(fd, 'gone', at);
  closeSync(fd);
}
loseConfig(noConfig);

// The second block holds the files: cut off inside it, the disk has nothing to boot.
const cut = file('cut.vhd', sample.subarray(0, 3_000_000));
const half = file('half.vhd', sample.subarray(0, Math.floor(sample.length / 2)));
const zeros = file('zeros', '');
truncateSync(zeros, 64 * 1024 * 1024);

describe('bad input', () => {
  for (const [what, image, status] of [
    ['an empty file', file('empty', ''), 3],
    ['a text file', file('text', 'this is no disk\n'.repeat(100)), 3],
    ['a directory', folder, 2],
    [
      'random bytes',
      file(
        'random',
        Uint8Array.from({ length: 3_000_000 }, () => random.next(256)),
      ),
      3,
    ],
    ['zeros', zeros, 3],
    ['a VHD cut off', cut, 5],
    ['a file that is not there', join(folder, 'nowhere'), 7],
  ] as const) {
    for (const command of [['list'], ['extract', '--output-directory', out]]) {
      it(`${what} gives ${command[0]} one clear line and its exit status`, () => {
        const result = run([...command, '--quiet', '--ignore-checksums', image]);
        expect(result.stderr.trim().split('\n'), result.stderr).toHaveLength(1);
        expect(result.stderr).toMatch(/^tygrub: .{10,}/);
        expect(result.stderr).not.toMatch(/internal error|\bat .*\.js/);
        expect([result.status, result.stderr]).toEqual([status, result.stderr]);
        expect(result.stdout).toBe('');
        expect(names(out)).toEqual([]);
      });
    }

    it(`${what} fails tygrub-pygrub with one RuntimeError line`, () => {
      const result = run(['-q', '--output-directory', out, image], { program: 'tygrub-pygrub' });
      expect(result.status).toBe(1);
      expect(result.stdout).toBe('');
      expect(result.stderr.trim().split('\n').at(-1)).toMatch(/^RuntimeError: .{10,}/);
      expect(names(out)).toEqual([]);
    });
  }

  it('without a boot config offers its kernels as guesses, and boots none of them unasked', () => {
    const listed = run(['list', '--json', '--quiet', '--ignore-checksums', noConfig]);
    expect(listed.status, listed.stderr).toBe(0);
    const menu = JSON.parse(listed.stdout) as { config: null; default: null; entries: { guess: boolean }[] };
    expect([menu.config, menu.default, menu.entries.length]).toEqual([null, null, 2]);
    expect(menu.entries.every((entry) => entry.guess)).toBe(true);
    for (const args of [['extract', '--ignore-checksums', '--quiet', '--output-directory', out, noConfig]]) {
      const result = run(args);
      expect([result.status, result.stdout]).toEqual([3, '']);
      expect(result.stderr.trim().split('\n')).toHaveLength(1);
    }
    expect(names(out)).toEqual([]);
    const guessed = join(folder, 'guessed');
    mkdirSync(guessed);
    expect(run(['extract', '--guess', '--ignore-checksums', '--quiet', '--output-directory', guessed, noConfig]).status).toBe(0);
    expect(fileSum(join(guessed, 'kernel'))).toBe(SAMPLE_SUMS.get('vmlinuz-6.1.0-13-amd64'));
  });

  it('that lacks nothing which is needed still boots, with a warning that names the repair', () => {
    const kept = join(folder, 'kept');
    mkdirSync(kept);
    const result = run(['extract', half, '--output-directory', kept]);
    expect(result.status, result.stderr).toBe(0);
    expect(result.stderr).toMatch(/footer was cut off.*tygrub vhd repair/);
    expect(result.stderr).toMatch(/3 of 5 allocated blocks lie wholly or in part past the end of the file: it was not copied whole/);
    expect(fileSum(join(kept, 'kernel'))).toBe(SAMPLE_SUMS.get('vmlinuz-6.1.0-13-amd64'));
  });

  it('is told from other bad input', () => {
    const said = (image: string): string => run(['list', image]).stderr;
    expect(said(join(folder, 'empty'))).toContain('it is empty (0 bytes)');
    expect(said(join(folder, 'text'))).toContain('it is a text, no disk: "this is no disk"');
    expect(said(zeros)).toContain('it begins with zeros');
    expect(said(cut).match(/were cut off/g)).toHaveLength(1);
  });

  it('in the arguments is a usage error with a next step', () => {
    for (const args of [
      [],
      ['no-such-command'],
      ['list'],
      ['list', '--no-such-option', SAMPLE],
      ['extract', SAMPLE, '--limit', 'nothing=1'],
    ]) {
      const result = run(args);
      expect(result.status).toBe(2);
      if (args.length > 0) expect(result.stderr).toMatch(/^tygrub: .*; .*\n$/);
      else expect(result.stderr).toContain('Usage: tygrub');
    }
    expect(run(['extract', SAMPLE, '--entry', 'no such entry', '--output-directory', out])).toMatchObject({ status: 3, stdout: '' });
    expect(run(['extract', SAMPLE, '--limit', 'fileSize=1K', '--output-directory', out])).toMatchObject({ status: 6, stdout: '' });
    expect(names(out)).toEqual([]);
  });

  it('leaves no folder either that was made for the files', () => {
    const made = join(folder, 'made');
    expect(run(['extract', SAMPLE, '--limit', 'fileSize=50K', '--output-directory', made])).toMatchObject({ status: 6 });
    expect(names(folder)).not.toContain('made');
    expect(run(['extract', SAMPLE, '--output-directory', made])).toMatchObject({ status: 0 });
    expect(names(made)).toEqual(['initrd', 'kernel']);
    expect(run(['extract', SAMPLE, '--output-directory', join(made, 'a', 'b')])).toMatchObject({ status: 7 });
    expect(names(made)).toEqual(['initrd', 'kernel']);
  });
});
