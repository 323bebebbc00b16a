// Runs tygrub and what else is installed on the same Debian disk, in turns, and prints what each takes.
//   npm run bench -- [--rounds N] [--disks FOLDER] [--only TEXT] [--json] [--svg FILE]
//   npm run bench -- NAME          a smaller benchmark of one part: scripts/bench/NAME.mjs
// TYGRUB_BENCH_NODES="Node 22=/path/to/node,..." runs tygrub under other versions of Node as well.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chart } from './chart.mjs';
import { contestants, otherNodes } from './contestants.mjs';
import { debianDisk, machine } from './disks.mjs';
import { bytesRead, Outputs, Stopwatch } from './measure.mjs';

/**
 * @typedef {{ median: number, min: number }} Spread
 * @typedef {{ name: string, image: string | null, runs: number, wall?: Spread, cpu?: Spread, peak?: number, read?: number | null,
 *   ratio?: { wall: number, cpu: number }, failure?: string }} Row seconds and bytes; ratios are to tygrub's
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '10' },
    disks: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    svg: { type: 'string' },
  },
});

const [part] = positionals;
if (part !== undefined) {
  const file = fileURLToPath(new URL(`${part}.mjs`, import.meta.url));
  if (!/^[a-z0-9]+$/.test(part) || !existsSync(file)) {
    console.error(`bench: there is no benchmark ${part}`);
    process.exit(2);
  }
  process.exit(spawnSync(process.execPath, [file, ...positionals.slice(1)], { stdio: 'inherit' }).status ?? 1);
}
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`bench: --rounds ${values.rounds} is no number of rounds`);
  process.exit(2);
}

function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return { median: sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, min: sorted[0] };
}

/** The last line that a failed program said. */
function lastWords({ status, stderr, stdout }) {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.replaceAll('\0', ' ').trim());
  return `status ${status}: ${lines.filter((line) => line !== '').at(-1) ?? 'it said nothing'}`;
}

const stopwatch = new Stopwatch();
const outputs = new Outputs();
try {
  const disk = debianDisk(values.disks);
  const copies = outputs.next();
  disk.copies = { kernel: join(copies, 'kernel'), initrd: join(copies, 'initrd') };
  const cp = spawnSync(process.execPath, [
    fileURLToPath(new URL('../../dist/bin/tygrub.cjs', import.meta.url)),
    'extract',
    '--quiet',
    disk.raw,
    '--output-directory',
    copies,
  ]);
  if (cp.status !== 0) throw new Error(`tygrub cannot extract from ${disk.raw}: ${cp.stderr}`);

  const sums = outputs.sums(copies, disk.size);
  const all = contestants().filter(({ name }) => values.only === undefined || name.includes(values.only));
  for (const { name, missing } of all) if (missing !== null) console.error(`bench: without ${name}: ${missing}`);
  const runners = all.filter(({ missing }) => missing === null).map((who) => ({ ...who, results: [], failure: null }));
  const before = machine();
  // As installed for the Node that runs it.
  for (const node of [process.execPath, ...otherNodes().map(([, path]) => path)]) {
    const made = spawnSync(node, [fileURLToPath(new URL('../../dist/code-cache/make.mjs', import.meta.url))], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`dist/code-cache/make.mjs under ${node}: ${made.error?.message ?? made.stderr}`);
  }
  for (let round = -1; round < rounds; round++) {
    for (const who of runners) {
      if (who.failure !== null || round >= (who.rounds ?? rounds)) continue;
      if (round < 0 && who.rounds !== undefined) continue; // the round that warms the caches is not for what takes a minute
      const out = outputs.next();
      const result = await stopwatch.run(who.argv(disk, out), out);
      // A program that ends well and wrote nothing has failed.
      if (result.status !== 0) who.failure = lastWords(result);
      else if (who.image !== null && outputs.size(out) < disk.size)
        who.failure = `it wrote ${outputs.size(out)} of ${disk.size} bytes: ${lastWords(result)}`;
      // In the round that counts for nothing the content is looked at: a program may write something else of the same length.
      else if (
        (round < 0 || who.rounds !== undefined) &&
        who.image !== null &&
        !sums.every((sum) => outputs.sums(out, disk.size).includes(sum))
      )
        who.failure = `kernel or initrd are not what they should be: ${lastWords(result)}`;
      else if (round >= 0) who.results.push(result);
      outputs.drop(out);
    }
  }
  const rows = runners.map((who) => {
    const row = { name: who.name, image: who.image, runs: who.results.length };
    if (who.failure !== null) return { ...row, failure: who.failure };
    const out = outputs.next();
    const image = who.image === null ? null : disk[who.image];
    const read = image === null || who.rounds !== undefined ? null : bytesRead(who.argv(disk, out), image, out);
    outputs.drop(out);
    return {
      ...row,
      wall: spread(who.results.map(({ wall }) => wall)),
      cpu: spread(who.results.map(({ cpu }) => cpu)),
      peak: Math.max(...who.results.map(({ peak }) => peak)),
      read,
    };
  });
  const base = rows.find((row) => row.wall !== undefined);
  for (const row of rows) {
    if (row.wall === undefined || base?.wall === undefined) continue;
    row.ratio = { wall: row.wall.median / base.wall.median, cpu: row.cpu.median / base.cpu.median };
  }
  if (values.svg !== undefined)
    writeFileSync(values.svg, chart(rows, `Kernel and initrd (${(disk.size / 1e6).toFixed(0)} MB) out of a Debian disk`));
  if (values.json) console.log(JSON.stringify({ machine: before, rounds, extracted: disk.size, rows }, null, 2));
  else print(before, disk, rows);
} finally {
  stopwatch.close();
  outputs.close();
}

function print(facts, disk, rows) {
  console.log(
    `${Object.entries(facts)
      .map(([name, value]) => `${name}: ${value}`)
      .join('; ')}\n`,
  );
  console.log(
    `${(disk.size / 1e6).toFixed(1)} MB are extracted; ${rounds} rounds, in turns, warm cache; ratios of medians to the first row\n`,
  );
  const ms = (seconds) => (seconds * 1000).toFixed(0);
  const head = ['program', 'image', 'wall ms', 'min', 'ratio', 'CPU ms', 'min', 'ratio', 'peak MB', 'read MB', 'of extracted'];
  const cells = rows.map((row) =>
    row.wall === undefined
      ? [row.name, row.image ?? '-', `FAILS: ${row.failure.slice(0, 160).replaceAll('|', '\\|')}`, ...Array(head.length - 3).fill('')]
      : [
          row.name,
          row.image ?? '-',
          ...[
            ms(row.wall.median),
            ms(row.wall.min),
            row.ratio.wall.toFixed(2),
            ms(row.cpu.median),
            ms(row.cpu.min),
            row.ratio.cpu.toFixed(2),
          ],
          (row.peak / 1e6).toFixed(0),
          row.read === null ? '-' : (row.read / 1e6).toFixed(1),
          row.read === null ? '-' : (row.read / disk.size).toFixed(3),
        ],
  );
  const widths = head.map((_, i) =>
    Math.max(...[head, ...cells].map((row) => (row[2]?.startsWith('FAILS') && i >= 2 ? 0 : row[i].length))),
  );
  const line = (row) => `| ${row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  console.log(
    [
      line(head),
      `|${widths.map((width, i) => (i < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`,
      ...cells.map(line),
    ].join('\n'),
  );
}
