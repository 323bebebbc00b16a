/** Filesystems that the kernel makes during the test: of all kinds, closed and not closed, against what it reads itself. */
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileSystem } from '../../../fs-readers/index.js';
import { xfs } from '../../../fs-readers/xfs/index.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import type { ByteSource } from '../../../src/source/byte-source.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { Random, seed } from '../../support/mutation.js';
import { skip, tool } from '../../support/requirements.js';
import { differencesFromMounted, makeXfs, mounted, mounts, run, xfsMount } from './mounted.js';

const OPTIONS = { limits: DEFAULT_LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async (): Promise<ByteSource[]> => [] };

/** Geometries and features that change what is read. */
const KINDS: readonly (readonly [name: string, mebibytes: number, ...options: string[]])[] = [
  ['version 5', 48],
  ['version 5 with 1 KiB blocks', 32, '-b', 'size=1024'],
  ['version 5 with directory blocks of 16 KiB', 48, '-n', 'size=16384'],
  ['version 5 with 1 KiB blocks and directory blocks of 64 KiB', 64, '-b', 'size=1024', '-n', 'size=65536'],
  ['version 5 with large extent counters and inodes of 1 KiB', 48, '-i', 'nrext64=1,size=1024'],
  ['version 5 without big times and sparse inodes', 48, '-m', 'bigtime=0,reflink=0,finobt=0,rmapbt=0', '-i', 'sparse=0'],
  ['version 5 with reverse mapping', 48, '-m', 'rmapbt=1'],
  ['version 5 with case-insensitive names', 48, '-n', 'version=ci'],
  ['version 5 with a log of stripe units', 64, '-l', 'su=64k'],
  ['version 4', 32, '-m', 'crc=0'],
  ['version 4 without types, inodes of 256 bytes', 32, '-m', 'crc=0', '-n', 'ftype=0', '-i', 'size=256'],
  ['version 4 with 512 byte blocks', 32, '-m', 'crc=0', '-b', 'size=512', '-i', 'size=256'],
  ['version 4 with an old log', 32, '-m', 'crc=0', '-l', 'version=1'],
  ['version 4 with case-insensitive names', 32, '-m', 'crc=0', '-n', 'version=ci'],
];

const missing = skip('XFS of the kernel', xfsMount(), tool('setfattr', 'apt-get install attr'), tool('getfattr', 'apt-get install attr'));

/** A tree with everything that the reader knows. */
function populate(tree: string, random: Random): void {
  const at = (...parts: string[]) => join(tree, ...parts);
  mkdirSync(at('boot', 'grub'), { recursive: true });
  writeFileSync(at('boot', 'grub', 'grub.cfg'), 'menuentry x {}\n');
  for (const [name, count] of [
    ['few', 3],
    ['block', 40],
    ['leaf', 300],
    ['node', 2500],
  ] as const) {
    mkdirSync(at(name));
    for (let i = 0; i < count; i++) writeFileSync(at(name, `name-${i}-${'x'.repeat(i % 40)}`), i % 50 === 0 ? `${i}` : '');
    for (let i = 0; i < count; i += 7) unlinkSync(at(name, `name-${i}-${'x'.repeat(i % 40)}`));
  }
  for (const length of [1, 100, 300, 480, 800, 1023]) symlinkSync('t'.repeat(length), at(`link-${length}`));
  symlinkSync('dangling', at('link-time'));
  lutimesSync(at('link-time'), 1.5, -1000.25);
  // Holes, preallocated space, and more extents than an inode holds.
  const sparse = openSync(at('sparse'), 'w');
  for (let i = 0; i < 200; i++) writeSync(sparse, `piece ${i}`, i * 12288);
  ftruncateSync(sparse, 5_000_000);
  closeSync(sparse);
  run('fallocate', '-l', '300000', at('preallocated'));
  writeFileSync(at('plain'), Buffer.alloc(200_001, 'abc'));
  linkSync(at('plain'), at('hard link'));
  chmodSync(at('plain'), 0o4751);
  chownSync(at('plain'), 70000, 80000);
  utimesSync(at('plain'), 2_000_000_000, 2_147_000_000.123);
  run('mknod', at('console'), 'c', '5', '1');
  run('mknod', at('disk'), 'b', '259', '70000');
  run('mkfifo', at('pipe'));
  run('setfattr', '-n', 'user.short', '-v', 'value', at('plain'));
  run('setfattr', '-n', 'security.test', '-v', '0x0001ff', at('plain'));
  run('setfattr', '-n', 'user.large', '-v', `0x${'ab'.repeat(30_000)}`, at('sparse'));
  for (let i = 0; i < 30; i++) run('setfattr', '-n', `user.many-${i}`, '-v', 'v'.repeat(random.next(200)), at('preallocated'));
  for (let i = 0; i < 12; i++) run('setfattr', '-n', `trusted.l${i}`, '-v', 'w'.repeat(2000), at('boot'));
  // User 0x3039 may read: version 2, then tag, permissions and id of each entry.
  const acl = '0x0200000001000600ffffffff020004003930000004000400ffffffff10000400ffffffff20000400ffffffff';
  run('setfattr', '-n', 'system.posix_acl_access', '-v', acl, at('hard link'));
}

