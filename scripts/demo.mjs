// The main job on the sample disk: the menu, then kernel and initrd of the default entry.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'tygrub-demo-'));
const image = join(folder, 'sample.vhd');
writeFileSync(image, gunzipSync(readFileSync(join(root, 'images', 'sample.vhd.gz'))));

function tygrub(...args) {
  console.log(`\n$ tygrub ${args.join(' ')}`);
  const run = spawnSync(process.execPath, [join(root, bin.tygrub), ...args], { stdio: 'inherit' });
  if (run.status !== 0) process.exit(run.status ?? 1);
}

tygrub('inspect', image);
tygrub('list', image);
tygrub('extract', image, '--output-directory', folder);
console.log(`\nThe kernel is ${join(folder, 'kernel')}, the initrd is ${join(folder, 'initrd')}.`);
