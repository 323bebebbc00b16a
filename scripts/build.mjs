// Builds dist/: the library with its type declarations (tsc), each program as one file that needs nothing from
// node_modules (bundle.mjs), and the manual. What a run does not need, such as the menu, is in the file but is not even parsed.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bundle } from './bundle.mjs';
import { commit, ROOT as root } from './commit.mjs';

const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root], { stdio: 'inherit' });
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

const programs = { tygrub: 'src/cli/main.ts', 'tygrub-pygrub': 'src/pygrub/main.ts' };
mkdirSync(join(dist, 'bin'), { recursive: true });
for (const [name, entry] of Object.entries(programs)) {
  const { code, map } = await bundle({
    absWorkingDir: root,
    entryPoints: [entry],
    target: 'node20.19',
    minify: true,
    sourcemap: 'external',
    legalComments: 'none',
    define: { TYGRUB_COMMIT: JSON.stringify(commit()) },
  });
  const outfile = join(dist, 'bin', `${name}.cjs`);
  writeFileSync(outfile, code, { mode: 0o755 });
  writeFileSync(`${outfile}.map`, map);
}
mkdirSync(join(dist, 'code-cache'));
for (const file of ['scripts/code-cache/make.mjs', 'scripts/code-cache/run.mjs', 'images/sample.vhd.gz']) {
  copyFileSync(join(root, file), join(dist, 'code-cache', basename(file)));
}
const cached = spawnSync(process.execPath, [join(dist, 'code-cache', 'make.mjs')], { stdio: 'inherit' });
if (cached.status !== 0) process.exit(cached.status ?? 1);
await import('./build-manual.mjs');
writeFileSync(join(dist, '.built'), '');
