// Makes a Debian package in build/: programs, manual pages, completions and documents.
//   npm run build:deb                   for hosts with Node (Architecture: all, Depends: nodejs)
//   npm run build:deb -- --standalone   with the executable of `npm run build:standalone`, for hosts without Node
// Needs dpkg-deb. Files belong to root whoever runs this.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { standalone: { type: 'boolean', default: false }, output: { type: 'string' } } });
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const EXECUTABLE = join(root, 'build', 'standalone', 'tygrub');

function fail(message) {
  console.error(`build-deb: ${message}`);
  process.exit(1);
}

if (!existsSync(join(root, 'dist', '.built'))) fail('the programs are not built: npm run build');
if (values.standalone && !existsSync(EXECUTABLE)) fail('there is no executable: npm run build:standalone');

/** The version of the package with the commit, which sorts after the release that it builds on. */
function debianVersion() {
  const said = execFileSync(process.execPath, [join(root, 'dist', 'bin', 'tygrub.cjs'), '--version'], { encoding: 'utf8' }).trim();
  const commit = /\(([0-9a-f]+)(-dirty)?\)/.exec(said);
  return commit === null ? manifest.version : `${manifest.version}+git${commit[1]}${commit[2] === undefined ? '' : '.dirty'}`;
}

const tree = mkdtempSync(join(tmpdir(), 'tygrub-deb-'));

