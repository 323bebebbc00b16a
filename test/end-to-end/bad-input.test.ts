import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../support/mutation.js';
import { names, run, temporaryFolder } from '../support/program.js';
import { SAMPLE } from '../support/sample.js';

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
  const at = sample.indexOf('grub\0\0\0\0');
  if (at < 0) throw new Error('the sample has no directory entry grub');
  const fd = openSync(path, 'r+');
  writeSync(fd, 'gone', at);
  closeSync(fd);
}
loseConfig(noConfig);

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
    ['a VHD cut in half', half, 5],
    ['a disk without a boot config', noConfig, 3],
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
      expect(result.stderr).not.toBe('');
    }
    expect(run(['extract', SAMPLE, '--entry', 'no such entry', '--output-directory', out])).toMatchObject({ status: 3, stdout: '' });
    expect(run(['extract', SAMPLE, '--limit', 'fileSize=1K', '--output-directory', out])).toMatchObject({ status: 6, stdout: '' });
    expect(names(out)).toEqual([]);
  });
});
