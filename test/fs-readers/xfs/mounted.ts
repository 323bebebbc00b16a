/** XFS images that the kernel makes and mounts here, and the comparison of a mounted tree with what the reader reads. */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileNode, FileSystem } from '../../../fs-readers/index.js';
import { loopMount, type Missing, tool } from '../../support/requirements.js';

/** mkfs.xfs refuses filesystems below 300 MB unless it is told that these are tests. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, TEST_DIR: '1', TEST_DEV: '1', QA_CHECK_FS: '1' };

export function run(command: string, ...args: string[]): string {
  const done = spawnSync(command, args, { encoding: 'utf8', env: ENVIRONMENT, maxBuffer: 64 * 1024 * 1024 });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

export const MKFS: Missing = tool('mkfs.xfs', 'apt-get install xfsprogs');

let mountable: Missing | undefined;

/** Loop mounts of XFS. */
export function xfsMount(): Missing {
  mountable ??=
    MKFS ?? loopMount() ?? (/\bxfs$/m.test(readFileSync('/proc/filesystems', 'utf8')) ? null : 'the kernel has no XFS (modprobe xfs)');
  return mountable;
}

/** Makes an empty filesystem in a file. */
export function makeXfs(path: string, mebibytes: number, ...options: string[]): void {
  writeFileSync(path, '');
  truncateSync(path, mebibytes * 1024 * 1024);
  run('mkfs.xfs', '-q', '-f', ...options, path);
}

/** Mounts an image, lets something be done with the tree, and unmounts it again. */
export async function mounted<T>(image: string, options: string, use: (tree: string) => T | Promise<T>): Promise<T> {
  const tree = mkdtempSync(join(tmpdir(), 'tygrub-xfs-mount-'));
  run('mount', '-t', 'xfs', '-o', `loop,nouuid${options === '' ? '' : `,${options}`}`, image, tree);
  try {
    return await use(tree);
  } finally {
    run('umount', tree);
    rmSync(tree, { recursive: true });
  }
}

const known = new Map<string, Missing>();

/** Whether the kernel takes filesystems made with some options: newer ones leave out version 4 and its like. */
export function mounts(...options: string[]): Missing {
  const wanted = options.filter((option) => /version=ci|crc=0/.test(option)).join(' ');
  let missing = known.get(wanted);
  if (missing === undefined) {
    missing = wanted === '' ? null : tryMount(options);
    known.set(wanted, missing);
  }
  return missing;
}

function tryMount(options: readonly string[]): Missing {
  const folder = mkdtempSync(join(tmpdir(), 'tygrub-xfs-try-'));
  try {
    makeXfs(join(folder, 'image'), 32, ...options);
    const done = spawnSync('mount', ['-t', 'xfs', '-o', 'loop', join(folder, 'image'), folder]);
    if (done.status !== 0) return `the kernel does not mount it (needs CONFIG_XFS_SUPPORT_V4 and CONFIG_XFS_SUPPORT_ASCII_CI)`;
    run('umount', folder);
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const TYPES = new Map([
  [0o1, 'p'],
  [0o2, 'c'],
  [0o4, 'd'],
  [0o6, 'b'],
  [0o10, 'f'],
  [0o12, 'l'],
  [0o14, 's'],
]);

/** Extended attributes of a whole tree as getfattr prints them: path to name to value in hexadecimal digits. */
function treeAttributes(tree: string): Map<string, Map<string, string>> {
  const all = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of run('getfattr', '-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', tree).split('\n')) {
    if (line.startsWith('# file: ')) {
      current = new Map();
      const path = Buffer.from(line.slice('# file: '.length + tree.length), 'utf8').toString('utf8');
      all.set(path === '' ? '/' : path, current);
    } else if (line !== '') {
      const [name = '', value = '0x'] = line.split('=');
      current.set(name, value.slice(2));
    }
  }
  return all;
}

/** The differences between a tree that the kernel shows and what the reader says, one line each. */
export async function differencesFromMounted(fs: FileSystem, tree: string, attributes: boolean): Promise<string[]> {
  const lines: string[] = [];
  const expected = attributes ? treeAttributes(tree) : null;
  const visit = async (path: string, node: FileNode): Promise<void> => {
    const real = join(tree, path);
    const stat = lstatSync(real, { bigint: true });
    const said = [
      node.type,
      node.mode,
      node.uid,
      node.gid,
      node.links,
      node.mtime.seconds,
      node.mtime.nanoseconds,
      node.ctime?.seconds,
      node.id,
    ];
    const nanoseconds = ((stat.mtimeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    const wanted = [
      TYPES.get(Number(stat.mode >> 12n)),
      Number(stat.mode & 0o7777n),
      Number(stat.uid),
      Number(stat.gid),
      Number(stat.nlink),
      Number((stat.mtimeNs - nanoseconds) / 1_000_000_000n),
      Number(nanoseconds),
      Math.floor(Number(stat.ctimeNs / 1_000_000n) / 1000),
      String(stat.ino),
    ];
    if (said.join(' ') !== wanted.join(' ')) lines.push(`${path}: ${said.join(' ')}, expected ${wanted.join(' ')}`);
    if (node.type !== 'd' && node.size !== Number(stat.size)) lines.push(`${path}: size ${node.size}, expected ${stat.size}`);
    if (expected !== null) {
      const found = [...(await node.attributes())].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`).sort();
      const there = [...(expected.get(path) ?? [])].map(([name, value]) => `${name}=${value}`).sort();
      if (found.join('\n') !== there.join('\n')) lines.push(`${path}: attributes ${found.join(' ')}, expected ${there.join(' ')}`);
    }
    if (node.type === 'f') {
      const source = await node.open();
      const content = await source.read(0, source.size);
      if (!readFileSync(real).equals(content)) lines.push(`${path}: other content`);
    } else if (node.type === 'l') {
      const target = Buffer.from(await node.readLink()).toString('latin1');
      if (target !== readlinkSync(real, 'latin1')) lines.push(`${path}: target ${target}`);
    } else if (node.type === 'c' || node.type === 'b') {
      const rdev = Number(stat.rdev);
      const device = [(rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00)].join(':');
      if (`${node.device?.major}:${node.device?.minor}` !== device)
        lines.push(`${path}: device ${JSON.stringify(node.device)}, expected ${device}`);
    } else if (node.type === 'd') {
      const names = new Set(readdirSync(real));
      for await (const entry of node.entries()) {
        const name = Buffer.from(entry.name).toString('utf8');
        if (!names.delete(name)) lines.push(`${path}: has ${name}, the kernel does not`);
        else {
          const child = await entry.node();
          if (entry.type !== null && entry.type !== child.type) lines.push(`${path}/${name}: type ${entry.type} in its directory`);
          const looked = await node.lookup(entry.name);
          if (looked?.id !== child.id) lines.push(`${path}/${name}: lookup finds ${looked?.id}`);
          await visit(`${path === '/' ? '' : path}/${name}`, child);
        }
      }
      for (const name of names) lines.push(`${path}: ${name} is missing`);
      if ((await node.lookup(new TextEncoder().encode('no-such-name'))) !== null) lines.push(`${path}: finds what is not there`);
    }
  };
  await visit('/', await fs.root());
  return lines;
}
