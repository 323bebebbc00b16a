import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { names, ROOT, temporaryFolder } from '../support/program.js';
import { root, skip, tool } from '../support/requirements.js';
import { fileSum, SAMPLE, SAMPLE_SUMS } from '../support/sample.js';

/** Runs a program to its end. @throws when it fails */
function must(command: string, args: readonly string[], cwd?: string): string {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? ''}${done.stdout}${done.stderr}`);
  return done.stdout;
}

describe.skipIf(skip('the Debian package', tool('dpkg-deb', 'a Debian host')))('the Debian package', () => {
  const folder = temporaryFolder();
  const tree = join(folder, 'tree');
  let deb = '';
  beforeAll(() => {
    deb = must(process.execPath, [join(ROOT, 'scripts', 'build-deb.mjs'), '--output', folder]).trim();
    must('dpkg-deb', ['--extract', deb, tree]);
  });

  it('has programs, manual pages, completions and documents where Debian looks for them', () => {
    for (const path of [
      ...['usr/bin/tygrub', 'usr/bin/tygrub-pygrub', 'usr/share/man/man1/tygrub.1.gz', 'usr/share/man/man1/tygrub-pygrub.1.gz'],
      ...['usr/share/bash-completion/completions/tygrub', 'usr/share/zsh/vendor-completions/_tygrub'],
      ...['usr/share/fish/vendor_completions.d/tygrub.fish', 'usr/share/doc/tygrub/copyright', 'usr/share/doc/tygrub/docs/recipes.md'],
    ]) {
      expect(existsSync(join(tree, path)), path).toBe(true);
    }
    expect(gunzipSync(readFileSync(join(tree, 'usr/share/man/man1/tygrub.1.gz'))).toString()).toContain('.SH COMMANDS');
    expect(gunzipSync(readFileSync(join(tree, 'usr/share/doc/tygrub/changelog.gz'))).toString()).toContain('# Changes');
    expect(readFileSync(join(tree, 'usr/share/doc/tygrub/copyright'), 'utf8')).toMatch(/License: MIT\n Permission/);
  });

  it('belongs to root, is open to all for reading, and has the checksums that it says', () => {
    const rows = must('dpkg-deb', ['--contents', deb]).trim().split('\n');
    expect(rows.filter((row) => !/^[-dlrwx]{10} root\/root /.test(row) || /^-....w|^-.......w/.test(row))).toEqual([]);
    must('dpkg-deb', ['--control', deb, join(folder, 'control')]);
    must('md5sum', ['--check', '--quiet', join(folder, 'control', 'md5sums')], tree);
  });

  it('runs from where it is unpacked and says its commit', () => {
    const program = (name: string) => join(tree, 'usr', 'bin', name);
    expect(lstatSync(program('tygrub')).isSymbolicLink()).toBe(true);
    const field = (name: string) => must('dpkg-deb', ['--field', deb, name]).trim();
    const said = must(process.execPath, [program('tygrub'), '--version']).trim();
    const commit = /\(([0-9a-f]+)/.exec(said)?.[1];
    expect(field('Version')).toContain(commit ?? said);
    expect(field('Depends')).toBe('nodejs (>= 20.19)');
    const out = join(folder, 'out');
    mkdirSync(out);
    must(process.execPath, [program('tygrub'), 'extract', SAMPLE, '--output-directory', out]);
    expect(fileSum(join(out, 'kernel'))).toBe(SAMPLE_SUMS.get('vmlinuz-6.1.0-13-amd64'));
  });

  it.skipIf(skip('installing the Debian package', root(), tool('dpkg', 'a Debian host')))('is installed, used and removed by dpkg', () => {
    const place = join(folder, 'root');
    const admin = join(place, 'var', 'lib', 'dpkg');
    for (const below of ['info', 'updates', 'parts']) mkdirSync(join(admin, below), { recursive: true });
    for (const file of ['status', 'available']) writeFileSync(join(admin, file), '');
    // Its scripts run here, not in the new root, which has no shell.
    const chrootless = ['--force-script-chrootless', '--force-depends'];
    const dpkg = ['--instdir', place, '--admindir', admin, ...chrootless, '--log', join(folder, 'dpkg.log')];
    must('dpkg', [...dpkg, '--install', deb]);
    expect(must('dpkg-query', ['--admindir', admin, '--show', '--showformat', `\${Status}`, 'tygrub'])).toBe('install ok installed');
    const out = join(folder, 'out-xen');
    mkdirSync(out);
    const program = join(place, 'usr', 'lib', 'tygrub', 'dist', 'bin', 'tygrub-pygrub.cjs');
    must(process.execPath, [program, '--quiet', '--output-format=simple', `--output-directory=${out}`, SAMPLE]);
    expect(names(out)).toHaveLength(2);
    const caches = names(join(place, 'usr', 'lib', 'tygrub', 'dist', 'bin')).filter((name) => name.endsWith('.cache'));
    expect(caches).toHaveLength(2);
    expect(caches.every((name) => name.includes('.v'))).toBe(true);
    must('dpkg', [...dpkg, '--purge', 'tygrub']);
    expect(existsSync(join(place, 'usr', 'bin', 'tygrub'))).toBe(false);
    expect(existsSync(join(place, 'usr', 'lib', 'tygrub'))).toBe(false);
  });
});
