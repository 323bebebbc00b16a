// What the benchmarks of one filesystem share: making the files, running the programs in turns, and the ratios.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 5;
const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

/** A folder for the images, on a file system with some 2 GB free. */
export function workFolder(name) {
  if (!existsSync(PROGRAM)) throw new Error('npm run build makes the program that is measured');
  return mkdtempSync(join(tmpdir(), `tygrub-bench-${name}-`));
}

/** Runs a program; its output is thrown away. */
export function run(command, args) {
  finished(command, args, 'ignore');
}

/** What a program puts out, without the line's end. */
export function output(command, args) {
  return finished(command, args, 'pipe').trim();
}

function finished(command, args, stdout) {
  const done = spawnSync(command, args, { env, stdio: ['ignore', stdout, 'pipe'], encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? done.stderr}`);
  return done.stdout ?? '';
}

/** Writes a volume's bytes in chunks to several disks by turns, from an offset on. */
export function spread(volume, disks, offset, chunk) {
  const source = openSync(volume, 'r');
  const targets = disks.map((disk) => openSync(disk, 'r+'));
  const buffer = Buffer.alloc(chunk);
  for (let number = 0; ; number++) {
    const length = readSync(source, buffer, 0, chunk, null);
    if (length === 0) break;
    writeSync(targets[number % disks.length], buffer, 0, length, offset + Math.floor(number / disks.length) * chunk);
  }
  for (const file of [source, ...targets]) closeSync(file);
}

/** True where a program is installed. */
export function onPath(command) {
  return env.PATH.split(':').some((folder) => existsSync(join(folder, command)));
}

/** One big file of random bytes and a directory of many small ones. */
export function makeTree(folder, { names, fileMiB }) {
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'many'), { recursive: true });
  writeFileSync(join(tree, 'big'), randomBytes(fileMiB * 1024 * 1024));
  for (let i = 0; i < names; i++) writeFileSync(join(tree, 'many', `a-rather-long-file-name-${String(i).padStart(5, '0')}.conf`), 'x');
  return tree;
}

export const copyTime = {
  /** @param further other disks of the same guest */
  tygrub(image, path, out, ...further) {
    rmSync(out, { force: true });
    run(process.execPath, [PROGRAM, 'cp', ...further.flatMap((disk) => ['--disk', disk]), image, path, out]);
  },
  list: (image, path) => run(process.execPath, [PROGRAM, 'ls', image, path]),
};

/** Runs each program in turns and prints the best time of each, and tygrub's against the quickest other one. */
export function ratioTable(what, programs) {
  const best = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(programs)) {
      const start = process.hrtime.bigint();
      work();
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, seconds));
    }
  }
  const quickest = Math.min(...[...best].filter(([name]) => name !== 'tygrub').map(([, seconds]) => seconds));
  const times = [...best].map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`).join(', ');
  console.log(`${what}: ${((best.get('tygrub') ?? 0) / quickest).toFixed(2)} times the quickest other (${times})`);
}
