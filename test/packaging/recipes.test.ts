import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programPath, ROOT, temporaryFolder } from '../support/program.js';
import { fileSum, SAMPLE, SAMPLE_SUMS } from '../support/sample.js';

const commands = [...readFileSync(join(ROOT, 'docs', 'recipes.md'), 'utf8').matchAll(/^ {4}\$ (.*)$/gm)].map((match) => match[1] ?? '');

describe('the recipes for administrators', () => {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['tygrub', 'tygrub-pygrub'] as const) symlinkSync(programPath(name), join(bin, name));
  copyFileSync(SAMPLE, join(folder, 'disk.vhd'));

  for (const command of commands) {
    it(`work as they stand there: ${command}`, () => {
      const result = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` },
      });
      expect(result.status, result.stderr).toBe(0);
      expect(result.stderr).not.toMatch(/internal error/);
    });
  }

  it('gave the files that their words promise', () => {
    expect(commands.length).toBeGreaterThan(12);
    expect(fileSum(join(folder, 'out', 'kernel'))).toBe(SAMPLE_SUMS.get('vmlinuz-6.1.0-13-amd64'));
    expect(fileSum(join(folder, 'out-json', 'initrd'))).toBe(SAMPLE_SUMS.get('initrd.img-6.1.0-13-amd64'));
    expect([...SAMPLE_SUMS.values()]).toContain(fileSum(join(folder, 'out-older', 'kernel')));
    expect(fileSum(join(folder, 'copy-of-grub.cfg'))).toBe(SAMPLE_SUMS.get('grub/grub.cfg'));
    expect(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))).toHaveProperty('kernel');
  });
});