/** Random changes, some of them forced to the log. */
function change(tree: string, random: Random, steps: number): void {
  const folders = ['few', 'block', 'leaf', 'node', 'boot'];
  const made: string[] = [];
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      // A name that is there or not there, a full filesystem: nothing is changed then.
      if (!['EEXIST', 'ENOENT', 'ENOSPC', 'ENOTEMPTY', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error;
    }
  };
  for (let i = 0; i < steps; i++) {
    const path = join(tree, random.pick(folders), `new-${random.next(400)}${'y'.repeat(random.next(60))}`);
    const other = made.length === 0 ? path : random.pick(made);
    attempt(() => {
      switch (random.next(9)) {
        case 0:
        case 1:
        case 2:
          writeFileSync(path, Buffer.alloc(random.next(20_000), `${i}`));
          made.push(path);
          break;
        case 3:
          renameSync(other, path);
          made.push(path);
          break;
        case 4:
          unlinkSync(other);
          break;
        case 5:
          mkdirSync(path);
          break;
        case 6:
          symlinkSync('z'.repeat(1 + random.next(900)), path);
          break;
        case 7:
          truncateSync(other, random.next(30_000));
          break;
        default: {
          const fd = openSync(other, 'r+');
          writeSync(fd, `${i}`, random.next(200_000));
          if (random.next(3) === 0) fsyncSync(fd);
          closeSync(fd);
        }
      }
    });
    if (random.next(40) === 0) run('sync', '-f', tree);
  }
}

async function withXfs<T>(image: string, use: (fs: FileSystem) => Promise<T>, options = OPTIONS): Promise<T> {
  const source = HostFileSource.open(image);
  try {
    return await use(await xfs.open(new BlockCache(source), options));
  } finally {
    await source.close();
  }
}

describe.skipIf(missing)('An XFS made by the kernel', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tygrub-xfs-'));
  });
  afterAll(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  for (const [name, mebibytes, ...options] of missing
    ? []
    : KINDS.filter(([what, , ...given]) => !skip(`XFS of ${what}`, mounts(...given)))) {
    it(`of ${name} is read as the kernel reads it, closed and after a crash`, async () => {
      const random = new Random(seed());
      const image = join(folder, 'closed.img');
      const crashed = join(folder, 'crashed.img');
      makeXfs(image, mebibytes, '-L', 'label-of-12b', ...options);
      await mounted(image, '', (tree) => populate(tree, random));
      await withXfs(image, async (fs) => {
        expect([fs.type, fs.label, fs.state, fs.warnings]).toEqual(['xfs', 'label-of-12b', 'clean', []]);
        const found = await mounted(image, 'ro', (tree) => differencesFromMounted(fs, tree, true));
        expect(found).toEqual([]);
      });
      await mounted(image, '', (tree) => {
        change(tree, random, 300);
        run('sync', '-f', tree);
        change(tree, random, 60);
        const last = openSync(join(tree, 'last'), 'w');
        fsyncSync(last);
        closeSync(last);
        copyFileSync(image, crashed);
      });
      const found = await withXfs(crashed, async (fs) => {
        expect(fs.state).toMatch(/^log replayed/);
        // The kernel replays the log of a copy: the reader goes on with the image as the crash left it.
        const copy = join(folder, 'replayed.img');
        copyFileSync(crashed, copy);
        await mounted(copy, '', () => {});
        const lines = await mounted(copy, 'ro', (tree) => differencesFromMounted(fs, tree, true));
        expect(fs.warnings).toEqual([]);
        return lines;
      });
      expect(found).toEqual([]);
      await withXfs(
        crashed,
        async (fs) => {
          expect([fs.state, fs.warnings.map(({ code }) => code)]).toEqual(['log not replayed', ['xfs.log-not-replayed']]);
        },
        { ...OPTIONS, noJournal: true },
      );
    });
  }
});
