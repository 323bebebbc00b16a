// What the benchmarks of one filesystem share: making the files, running the programs in turns, and the ratios.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  const done = spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? done.stderr}`);
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
  tygrub(image, path, out) {
    rmSync(out, { force: true });
    run(process.execPath, [PROGRAM, 'cp', image, path, out]);
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
