// Measures how long it takes to identify a kernel with its notes, against `xz -dc` on the same payload: one process each
// time, in turns, by the CPU time that both take (the least of all rounds). Prints one line of JSON.
//   node scripts/bench/kernel.mjs VMLINUZ [RUNS]
// VMLINUZ is a bzImage compressed with xz, such as Debian's. Needs a build (npm run build) and xz.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [kernel, runs = '7'] = process.argv.slice(2);
if (kernel === undefined) {
  console.error('usage: node scripts/bench/kernel.mjs VMLINUZ [RUNS]');
  process.exit(2);
}
/** Clock ticks a second, as on every Linux that Node runs on. */
const TICKS = 100;
const program = fileURLToPath(new URL('../../dist/bin/tygrub.cjs', import.meta.url));

/** CPU time of all children that have ended, in ms: Linux's own account of this process (proc(5), stat, fields 16 and 17). */
function childrenMs() {
  const fields = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[13]) + Number(fields[14])) * 1000) / TICKS;
}

function run(command, args) {
  const start = childrenMs();
  const result = spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1024 * 1024 * 1024 });
  const ms = childrenMs() - start;
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${result.status}: ${result.stderr}`);
  return { ms, stdout: result.stdout };
}

const info = JSON.parse(run(process.execPath, [program, 'kernel', '--json', '--header', kernel]).stdout.toString());
const { payload, version } = info.kernel;
if (payload?.compression !== 'xz') throw new Error(`${kernel} is not compressed with xz`);
const folder = mkdtempSync(join(tmpdir(), 'tygrub-bench-'));
const packed = join(folder, 'payload.xz');
// Without the size that Linux's build appends: xz would take it for damage.
writeFileSync(packed, readFileSync(kernel).subarray(payload.offset, payload.offset + payload.size - 4));

const best = {
  xz: Number.POSITIVE_INFINITY,
  notes: Number.POSITIVE_INFINITY,
  header: Number.POSITIVE_INFINITY,
  start: Number.POSITIVE_INFINITY,
};
const measure = (name, command, args) => {
  best[name] = Math.min(best[name], run(command, args).ms);
};
try {
  for (let i = 0; i < Number(runs); i++) {
    measure('xz', 'sh', ['-c', 'xz -dc "$1" >/dev/null', 'sh', packed]);
    measure('notes', process.execPath, [program, 'kernel', '--json', kernel]);
    measure('header', process.execPath, [program, 'kernel', '--json', '--header', kernel]);
    measure('start', process.execPath, [program, '--version']);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const round = (ms) => Math.round(ms * 10) / 10;
console.log(
  JSON.stringify({
    kernel: version.split(' ')[0],
    xzMs: round(best.xz),
    identifyWithNotesMs: round(best.notes),
    identifyHeaderMs: round(best.header),
    startMs: round(best.start),
    ratioToXz: round(best.notes / best.xz),
  }),
);
