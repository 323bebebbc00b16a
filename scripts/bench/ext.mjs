// ext4 against debugfs in the same run: a fragmented and a contiguous file of 64 MiB (against `debugfs -R dump`), a walk
// of 100,000 inodes (against `debugfs -R rdump` of the same tree), lookups in a directory of 100,000 names (against
// `debugfs -R stat`). Times are beyond start-up: that of an empty run of debugfs is taken off its times, and tygrub's
// library is measured inside this process from opening the image on. Needs e2fsprogs and 2 GB below the temporary folder.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workFolder } from './against-peers.mjs';

const ROUNDS = 5;
const MiB = 1024 * 1024;
const FILE = 64 * MiB;
const BLOCK = 4096;
const LOOKUPS = 200;
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, DEBUGFS_PAGER: 'cat' };

const dist = (path) => import(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));

function run(command, args, input = '') {
  const done = spawnSync(command, args, { env, input, stdio: ['pipe', 'ignore', 'pipe'], encoding: 'utf8', maxBuffer: 64 * MiB });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? done.stderr}`);
}

function makeImage(path, size, tree, args = []) {
  writeFileSync(path, '');
  truncateSync(path, size);
  run('mke2fs', ['-q', '-F', '-t', 'ext4', '-b', String(BLOCK), '-J', 'size=8', ...args, '-d', tree, path]);
}

/** A filesystem that is full but for holes of one block each, then a file that has to fill them. */
function makeFragmented(folder, image) {
  const tree = join(folder, 'fill');
  const count = (2 * FILE) / BLOCK;
  // Small directories: mke2fs searches the whole of one for every name that it adds.
  const path = (i) => `fill${Math.floor(i / 128)}/${i}`;
  for (let d = 0; d < 256; d++) mkdirSync(join(tree, `fill${d}`), { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(join(tree, path(i)), Buffer.alloc(BLOCK, i % 251));
  makeImage(image, 256 * MiB, tree, ['-N', String(count + 1000)]);
  const content = join(folder, 'content');
  writeFileSync(content, Buffer.alloc(FILE, 'fragmented '));
  // What is free behind the small files is filled first, so that only the holes are left.
  const commands = [`write ${join(folder, 'rest')} rest`];
  for (let i = 0; i < count; i += 2) commands.push(`rm ${path(i)}`);
  commands.push(`write ${content} big`);
  writeFileSync(join(folder, 'rest'), Buffer.alloc(80 * MiB, 'rest'));
  run('debugfs', ['-w', image], `${commands.join('\n')}\n`);
  rmSync(tree, { recursive: true });
}

/** The best of some runs, in milliseconds. */
async function best(work) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    await work();
    least = Math.min(least, Number(process.hrtime.bigint() - start) / 1e6);
  }
  return least;
}

/**
 * A directory of many files. The kernel makes 100,000 of them in seconds; mke2fs searches the whole directory for each,
 * so without root there are fewer.
 * @returns how many
 */
function makeMany(folder, image) {
  const root = process.getuid() === 0;
  const count = root ? 100_000 : 10_000;
  const tree = join(folder, 'names');
  const fill = (target) => {
    mkdirSync(join(target, 'large'), { recursive: true });
    for (let i = 0; i < count; i++) writeFileSync(join(target, 'large', `a file with number ${i}`), '');
  };
  if (!root) fill(tree);
  mkdirSync(tree, { recursive: true });
  makeImage(image, 512 * MiB, tree, ['-N', String(count + 5000)]);
  if (root) {
    run('mount', ['-t', 'ext4', '-o', 'loop', image, tree]);
    try {
      fill(tree);
    } finally {
      run('umount', [tree]);
    }
  } else spawnSync('e2fsck', ['-fyD', image], { env, stdio: 'ignore' }); // makes the hash tree; status 1 says that it did
  return count;
}

/** A walk of a freshly mounted image that asks for each inode's size, in milliseconds. */
async function findOnMount(image) {
  const point = `${image}.mnt`;
  mkdirSync(point);
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    run('mount', ['-t', 'ext4', '-o', 'loop,ro,noload', image, point]);
    try {
      const start = process.hrtime.bigint();
      run('find', [point, '-size', '+1000000']);
      least = Math.min(least, Number(process.hrtime.bigint() - start) / 1e6);
    } finally {
      run('umount', [point]);
    }
  }
  return least;
}

const folder = workFolder('ext');
try {
  const [{ openFileSystem }, { resolvePath }, { HostFileSource }, { BlockCache }, { DEFAULT_LIMITS }, { copySource, FileSink }] =
    await Promise.all(
      [
        'fs-readers/index.js',
        'fs-readers/path.js',
        'src/source/host-file.js',
        'src/source/block-cache.js',
        'src/limits.js',
        'src/extract/copy.js',
      ].map(dist),
    );
  const options = { limits: DEFAULT_LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] };

  /** Does something with an image that was freshly opened. */
  const opened = async (image, work) => {
    const source = new BlockCache(HostFileSource.open(image));
    try {
      await work(await openFileSystem(source, options));
    } finally {
      await source.close();
    }
  };
  const out = join(folder, 'out');
  const extract = (image, path) =>
    opened(image, async (fs) => {
      rmSync(out, { force: true });
      const fd = openSync(out, 'wx', 0o600);
      const sink = new FileSink(fd, out);
      const { node } = await resolvePath(fs, path, DEFAULT_LIMITS);
      await copySource(await node.open(), sink, { maxSize: DEFAULT_LIMITS.fileSize, what: path });
      sink.finish();
      closeSync(fd);
    });
  const walk = async (node) => {
    let count = 1;
    if (node.type === 'd') for await (const entry of node.entries()) count += await walk(await entry.node());
    return count;
  };
  const report = (what, tygrub, peer, name) => {
    const ratio = peer === null ? '' : `${(tygrub / peer).toFixed(2)} times ${name} (${peer.toFixed(0)} ms), `;
    console.log(`ext4: ${what}: ${ratio}tygrub ${tygrub.toFixed(0)} ms`);
  };

  const fragmented = join(folder, 'fragmented.img');
  makeFragmented(folder, fragmented);
  const contiguous = join(folder, 'contiguous.img');
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'big'), Buffer.alloc(FILE, 'contiguous '));
  makeImage(contiguous, 256 * MiB, tree);
  for (const [what, image] of [
    ['fragmented', fragmented],
    ['contiguous', contiguous],
  ]) {
    const startUp = await best(() => run('debugfs', ['-R', 'stat <2>', image]));
    const peer = await best(() => {
      rmSync(out, { force: true });
      run('debugfs', ['-R', `dump /big ${out}`, image]);
    });
    report(`copy of a ${what} file of 64 MiB`, await best(() => extract(image, '/big')), peer - startUp, 'debugfs dump');
  }

  const many = join(folder, 'many.img');
  const names = makeMany(folder, many);
  const startUp = await best(() => run('debugfs', ['-R', 'stat <2>', many]));
  let walked = 0;
  const walkTime = await best(() =>
    opened(many, async (fs) => {
      walked = await walk(await fs.root());
    }),
  );
  // `find` on a mount has the kernel's caches and threads: for comparison only. Without root there is nothing to compare with.
  report(`walk of ${walked} inodes`, walkTime, process.getuid() === 0 ? await findOnMount(many) : null, 'find on a mount');

  const wanted = Array.from({ length: LOOKUPS }, (_, i) => `large/a file with number ${i * Math.floor(names / LOOKUPS)}`);
  const requests = `${wanted.map((path) => `stat "${path}"`).join('\n')}\n`;
  const stats = await best(() => run('debugfs', [many], requests));
  const lookups = await best(() =>
    opened(many, async (fs) => {
      for (const path of wanted) await resolvePath(fs, path, DEFAULT_LIMITS);
    }),
  );
  report(`${LOOKUPS} lookups in a directory of ${names} names`, lookups, stats - startUp, 'debugfs stat');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
