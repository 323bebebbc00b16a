// Builds dist/: the library with its type declarations (tsc), each program as one file (esbuild) that needs nothing
// from node_modules, and the manual. What a run does not need, such as the menu, is in the file but is not evaluated.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { commit, ROOT as root } from './commit.mjs';

const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root], { stdio: 'inherit' });
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

const programs = { tygrub: 'src/cli/main.ts', 'tygrub-pygrub': 'src/pygrub/main.ts' };
for (const [name, entry] of Object.entries(programs)) {
  const outfile = join(dist, 'bin', `${name}.cjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    minify: true,
    sourcemap: 'external',
    legalComments: 'none',
    define: { TYGRUB_COMMIT: JSON.stringify(commit()) },
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
}
await import('./build-manual.mjs');
writeFileSync(join(dist, '.built'), '');
