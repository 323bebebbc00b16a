// Keeps beside the programs what V8 makes of them, for one version of Node, so that they start without compiling: about a third
// of a run's time. The build runs this for its own Node. Whoever installs the programs for another one runs, as their owner:
//   node dist/code-cache/make.mjs [/path/to/node]
// Without it the programs do the same, later.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const place = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = process.argv[2] ?? process.execPath;
const folder = mkdtempSync(join(tmpdir(), 'tygrub-code-cache-'));
try {
  const image = join(folder, 'sample.vhd');
  writeFileSync(image, gunzipSync(readFileSync(place('sample.vhd.gz'))));
  mkdirSync(join(folder, 'out'));
  mkdirSync(join(folder, 'xen'));
  const runs = {
    tygrub: ['extract', '--quiet', image, '--output-directory', join(folder, 'out')],
    'tygrub-pygrub': ['--quiet', '--output-format=simple0', `--output-directory=${join(folder, 'xen')}`, image],
  };
  for (const [name, args] of Object.entries(runs)) {
    const run = spawnSync(node, [place('run.mjs'), place(`../bin/${name}.cjs`), ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`${node} ${name}: ${run.error?.message ?? run.stderr}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
