// Measures commands: time and memory by measure.py, bytes read from an image by strace.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { installed } from './contestants.mjs';

/** A process that runs commands and measures each. */
export class Stopwatch {
  constructor() {
    if (installed('python3') === null) throw new Error('python3 is not installed: it measures the programs (apt-get install python3)');
    // Isolated and without site-packages: a small process, whose memory a measured one starts with.
    this.child = spawn('python3', ['-ISs', fileURLToPath(new URL('measure.py', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** @returns {Promise<{ status: number, wall: number, cpu: number, peak: number, stdout: string, stderr: string }>} seconds and bytes */
  async run(argv, cwd) {
    this.child.stdin.write(`${JSON.stringify({ argv, cwd })}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the measuring process ended');
    return JSON.parse(value);
  }

  close() {
    this.child.stdin.end();
  }
}

/** A folder in memory, where the host has one, that is emptied before each run. */
export class Outputs {
  constructor() {
    const memory = '/dev/shm';
    this.base = mkdtempSync(join(statSync(memory, { throwIfNoEntry: false })?.isDirectory() ? memory : '/tmp', 'tygrub-bench-'));
    this.count = 0;
  }

  next() {
    const folder = join(this.base, String(this.count++));
    mkdirSync(folder);
    return folder;
  }

  drop(folder) {
    rmSync(folder, { recursive: true, force: true });
  }

  /** Bytes of the files that a run left there. */
  size(folder) {
    return readdirSync(folder)
      .map((name) => statSync(join(folder, name)))
      .filter((stat) => stat.isFile())
      .reduce((sum, stat) => sum + stat.size, 0);
  }

  /** SHA-256 of the files that a run left there, those that can be a kernel or an initrd by their size. */
  sums(folder, largest) {
    return readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile() && statSync(path).size <= largest)
      .map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
  }

  close() {
    rmSync(this.base, { recursive: true, force: true });
  }
}

const READS = 'read,pread64,readv,preadv,preadv2,copy_file_range,sendfile,splice';

/** Bytes that a command and its children read from a file, or null where it cannot be told. What is mapped is not seen. */
export function bytesRead(argv, image, cwd) {
  if (installed('strace') === null) return null;
  const log = join(cwd, '.strace');
  const traced = spawnSync('strace', ['-f', '-q', '-o', log, '-e', `trace=${READS}`, '-P', image, ...argv], { cwd, stdio: 'ignore' });
  if (traced.error !== undefined || traced.status !== 0) return null;
  let sum = 0;
  for (const line of readFileSync(log, 'latin1').split('\n')) {
    const result = /(?:\)|resumed>.*\)) += (\d+)$/.exec(line);
    if (result !== null) sum += Number(result[1]);
  }
  return sum;
}
