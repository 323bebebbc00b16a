/** Damaged, hostile and unusual XFS: what is read all the same, and by which name the rest is refused. */
import { describe, expect, it } from 'vitest';
import type { FileNode } from '../../../fs-readers/index.js';
import { resolvePath } from '../../../fs-readers/path.js';
import { xfs } from '../../../fs-readers/xfs/index.js';
import { DIR_LEAF1_CRC_MAGIC, INODE_FLAG } from '../../../fs-readers/xfs/layout.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { CountingSource } from '../../../src/source/counting.js';
import { MemorySource } from '../../../src/source/memory.js';
import { skip } from '../../support/requirements.js';
import { changeSuperblock, filledByMkfs, OPTIONS, openXfs, sample } from './images.js';
import { MKFS } from './mounted.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const name = (value: string): Uint8Array => new TextEncoder().encode(value);

async function names(node: FileNode): Promise<string[]> {
  const all: string[] = [];
  for await (const entry of node.entries()) all.push(text(entry.name));
  return all;
}

/** The fields of XSA-443 and their like, each with values that no filesystem has. */
const IMPOSSIBLE: readonly Parameters<typeof changeSuperblock>[1][] = [
  { blocklog: 0 },
  { blocklog: 8 },
  { blocklog: 17 },
  { blocklog: 64 },
  { blocklog: 255 },
  { blocksize: 0 },
  { blocksize: 2048 },
  { sectlog: 8 },
  { sectlog: 16 },
  { sectsize: 1024 },
  { inodelog: 7 },
  { inodelog: 12 },
  { inodelog: 255 },
  { inodesize: 256 },
  { inopblog: 0 },
  { inopblog: 255 },
  { inopblock: 0 },
  { dirblklog: 7 },
  { dirblklog: 255 },
  { agblklog: 0 },
  { agblklog: 32 },
  { agblklog: 255 },
  { agblocks: 0 },
  { agblocks: 1 },
  { agblocks: 0xffffffff },
  { agcount: 0 },
  { agcount: 0xffffffff },
  { dblocks: 0 },
  { dblocks: 2 ** 52 },
  { rootino: 0 },
  { rootino: 2 ** 50 },
  { imax_pct: 101 },
  { inprogress: 1 },
  { logblocks: 0 },
  { logstart: 2 ** 40 },
  { logblocks: 0xffffffff },
];

describe('An XFS superblock', () => {
  for (const fields of IMPOSSIBLE) {
    it(`with ${JSON.stringify(fields)} is refused as damaged`, async () => {
      const bytes = sample();
      changeSuperblock(bytes, fields);
      await expect(openXfs(bytes)).rejects.toMatchObject({ kind: 'corrupt' });
    });
  }

  for (const [bit, word] of [
    [0x100, 'metadir'],
    [0x200, 'zoned'],
    [0x80000000, 'unknown bit 31'],
  ] as const) {
    it(`with the incompatible feature ${word} is refused by its name`, async () => {
      const bytes = sample();
      changeSuperblock(bytes, { features_incompat: 0xb + bit });
      await expect(openXfs(bytes)).rejects.toMatchObject({
        kind: 'unsupported',
        code: 'xfs.incompat-feature',
        message: expect.stringContaining(word),
      });
    });
  }

  it('with a wrong checksum is refused, or read when checksums are ignored', async () => {
    const bytes = sample();
    bytes[108] = 0x53; // the label's first letter
    await expect(openXfs(bytes)).rejects.toMatchObject({ code: 'xfs.checksum' });
    const fs = await openXfs(bytes, { ignoreChecksums: true });
    expect([fs.label, fs.warnings.map(({ code }) => code)]).toEqual(['Sample', ['xfs.checksum']]);
  });

  it('that asks for a repair is read with a warning', async () => {
    const bytes = sample();
    changeSuperblock(bytes, { features_incompat: 0xb + 0x10 });
    expect((await openXfs(bytes)).warnings.map(({ code }) => code)).toEqual(['xfs.needs-repair']);
  });

  it('of versions before 4 is refused by its version', async () => {
    const bytes = sample();
    changeSuperblock(bytes, { versionnum: 0x2083 });
    await expect(openXfs(bytes)).rejects.toMatchObject({ code: 'xfs.version' });
  });
});

/** Byte offset of an inode of the sample (1 KiB blocks, 512 byte inodes). */
function inodeAt(bytes: Uint8Array, id: string): number {
  const view = new DataView(bytes.buffer);
  const agblocks = view.getUint32(84);
  const perGroup = 2 ** ((bytes[124] as number) + (bytes[123] as number));
  const number = Number(id);
  const inGroup = number % perGroup;
  return (Math.floor(number / perGroup) * agblocks + Math.floor(inGroup / 2)) * 1024 + (inGroup % 2) * 512;
}

