import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { names, ROOT, temporaryFolder } from '../support/program.js';
import { fileSum, SAMPLE, SAMPLE_SUMS } from '../support/sample.js';

/** Runs a program to its end. @throws when it fails */
function must(command: string, args: readonly string[], cwd: string): string {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, NODE_PATH: '' } });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout;
}

describe('the npm package', () => {
  const folder = temporaryFolder();
  const prefix = join(folder, 'prefix');
  const program = (name: string) => join(prefix, 'node_modules', '.bin', name);
  let tarball = '';
  let files: string[] = [];
  beforeAll(() => {
    // What `npm pack` does, but for building once more what this run tests.
    const packed = JSON.parse(must('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT)) as unknown;
    const rows = (Array.isArray(packed) ? packed : Object.values(packed as object)) as { filename: string; files: { path: string }[] }[];
    tarball = join(folder, rows[0]?.filename ?? '');
    files = (rows[0]?.files ?? []).map(({ path }) => path);
    mkdirSync(prefix);
    writeFileSync(join(prefix, 'package.json'), '{ "private": true, "type": "module" }');
    must('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], prefix);
  });

  it('holds what is run and read, and nothing of the workshop', () => {
    for (const wanted of [
      'README.md',
      'LICENSE',
      'SECURITY.md',
      'dist/bin/tygrub.cjs',
      'dist/man/tygrub.1',
      'dist/src/index.d.ts',
      'docs/recipes.md',
    ]) {
      expect(files).toContain(wanted);
    }
    expect(
      files.filter((path) => /^(src|test|scripts|images|fs-readers|\.ci)\/|\.map$|\.ts$/.test(path) && !path.endsWith('.d.ts')),
    ).toEqual([]);
  });

  it('puts both programs on the PATH, which say the commit that they are made from', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const [version, commit] = must(program('tygrub'), ['--version'], prefix).trim().split(' ');
    expect(version).toBe(manifest.version);
    const head = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
    if (head.status === 0) expect(commit).toMatch(/^\([0-9a-f]{7,40}(-dirty)?\)$/);
  });

  it('extracts kernel and initrd with both programs', () => {
    for (const out of ['out', 'out-xen']) mkdirSync(join(prefix, out));
    must(program('tygrub'), ['extract', SAMPLE, '--output-directory', 'out'], prefix);
    expect(fileSum(join(prefix, 'out', 'kernel'))).toBe(SAMPLE_SUMS.get('vmlinuz-6.1.0-13-amd64'));
    const answer = must(program('tygrub-pygrub'), ['--quiet', '--output-format=simple', '--output-directory=out-xen', SAMPLE], prefix);
    const kernel = /^kernel (.*)$/m.exec(answer)?.[1] ?? '';
    expect(fileSum(join(prefix, kernel.startsWith('/') ? '' : '.', kernel).replace(prefix + prefix, prefix))).toBe(
      SAMPLE_SUMS.get('vmlinuz-6.1.0-13-amd64'),
    );
    expect(names(join(prefix, 'out-xen'))).toHaveLength(2);
  });

  it('runs its programs without anything beside them', () => {
    const alone = join(folder, 'alone');
    mkdirSync(alone);
    for (const name of ['tygrub', 'tygrub-pygrub']) {
      const file = join(alone, `${name}.cjs`);
      writeFileSync(file, readFileSync(join(prefix, 'node_modules', 'tygrub', 'dist', 'bin', `${name}.cjs`)));
      const shown = must(
        process.execPath,
        name === 'tygrub' ? [file, 'list', SAMPLE] : [file, '--quiet', `--output-directory=${alone}`, SAMPLE],
        alone,
      );
      expect(shown).toMatch(/6\.1\.0-13-amd64|boot_kernel/);
    }
  });

  it('is a library with types', () => {
    const script = join(prefix, 'library.mjs');
    writeFileSync(
      script,
      `import { openDisk, readBootMenu, VERSION } from 'tygrub';
const guest = await openDisk(${JSON.stringify(SAMPLE)});
const menu = await readBootMenu(guest);
console.log(VERSION, menu.entries.length);
await guest.close();
`,
    );
    expect(must(process.execPath, [script], prefix)).toMatch(/^\d+\.\d+\.\d+ [1-9]/);
    writeFileSync(
      join(prefix, 'typed.ts'),
      `import { type BootMenu, openDisk, readBootMenu, TygrubError } from 'tygrub';
export async function titles(path: string): Promise<string[]> {
  const guest = await openDisk(path);
  const menu: BootMenu = await readBootMenu(guest);
  return menu.entries.map((entry) => entry.title);
}
export const isOurs = (error: unknown): error is TygrubError => error instanceof TygrubError;
`,
    );
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node', '--typeRoots'];
    must(process.execPath, [tsc, ...options, join(ROOT, 'node_modules', '@types'), 'typed.ts'], prefix);
  });

  it('is a package as npm and bundlers take it, with types that are true (publint, arethetypeswrong)', () => {
    const own = join(ROOT, 'node_modules');
    must(process.execPath, [join(own, 'publint', 'src', 'cli.js'), '--strict', tarball], folder);
    // CommonJS programs on Node 20.19 require() the ES module; older resolutions cannot, and `engines` says so.
    const ignored = ['cjs-resolves-to-esm', 'no-resolution'];
    must(process.execPath, [join(own, '@arethetypeswrong', 'cli', 'dist', 'index.js'), tarball, '--ignore-rules', ...ignored], folder);
  });
});
