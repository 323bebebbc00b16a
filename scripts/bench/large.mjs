// Large things: a file of 1 GiB against cp of the same bytes, and a disk of 2000 GiB against one of 8 GiB with the same files.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installed } from './contestants.mjs';
import { bytesRead, Outputs, Stopwatch } from './measure.mjs';

const MiB = 1024 * 1024;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 10);
const program = (name) => fileURLToPath(new URL(`../../dist/bin/${name}.cjs`, import.meta.url));
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
for (const need of ['mke2fs', 'qemu-img']) if (installed(need) === null) throw new Error(`${need} is not installed`);

function run(command, ...args) {
  const done = spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? done.stderr}`);
}

/** An ext4 of a tree on a whole disk, as a dynamic VHD. */
function vhd(folder, name, tree, size) {
  const raw = join(folder, `${name}.raw`);
  run('mke2fs', '-q', '-t', 'ext4', '-E', 'lazy_itable_init=1,lazy_journal_init=1', '-d', tree, raw, size);
  run('qemu-img', 'convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic', raw, join(folder, `${name}.vhd`));
  rmSync(raw);
  return join(folder, `${name}.vhd`);
}

function tree(folder, files) {
  mkdirSync(join(folder, 'boot', 'grub'), { recursive: true });
  writeFileSync(
    join(folder, 'boot', 'grub', 'grub.cfg'),
    "menuentry 'only' {\n linux /boot/kernel root=/dev/xvda\n initrd /boot/initrd\n}\n",
  );
  for (const [name, size] of Object.entries(files)) {
    writeFileSync(join(folder, 'boot', name), '');
    for (let at = 0; at < size; at += 64 * MiB)
      writeFileSync(join(folder, 'boot', name), randomBytes(Math.min(64 * MiB, size - at)), { flag: 'a' });
  }
  return folder;
}

const folder = mkdtempSync(join(tmpdir(), 'tygrub-bench-large-'));
const stopwatch = new Stopwatch();
const outputs = new Outputs();
try {
  const small = tree(join(folder, 'small'), { kernel: 8 * MiB, initrd: 30 * MiB });
  const extract = (image) => (out) => [
    ...[process.execPath, program('tygrub-pygrub'), '--quiet', '--output-format=simple0', `--output-directory=${out}`],
    image,
  ];
  const sizes = { '8 GiB': vhd(folder, 'small', small, '8G'), '2000 GiB': vhd(folder, 'wide', small, '2000G') };
  const large = tree(join(folder, 'large'), { large: 1024 * MiB });
  const image = vhd(folder, 'large', large, '2G');
  const rows = [
    ...Object.entries(sizes).map(([size, path]) => ({ name: `tygrub-pygrub, disk of ${size}`, image: path, argv: extract(path) })),
    {
      name: 'tygrub cp, 1 GiB',
      image,
      argv: (out) => [process.execPath, program('tygrub'), 'cp', '--quiet', image, '/boot/large', join(out, 'large')],
    },
    { name: 'cp, 1 GiB', image: null, argv: (out) => ['cp', join(large, 'boot', 'large'), join(out, 'large')] },
  ].map((row) => ({ ...row, results: [] }));
  for (let round = -1; round < ROUNDS; round++) {
    for (const { name, argv, results } of rows) {
      const out = outputs.next();
      const result = await stopwatch.run(argv(out), out);
      if (result.status !== 0) throw new Error(`${name}: ${result.stderr}`);
      if (round < 0 && name.endsWith('1 GiB')) run('cmp', join(large, 'boot', 'large'), join(out, 'large'));
      if (round >= 0) results.push(result);
      outputs.drop(out);
    }
  }
  console.log('| what | wall ms, min | CPU ms, min | peak MB | read MB |\n|---|---:|---:|---:|---:|');
  for (const { name, image: path, argv, results } of rows) {
    const least = (field) => (Math.min(...results.map((result) => result[field])) * 1000).toFixed(0);
    const out = outputs.next();
    const read = path === null ? null : bytesRead(argv(out), path, out);
    outputs.drop(out);
    const peak = Math.max(...results.map((result) => result.peak)) / 1e6;
    console.log(`| ${name} | ${least('wall')} | ${least('cpu')} | ${peak.toFixed(0)} | ${read === null ? '-' : (read / 1e6).toFixed(1)} |`);
  }
} finally {
  stopwatch.close();
  outputs.close();
  rmSync(folder, { recursive: true, force: true });
}
