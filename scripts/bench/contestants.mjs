// Who runs in the benchmark: tygrub in its forms, the other programs that get kernel and initrd out of the same disk, and two
// floors that do no work on it. Each is a command line for a disk and an empty folder for what it writes.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = join(root, 'dist', 'bin', 'tygrub-pygrub.cjs');
const LAUNCHER = join(root, 'bin', 'tygrub-pygrub');
/** A link to the executable, which is told by its name which program it is. */
const EXECUTABLE = join(root, 'build', 'standalone', 'tygrub-pygrub');
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`.split(':');

/** The path of a program, or null where it is not installed. */
export function installed(name) {
  const found = name.includes('/') ? name : PATH.map((folder) => join(folder, name)).find(existsSync);
  return found !== undefined && existsSync(found) ? found : null;
}

const quoted = (words) => words.map((word) => `'${String(word).replaceAll("'", "'\\''")}'`).join(' ');
const shell = (script) => ['bash', '-c', script];

/** Names and paths of further versions of Node: TYGRUB_BENCH_NODES. @returns {[label: string, path: string][]} */
export function otherNodes() {
  const pairs = (process.env.TYGRUB_BENCH_NODES ?? '').split(',').filter((text) => text !== '');
  return pairs.map((pair) => pair.split('='));
}

/**
 * @typedef {{ raw: string, vhd: string, kernel: string, initrd: string, partition: number }} Disk files of one disk: the same content
 *   raw and as a dynamic VHD; paths of kernel and initrd in it; byte offset of its partition
 * @typedef {{ name: string, image: 'raw' | 'vhd' | null, rounds?: number, argv: (disk: Disk, out: string) => string[], missing: string | null }} Contestant
 *   `rounds`: at most so many, for what takes a minute
 */

/** @returns {Contestant[]} tygrub's first form is the one that all are compared with */
export function contestants() {
  const pygrub = installed(process.env.TYGRUB_BENCH_PYGRUB ?? '/usr/lib/xen-4.17/bin/pygrub') ?? installed('pygrub');
  const options = (out) => ['--quiet', '--output-format=simple0', `--output-directory=${out}`];
  const tygrub = (node) => (image) => (disk, out) => [node, PROGRAM, ...options(out), disk[image]];
  const rows = [];
  const add = (name, image, argv, ...needs) => {
    const missing = needs.find((need) => installed(need ?? '') === null);
    rows.push({ name, image, argv, missing: needs.length > 0 && missing !== undefined ? `${missing} is not installed` : null });
    return rows[rows.length - 1];
  };
  const version = `Node ${process.versions.node.split('.')[0]}`;
  add(`tygrub-pygrub, ${version}`, 'vhd', tygrub(process.execPath)('vhd'));
  add(`tygrub-pygrub, ${version}`, 'raw', tygrub(process.execPath)('raw'));
  // As a toolstack calls it: a shell cleans the environment and starts Node.
  add(`tygrub-pygrub, ${version}, its launcher`, 'vhd', (disk, out) => [LAUNCHER, ...options(out), disk.vhd]);
  for (const [label, node] of otherNodes()) {
    add(`tygrub-pygrub, ${label}`, 'vhd', tygrub(node)('vhd'), node);
    add(`bare ${label} -e 0`, null, () => [node, '-e', '0'], node);
  }
  add('tygrub-pygrub, standalone', 'vhd', (disk, out) => [EXECUTABLE, ...options(out), disk.vhd], EXECUTABLE);
  add(`bare ${version} -e 0`, null, () => [process.execPath, '-e', '0']);
  add('cp of the two files', null, (disk, out) => ['cp', disk.copies.kernel, disk.copies.initrd, out]);
  const run = (image, out) => [pygrub, ...options(out), image];
  add('pygrub', 'raw', (disk, out) => run(disk.raw, out), pygrub ?? 'pygrub');
  add('pygrub', 'vhd', (disk, out) => run(disk.vhd, out), pygrub ?? 'pygrub');
  add(
    'qemu-img convert + pygrub',
    'vhd',
    (disk, out) =>
      shell(`qemu-img convert -f vpc -O raw ${quoted([disk.vhd, `${out}/disk.raw`])} && ${quoted(run(`${out}/disk.raw`, out))}`),
    'qemu-img',
    pygrub ?? 'pygrub',
  );
  add(
    'qemu-storage-daemon FUSE + pygrub',
    'vhd',
    (disk, out) =>
      // The daemon is waited for, so that its time counts as well.
      shell(`touch ${quoted([`${out}/fuse`])}
qemu-storage-daemon --blockdev driver=file,node-name=file,filename=${quoted([disk.vhd])},read-only=on \
  --blockdev driver=vpc,node-name=disk,file=file,read-only=on \
  --export type=fuse,id=fuse,node-name=disk,mountpoint=${quoted([`${out}/fuse`])},writable=off --pidfile ${quoted([`${out}/pid`])} &
daemon=$!
while [ ! -s ${quoted([`${out}/pid`])} ]; do kill -0 $daemon 2>/dev/null || { wait $daemon; exit 1; }; sleep 0.002; done
${quoted(run(`${out}/fuse`, out))}; status=$?
kill $daemon; wait $daemon; exit $status`),
    'qemu-storage-daemon',
    pygrub ?? 'pygrub',
  );
  const sevenZip = installed('7z') === null ? '7zz' : '7z';
  add(
    '7z',
    'vhd',
    (disk, out) => [
      sevenZip,
      'e',
      '-y',
      '-bso0',
      '-bsp0',
      `-o${out}`,
      disk.vhd,
      ...[disk.kernel, disk.initrd].map((path) => path.slice(1)),
    ],
    sevenZip,
  );
  const device = '(loop0,msdos1)';
  add(
    'grub-fstest',
    'raw',
    (disk, out) =>
      shell(
        [disk.kernel, disk.initrd]
          .map((path) => quoted(['grub-fstest', disk.raw, 'cp', device + path, join(out, basename(path))]))
          .join(' && '),
      ),
    'grub-fstest',
  );
  add(
    'debugfs',
    'raw',
    (disk, out) =>
      shell(
        `printf ${quoted([`dump ${disk.kernel} ${out}/kernel\ndump ${disk.initrd} ${out}/initrd\n`])} | debugfs -f - ${quoted([`${disk.raw}?offset=${disk.partition}`])}`,
      ),
    'debugfs',
  );
  add('virt-get-kernel', 'vhd', (disk, out) => ['virt-get-kernel', '--format=vpc', '-o', out, '-a', disk.vhd], 'virt-get-kernel').rounds =
    1;
  return rows;
}