describe('A damaged XFS', () => {
  it('finds names of a directory whose hash index is destroyed, and tells', async () => {
    const bytes = sample();
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += 1024) {
      const magic = view.getUint16(at + 8);
      // The index of /leaf: its own magic in the place of one that ends elsewhere.
      if (magic === DIR_LEAF1_CRC_MAGIC) view.setUint16(at + 8, 0x1234);
    }
    const fs = await openXfs(bytes, { noJournal: true });
    const leaf = await (await fs.root()).lookup(name('leaf'));
    expect((await leaf?.lookup(name('a-longer-name-for-the-leaf-142')))?.type).toBe('f');
    expect(await leaf?.lookup(name('a-longer-name-for-the-leaf-199'))).toBeNull();
    expect(fs.warnings.map(({ message }) => message).join('\n')).toMatch(/searched name by name/);
  });

  it('refuses inodes whose checksum, number or filesystem is wrong', async () => {
    for (const [at, code] of [
      [8, 'xfs.checksum'],
      [159, 'xfs.inode'],
      [170, 'xfs.inode'],
    ] as const) {
      const bytes = sample();
      const fs = await openXfs(bytes, { noJournal: true, ignoreChecksums: code !== 'xfs.checksum' });
      const id = (await (await fs.root()).lookup(name('node')))?.id ?? '';
      bytes[inodeAt(bytes, id) + at] = 0x77;
      await expect((await fs.root()).lookup(name('node'))).rejects.toMatchObject({ code });
    }
  });

  it('names real-time files as what they are', async () => {
    const bytes = sample();
    const fs = await openXfs(bytes, { noJournal: true, ignoreChecksums: true });
    const root = await fs.root();
    const id = (await root.lookup(name('tree')))?.id ?? '';
    new DataView(bytes.buffer).setUint16(inodeAt(bytes, id) + 90, INODE_FLAG.REALTIME);
    const file = await root.lookup(name('tree'));
    expect(file?.flags).toContain('realtime');
    await expect(file?.open()).rejects.toMatchObject({ kind: 'unsupported', code: 'xfs.realtime' });
  });

  it('is read up to where its image was cut off', async () => {
    const bytes = sample();
    const cut = await openXfs(bytes.subarray(0, 8 * 1024 * 1024));
    expect(cut.warnings.map(({ code }) => code)).toEqual(['xfs.cut-off', 'xfs.log-cut-off']);
    expect(cut.state).toBe('log not read');
    expect(await names(await cut.root())).toContain('boot');
  });

  it('whose log is destroyed is refused with a way out', async () => {
    const bytes = sample();
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += 512) if (view.getUint32(at) === 0xfeedbabe) bytes.fill(0x55, at + 300, at + 328);
    await expect(openXfs(bytes)).rejects.toMatchObject({ code: 'xfs.log', hint: expect.stringContaining('--no-journal') });
    expect((await openXfs(bytes, { noJournal: true })).state).toBe('log not replayed');
  });
});

describe('The sample XFS', () => {
  it('shows the last changes, which are only in its log, and not without', async () => {
    const bytes = sample();
    const read = async (noJournal: boolean) => {
      const fs = await openXfs(bytes, { noJournal });
      const { node } = await resolvePath(fs, '/boot/grub/grub.cfg', DEFAULT_LIMITS);
      const file = await node.open();
      return [text(await file.read(0, file.size)), (await names((await (await fs.root()).lookup(name('few'))) as FileNode)).join(' ')];
    };
    expect(await read(false)).toEqual(["menuentry 'new' {}\n", 'f1 f2']);
    expect(await read(true)).toEqual(["menuentry 'x' {}\n", 'f1 f2 f3']);
  });

  it('is opened and searched with few reads when it needs no replay', async () => {
    const counted = new CountingSource(new MemorySource(filledOnce()));
    const fs = await xfs.open(new BlockCache(counted), OPTIONS);
    expect(fs.state).toBe('clean');
    await resolvePath(fs, '/Boot/VMLINUZ', DEFAULT_LIMITS);
    expect(counted.reads).toBeLessThan(40);
  });
});

let filled: Uint8Array | undefined;
function filledOnce(): Uint8Array {
  filled ??= filledByMkfs();
  return filled;
}

describe.skipIf(skip('XFS filled by mkfs.xfs', MKFS))('An XFS filled by mkfs.xfs', () => {
  for (const [what, ...options] of [
    ['of version 5'],
    ['of version 4', '-m', 'crc=0'],
    ['of version 4 without types', '-m', 'crc=0', '-n', 'ftype=0', '-i', 'size=256'],
    ['with blocks of 512 bytes', '-m', 'crc=0', '-b', 'size=512'],
    ['with case-insensitive names', '-n', 'version=ci'],
    ['of version 4 with case-insensitive names', '-m', 'crc=0', '-n', 'version=ci'],
  ] as const) {
    it(`${what} has all names, by walking and by hash`, async () => {
      const fs = await openXfs(filledByMkfs(...options));
      expect([fs.state, fs.warnings]).toEqual(['clean', []]);
      const root = await fs.root();
      expect(await names(root)).toEqual(['Boot', 'short', 'console', 'few', 'block', 'leaf']);
      for (const [folder, count] of [
        ['few', 3],
        ['block', 30],
        ['leaf', 200],
      ] as const) {
        const directory = (await root.lookup(name(folder))) as FileNode;
        const found = await names(directory);
        expect(found.length).toBe(count);
        for (const one of found) expect((await directory.lookup(name(one)))?.size).toBe(8000);
      }
      const ignoresCase = options.includes('version=ci' as never);
      const other = await root.lookup(name('bOOT'));
      expect(other?.type).toBe(ignoresCase ? 'd' : undefined);
      expect(text((await (await root.lookup(name('short')))?.readLink()) ?? new Uint8Array(0))).toBe('Boot/VMLINUZ');
      expect((await root.lookup(name('console')))?.device).toEqual({ major: 5, minor: 1 });
    });
  }
});
