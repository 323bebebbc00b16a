// Makes build/standalone/tygrub: both programs and the runtime in one executable that needs no Node on the host. The name by
// which it is called says which program it is: tygrub, or tygrub-pygrub (also: pygrub). docs/standalone.md has the reasons.
// The runtime comes from npm, into build/standalone/, by exact version and checksum; TYGRUB_BUN names one that is there already.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { commit, ROOT } from './commit.mjs';
import { allowHugePages } from './huge-pages.mjs';

const VERSION = '1.4.5';
const PACKAGES = {
  x64: {
    name: '@oven/bun-linux-x64',
    integrity: 'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
  },
  arm64: {
    name: '@oven/bun-linux-aarch64',
    integrity: 'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  },
};

/** How much later than usual Bun makes machine code: at 100, unpacking a kernel takes as long as ever, and a start a tenth less. */
const JIT_POLICY = 100;

const folder = join(ROOT, 'build', 'standalone');
mkdirSync(folder, { recursive: true });

function fail(message) {
  console.error(`build-standalone: ${message}`);
  process.exit(1);
}

/** The path of the runtime, fetched if it is not there. */
function runtime() {
  const own = process.env.TYGRUB_BUN;
  if (own !== undefined) return existsSync(own) ? own : fail(`TYGRUB_BUN names ${own}, which is not there`);
  const wanted = PACKAGES[process.arch];
  if (wanted === undefined || process.platform !== 'linux') fail(`there is no runtime for ${process.platform} on ${process.arch}`);
  const place = join(folder, 'runtime');
  const bun = join(place, 'node_modules', wanted.name, 'bin', 'bun');
  const lock = join(place, 'package-lock.json');
  if (existsSync(bun) && readFileSync(lock, 'utf8').includes(wanted.integrity)) return bun;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  // With a lock file of ours, npm refuses what does not have this checksum.
  const dependencies = { [wanted.name]: VERSION };
  writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const entry = { version: VERSION, integrity: wanted.integrity };
  writeFileSync(
    lock,
    JSON.stringify({ lockfileVersion: 3, requires: true, packages: { '': { dependencies }, [`node_modules/${wanted.name}`]: entry } }),
  );
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: place, stdio: 'inherit' });
  return bun;
}

// Which program it is, is said by argv[0]: what the other one needs is never loaded.
const entry = join(folder, 'entry.ts');
writeFileSync(
  entry,
  `const name = process.argv0.slice(process.argv0.lastIndexOf('/') + 1);
if (name === 'pygrub' || name === 'tygrub-pygrub') await import('../../src/pygrub/main.ts');
else await import('../../src/cli/main.ts');
`,
);
const executable = join(folder, 'tygrub');
const bun = runtime();

/** @param {readonly string[]} orders files that say in which order functions are first called */
function compile(orders) {
  const built = spawnSync(
    bun,
    [
      ...['build', entry, '--compile', '--bytecode', '--minify', '--format=esm', '--splitting', '--target=bun', `--outfile=${executable}`],
      ...['--define', `TYGRUB_COMMIT=${JSON.stringify(commit())}`],
      // A start is over before machine code for it pays for itself; long work still gets some, a little later.
      `--compile-jit-policy=${JIT_POLICY}`,
      ...(orders.length === 0 ? [] : [`--bytecode-order=${orders.join(',')}`]),
      // Files beside the image or in the current directory must not change what the program does.
      ...[
        '--no-compile-autoload-dotenv',
        '--no-compile-autoload-bunfig',
        '--no-compile-autoload-tsconfig',
        '--no-compile-autoload-package-json',
      ],
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
  );
  if (built.status !== 0) fail(built.stderr);
  for (const name of ['tygrub-pygrub', 'pygrub']) {
    rmSync(join(folder, name), { force: true });
    symlinkSync('tygrub', join(folder, name));
  }
}

/** Runs what usual runs do, on the sample disk. @returns the orders, the most important first */
function usualOrders() {
  const place = mkdtempSync(join(tmpdir(), 'tygrub-standalone-'));
  try {
    const image = join(place, 'sample.vhd');
    writeFileSync(image, gunzipSync(readFileSync(join(ROOT, 'images', 'sample.vhd.gz'))));
    mkdirSync(join(place, 'out'));
    const runs = [
      ['tygrub-pygrub', '--quiet', '--output-format=simple0', `--output-directory=${join(place, 'out')}`, image],
      ['tygrub', 'list', image],
      ['tygrub', 'extract', '--quiet', image, '--output-directory', join(place, 'extracted')],
    ];
    return runs.map(([name, ...args], index) => {
      const order = join(folder, `order-${index}`);
      rmSync(order, { force: true });
      const run = spawnSync(join(folder, name), args, {
        cwd: place,
        env: { PATH: process.env.PATH, BUN_BYTECODE_ORDER_OUT: order },
        encoding: 'utf8',
      });
      if (run.status !== 0) fail(`${name} ${args.join(' ')}: ${run.error?.message ?? run.stderr}`);
      return order;
    });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

compile([]);
compile(usualOrders());
try {
  allowHugePages(executable);
} catch (error) {
  // A start is slower then, and that is all. The runtime that the checksums name has to do what is expected of it.
  if (process.env.TYGRUB_BUN === undefined) fail(`huge pages: ${error.message}`);
  console.error(`build-standalone: without huge pages: ${error.message}`);
}
console.log(executable);