function put(path, content, mode = 0o644) {
  const target = join(tree, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
  chmodSync(target, mode);
}

/** A program of the package under its name on the PATH. */
function link(name, target) {
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  symlinkSync(target, join(tree, 'usr/bin', name));
}

const packed = (path) => gzipSync(readFileSync(join(root, path)), { level: 9 });

function programs() {
  if (values.standalone) {
    mkdirSync(join(tree, 'usr/lib/tygrub'), { recursive: true });
    copyFileSync(EXECUTABLE, join(tree, 'usr/lib/tygrub/tygrub'));
    chmodSync(join(tree, 'usr/lib/tygrub/tygrub'), 0o755);
    link('tygrub', '../lib/tygrub/tygrub');
    // The launcher of the package for Node, which cleans the environment (Bun obeys variables as Node does), around the executable.
    symlinkSync('tygrub', join(tree, 'usr/lib/tygrub/tygrub-pygrub'));
    const launcher = readFileSync(join(root, 'bin/tygrub-pygrub'), 'utf8')
      .replace('/dist/bin/tygrub-pygrub.cjs', '/tygrub-pygrub')
      .replace('$wrap node -- "$program"', '$wrap "$program"');
    if (/node --|\.cjs/.test(launcher)) fail('bin/tygrub-pygrub has changed: the launcher of the executable cannot be made from it');
    put('usr/lib/tygrub/bin/tygrub-pygrub', launcher, 0o755);
    link('tygrub-pygrub', '../lib/tygrub/bin/tygrub-pygrub');
    return;
  }
  put('usr/lib/tygrub/package.json', readFileSync(join(root, 'package.json')));
  for (const name of Object.keys(manifest.bin)) {
    // Debian's own interpreter, whatever the PATH of who runs it.
    const text = readFileSync(join(root, 'dist', 'bin', `${name}.cjs`), 'utf8').replace(/^#!.*/, '#!/usr/bin/node');
    put(`usr/lib/tygrub/dist/bin/${name}.cjs`, text, 0o755);
    const file = manifest.bin[name];
    if (file.startsWith('bin/')) put(`usr/lib/tygrub/${file}`, readFileSync(join(root, file)), 0o755);
    link(name, `../lib/tygrub/${file}`);
  }
  cpSync(join(root, 'dist/code-cache'), join(tree, 'usr/lib/tygrub/dist/code-cache'), { recursive: true });
}

/** V8's code cache is of one version of Node: made when the package is installed, and again when Node's package changes. */
function maintainerScripts() {
  if (values.standalone) return;
  const bin = '"$DPKG_ROOT"/usr/lib/tygrub/dist/bin';
  put(
    'DEBIAN/postinst',
    `#!/bin/sh
set -e
case $1 in
  configure | triggered)
    rm -f ${bin}/*.cache
    node=/usr/bin/node
    [ -x "$node" ] || node=$(command -v node) || exit 0
    "$node" "$DPKG_ROOT/usr/lib/tygrub/dist/code-cache/make.mjs" ||
      echo 'tygrub: no code cache could be made: the programs work, and start more slowly' >&2
    ;;
esac
`,
    0o755,
  );
  put('DEBIAN/prerm', `#!/bin/sh\nset -e\nrm -f ${bin}/*.cache\n`, 0o755);
  put('DEBIAN/triggers', 'interest-noawait /usr/bin/node\n');
}

function documents() {
  for (const page of readdirSync(join(root, 'dist/man'))) put(`usr/share/man/man1/${page}.gz`, packed(`dist/man/${page}`));
  const shells = { bash: 'bash-completion/completions', zsh: 'zsh/vendor-completions', fish: 'fish/vendor_completions.d' };
  for (const [shell, folder] of Object.entries(shells)) {
    cpSync(join(root, 'dist/completions', shell), join(tree, 'usr/share', folder), { recursive: true });
  }
  const doc = 'usr/share/doc/tygrub';
  put(`${doc}/README.md`, readFileSync(join(root, 'README.md')));
  put(`${doc}/SECURITY.md`, readFileSync(join(root, 'SECURITY.md')));
  put(`${doc}/changelog.gz`, packed('CHANGELOG.md'));
  cpSync(join(root, 'docs'), join(tree, doc, 'docs'), { recursive: true });
  put(
    `${doc}/copyright`,
    `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: tygrub\n\nFiles: *\nCopyright: ${
      /Copyright \(c\) (.*)/.exec(readFileSync(join(root, 'LICENSE'), 'utf8'))?.[1] ?? 'the authors of tygrub'
    }\nLicense: MIT\n${readFileSync(join(root, 'LICENSE'), 'utf8')
      .split('\n')
      .slice(4)
      .map((line) => (line === '' ? ' .' : ` ${line}`))
      .join('\n')}\n`,
  );
}

function control(version, architecture) {
  const size = spawnSync('du', ['-sk', join(tree, 'usr')], { encoding: 'utf8' }).stdout.split('\t')[0];
  const lines = [
    `Package: ${values.standalone ? 'tygrub-standalone' : 'tygrub'}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: The tygrub project <tygrub@localhost>',
    `Installed-Size: ${size}`,
    values.standalone ? 'Depends: libc6 (>= 2.17)' : 'Depends: nodejs (>= 20.19)',
    ...(values.standalone ? ['Provides: tygrub', 'Conflicts: tygrub', 'Replaces: tygrub'] : []),
    'Suggests: util-linux',
    'Section: admin',
    'Priority: optional',
    'Description: kernel, initrd and command line out of a virtual disk',
    ' Reads VHD and other disk images in user space, finds the boot configuration of',
    " the guest and extracts what it boots, for Xen's paravirtual guests in pygrub's",
    ' place and for people and scripts. Nothing is mounted, nothing on the disk is trusted.',
  ];
  put('DEBIAN/control', `${lines.join('\n')}\n`);
  const sums = spawnSync('find usr -type f -print0 | sort -z | xargs -0 md5sum', { cwd: tree, shell: true, encoding: 'utf8' });
  if (sums.status !== 0) fail(`md5sum: ${sums.stderr}`);
  put('DEBIAN/md5sums', sums.stdout);
}

try {
  chmodSync(tree, 0o755);
  programs();
  documents();
  maintainerScripts();
  const version = debianVersion();
  const architecture = values.standalone ? execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim() : 'all';
  control(version, architecture);
  spawnSync('chmod', ['-R', 'u=rwX,go=rX', tree]);
  const folder = values.output ?? join(root, 'build');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${values.standalone ? 'tygrub-standalone' : 'tygrub'}_${version}_${architecture}.deb`);
  const built = spawnSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, file], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) fail(`dpkg-deb failed${built.error === undefined ? '' : `: ${built.error.message}`}`);
  console.log(file);
} finally {
  rmSync(tree, { recursive: true, force: true });
}
