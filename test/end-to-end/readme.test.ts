import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { names, programPath, ROOT, temporaryFolder } from '../support/program.js';
import { SAMPLE } from '../support/sample.js';

/** Commands that the README shows and that are run elsewhere: by every test run before it starts, or by this run itself. */
const RUN_ELSEWHERE = new Map([
  ['npm ci && npm run build', 'scripts/setup.mjs runs both before the tests'],
  ['npm test', 'is this run'],
  ['npm run demo', 'test/end-to-end/sample.test.ts'],
]);

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const commands = [...readme.matchAll(/^ {4}\$ (.*)$/gm)].map((match) => match[1] ?? '');

describe('the README', () => {
  const folder = temporaryFolder();
  copyFileSync(SAMPLE, join(folder, 'sample.vhd'));
  const bin = join(folder, 'bin');
  for (const name of ['bin', 'out', 'out-xen', 'out-library']) mkdirSync(join(folder, name));
  for (const name of ['tygrub', 'tygrub-pygrub'] as const) symlinkSync(programPath(name), join(bin, name));

  it('shows commands', () => {
    expect(commands.length).toBeGreaterThan(6);
  });

  for (const command of commands) {
    if (RUN_ELSEWHERE.has(command)) continue;
    it(`shows a command that works: ${command}`, () => {
      const result = spawnSync('bash', ['-c', command], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` },
      });
      expect(result.status, result.stderr).toBe(0);
      expect(result.stdout.length).toBeGreaterThan(0);
    });
  }

  it('shows library code that works', () => {
    const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const script = join(folder, 'library.mjs');
    writeFileSync(script, code.replace("from 'tygrub'", `from '${join(ROOT, 'dist', 'src', 'index.js')}'`));
    const result = spawnSync(process.execPath, [script], { cwd: folder, encoding: 'utf8' });
    expect(result.status, result.stderr).toBe(0);
    expect(names(join(folder, 'out-library'))).toEqual(['initrd', 'kernel']);
  });
});
