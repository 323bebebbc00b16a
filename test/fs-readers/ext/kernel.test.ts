/** Damaged images, read by the Linux kernel and by tygrub: what both read is the same. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ext } from '../../../fs-readers/ext/index.js';
import type { FileNode, FileSystem, FileType } from '../../../fs-readers/index.js';
import { encodeUtf8, equalBytes } from '../../../src/bytes/text.js';
import { TygrubError } from '../../../src/errors.js';
import { MemorySource } from '../../../src/source/memory.js';
import { damage, mutations, Random, seed } from '../../support/mutation.js';
import { loopMount, skip, tool } from '../../support/requirements.js';
import { extOptions } from './images.js';
import { run, smallImages, usedRegions } from './small-images.js';

/** Damaged images that are mounted; each takes the kernel some milliseconds. */
const IMAGES = mutations(60);
/** Bytes compared of each file. */
const READ = 256 * 1024;
/** The superblock stays as it is: it could tell the kernel to panic on errors. */
const AFTER_SUPERBLOCK = 2048;

function typeOf(stat: Stats): FileType {
  if (stat.isFile()) return 'f';
  if (stat.isDirectory()) return 'd';
  if (stat.isSymbolicLink()) return 'l';
  if (stat.isCharacterDevice()) return 'c';
  if (stat.isBlockDevice()) return 'b';
  return stat.isFIFO() ? 'p' : 's';
}

/** The result, or null where the host fails (EIO, EUCLEAN and the like on a damaged file). */
function kernel<T>(action: () => T): T | null {
  try {
    return action();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

async function tygrub<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof TygrubError) return null;
    throw error;
  }
}

function readFile(path: Buffer, length: number): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, 0));
  } finally {
    closeSync(fd);
  }
}

/** Compares a directory with the kernel's, and all below; gives the differences and counts what was the same. */
class Comparison {
  readonly differences: string[] = [];
  same = 0;
  private readonly seen = new Set<string>();

  constructor(private readonly fs: FileSystem) {}

  async directory(node: FileNode, path: Buffer): Promise<void> {
    if (this.seen.has(node.id)) return;
    this.seen.add(node.id);
    // A name that stands twice in a damaged directory means its first entry to both.
    const names = new Set<string>();
    const children: { name: Uint8Array; node: FileNode }[] = [];
    await tygrub(async () => {
      for await (const entry of node.entries()) {
        const key = Buffer.from(entry.name).toString('latin1');
        if (names.has(key)) continue;
        names.add(key);
        const child = await tygrub(() => node.lookup(entry.name));
        if (child !== null) children.push({ name: entry.name, node: child });
      }
      const listed = kernel(() => readdirSync(path, { encoding: 'buffer' }));
      for (const name of listed ?? []) {
        const there = kernel(() => lstatSync(Buffer.concat([path, encodeUtf8('/'), name])));
        // The whole list came without an error: then nothing that the kernel can use may be missing. (It shows names with
        // a NUL in them as shorter ones; tygrub leaves them out and says so.)
        const shortened = this.fs.warnings.some(({ code }) => code === 'ext.impossible-name');
        if (there !== null && !shortened && !names.has(name.toString('latin1'))) this.differences.push(`${path}/${name}: missing`);
      }
    });
    for (const child of children) await this.node(child.node, Buffer.concat([path, encodeUtf8('/'), child.name]));
  }

  private async node(node: FileNode, path: Buffer): Promise<void> {
    const stat = kernel(() => lstatSync(path));
    if (stat === null) return;
    const wrong = (what: string) => this.differences.push(`${path}: ${what}`);
    if (typeOf(stat) !== node.type) wrong(`type ${node.type}, the kernel's is ${typeOf(stat)}`);
    else if (node.type === 'd') await this.directory(node, path);
    else if (node.type === 'l') {
      const theirs = kernel(() => readlinkSync(path, { encoding: 'buffer' }));
      const ours = await tygrub(() => node.readLink());
      if (theirs !== null && ours !== null && !equalBytes(theirs, ours)) wrong('another target');
      else this.same += 1;
    } else if (node.type === 'f') {
      if (stat.size !== node.size) wrong(`size ${node.size}, the kernel's is ${stat.size}`);
      const length = Math.min(READ, node.size);
      const theirs = kernel(() => readFile(path, length));
      const ours = await tygrub(async () => (await node.open()).read(0, length));
      if (theirs !== null && ours !== null && !equalBytes(theirs, ours)) wrong('other contents');
      else this.same += 1;
    }
  }
}

describe.skipIf(skip('damaged ext images under the kernel', loopMount(), tool('mke2fs', 'apt-get install e2fsprogs')))(
  'damaged ext images, read by the kernel and by tygrub',
  () => {
    it('have the same names, contents and targets wherever both read them', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tygrub-ext-kernel-'));
      const mountPoint = join(folder, 'mnt');
      mkdirSync(mountPoint);
      const random = new Random(seed());
      const images = smallImages().map(({ name, bytes }) => ({
        name,
        bytes,
        regions: usedRegions(bytes).filter(({ start }) => start >= AFTER_SUPERBLOCK),
      }));
      let same = 0;
      try {
        for (let i = 0; i < IMAGES; i++) {
          const { name, bytes, regions } = random.pick(images);
          const change = damage(bytes, random, regions);
          // A new name for each: a loop device that is still being given back would show the image before.
          const path = join(folder, `image-${i}`);
          writeFileSync(path, bytes);
          const mounted = spawnSync('mount', ['-t', 'ext4', '-o', 'loop,ro,noload,errors=continue', path, mountPoint]);
          try {
            const fs = await tygrub(() => ext.open(new MemorySource(bytes), extOptions({ noJournal: true })));
            const root = fs === null ? null : await tygrub(() => fs.root());
            if (mounted.status === 0 && fs !== null && root !== null) {
              const comparison = new Comparison(fs);
              await comparison.directory(root, Buffer.from(mountPoint));
              expect(comparison.differences, `seed ${seed()}, case ${i}, ${name}, ${change.description}`).toEqual([]);
              same += comparison.same;
            }
          } finally {
            if (mounted.status === 0) run('umount', [mountPoint]);
            rmSync(path);
            change.undo();
          }
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      // Most damage leaves most files readable: a comparison that compares nothing would be no test.
      expect(same).toBeGreaterThan(IMAGES * 5);
    });
  },
);
