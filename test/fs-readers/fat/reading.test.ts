import { describe, expect, it } from 'vitest';
import { fat } from '../../../fs-readers/fat/index.js';
import { ATTR_ARCHIVE, ATTR_VOLUME_ID, LOWER_BASE, LOWER_EXTENSION } from '../../../fs-readers/fat/layout.js';
import type { FileNode, FileSystem } from '../../../fs-readers/index.js';
import { resolvePath } from '../../../fs-readers/path.js';
import { DEFAULT_LIMITS, type Limits, withLimits } from '../../../src/limits.js';
import { CountingSource } from '../../../src/source/counting.js';
import { MemorySource } from '../../../src/source/memory.js';
import { leafRuns } from '../../../src/source/runs.js';
import { FatImage, SECTOR, sampleImage } from './image.js';

const plain = new TextDecoder();

function open(image: FatImage, limits: Limits = DEFAULT_LIMITS): Promise<FileSystem> {
  return fat.open(new MemorySource(image.bytes), { limits, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] });
}

async function names(node: FileNode): Promise<string[]> {
  const out: string[] = [];
  for await (const entry of node.entries()) out.push(plain.decode(entry.name));
  return out;
}

async function content(fs: FileSystem, path: string): Promise<Uint8Array> {
  const { node } = await resolvePath(fs, path, DEFAULT_LIMITS);
  const source = await node.open();
  return source.read(0, source.size);
}

describe('A FAT filesystem', () => {
  for (const bits of [12, 16, 32] as const) {
    it(`of ${bits} bits has its files, serial number and label`, async () => {
      const image = sampleImage(bits, bits === 16 ? 5000 : 100);
      const fs = await open(image);
      expect([fs.type, fs.grubType, fs.uuid, fs.label, fs.state]).toEqual(['vfat', 'fat', 'ABCD-1234', 'TYGRUB', `FAT${bits}`]);
      expect(await names(await fs.root())).toEqual(['boot', 'EMPTY.TXT']);
      expect(plain.decode(await content(fs, '/boot/grub/grub.cfg'))).toBe('set default=0\n');
      const kernel = await content(fs, '/boot/vmlinuz-6.1.0-56-amd64');
      expect(kernel).toEqual(Uint8Array.from({ length: 5 * SECTOR - 7 }, (_, i) => i % 251));
    });
  }

  it('finds names without regard to case, by the long name and by the short one, dots at the end left out', async () => {
    const fs = await open(sampleImage(12));
    const { node } = await resolvePath(fs, '/boot/vmlinuz-6.1.0-56-amd64', DEFAULT_LIMITS);
    for (const name of ['/BOOT/VMLINUZ-6.1.0-56-AMD64', '/Boot/vmlinu~1', '/boot./VmLinuz-6.1.0-56-amd64..']) {
      expect((await resolvePath(fs, name, DEFAULT_LIMITS)).node.id).toBe(node.id);
    }
  });

  it('has long runs where clusters are neighbours', async () => {
    const fs = await open(sampleImage(32));
    const { node } = await resolvePath(fs, '/boot/vmlinuz-6.1.0-56-amd64', DEFAULT_LIMITS);
    const source = await node.open();
    const lengths: number[] = [];
    for await (const run of leafRuns(source, 0, source.size, 1 << 20)) lengths.push(run.length);
    expect(lengths).toEqual([2 * SECTOR, 2 * SECTOR, SECTOR - 7]);
  });

  it('opens with few and small reads', async () => {
    const source = new CountingSource(new MemorySource(sampleImage(32).bytes));
    await fat.open(source, { limits: DEFAULT_LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] });
    expect(source.reads).toBeLessThanOrEqual(4);
    expect(source.bytesRead).toBeLessThan(4096);
  });

  it('shows short names with the case that the entry asks for, in code page 437', async () => {
    const image = new FatImage(12, 20);
    const add = (short: string, bits = 0) => image.add(0, short, ATTR_ARCHIVE, 0, 0, undefined, bits);
    add('UPPER   TXT');
    add('LOWER   TXT', LOWER_BASE | LOWER_EXTENSION);
    add('BASE    TXT', LOWER_BASE);
    add('EXT     TXT', LOWER_EXTENSION);
    add('NOEXT      ');
    add('\x05AME       ');
    add('\x8eRGER   \x9aX', LOWER_BASE);
    const fs = await open(image);
    expect(await names(await fs.root())).toEqual(['UPPER.TXT', 'lower.txt', 'base.TXT', 'EXT.txt', 'NOEXT', 'σAME', 'ärger.ÜX']);
  });

  it('takes a long name only with the checksum of its short name and all its parts', async () => {
    const image = new FatImage(12, 20);
    const at = image.add(0, 'LONGNA~1TXT', ATTR_ARCHIVE, 0, 0, 'a long name with three parts.txt');
    const other = image.add(0, 'SECOND~1TXT', ATTR_ARCHIVE, 0, 0, 'another long name.txt');
    const good = await open(image);
    expect(await names(await good.root())).toEqual(['a long name with three parts.txt', 'another long name.txt']);
    image.bytes[at] = 0x4d; // the short name changes, the checksum in the parts does not
    image.bytes[other - 32] = 2; // the last part before the entry says that it is the second
    expect(await names(await (await open(image)).root())).toEqual(['MONGNA~1.TXT', 'SECOND~1.TXT']);
  });

  it('goes on behind entries that never were used, as Linux does', async () => {
    const image = new FatImage(12, 20);
    image.addRaw(0, new Uint8Array(32));
    image.add(0, 'BEHIND     ', ATTR_ARCHIVE, 0, 0);
    expect(await names(await (await open(image)).root())).toEqual(['BEHIND']);
  });

  it('has the label that GRUB finds: the first, before the end, and none of a deleted entry', async () => {
    const image = new FatImage(12, 20);
    image.add(0, '\xe5LD        ', ATTR_VOLUME_ID, 0, 0);
    image.add(0, 'MY LABEL   ', ATTR_VOLUME_ID | ATTR_ARCHIVE, 0, 0);
    image.add(0, 'LATER      ', ATTR_VOLUME_ID, 0, 0);
    expect((await open(image)).label).toBe('MY LABEL');
    const none = new FatImage(12, 20);
    none.addRaw(0, new Uint8Array(32));
    none.add(0, 'BEHIND     ', ATTR_VOLUME_ID, 0, 0);
    expect((await open(none)).label).toBeNull();
  });

  it('has the modes and times that Linux shows', async () => {
    const image = new FatImage(12, 20);
    image.add(0, 'READONLYTXT', ATTR_ARCHIVE | 1, 0, 0);
    const { node } = await resolvePath(await open(image), '/READONLY.TXT', DEFAULT_LIMITS);
    expect([node.mode, node.uid, node.gid, node.links]).toEqual([0o555, 0, 0, 1]);
    expect(node.mtime.seconds).toBe(Date.UTC(2024, 1, 29, 12, 34, 56) / 1000);
  });
});

describe('A hostile FAT image', () => {
  async function failure(image: FatImage, path: string, limits?: Limits): Promise<unknown> {
    return open(image, limits)
      .then(async (fs) => content(fs, path))
      .catch((error: unknown) => error);
  }

  it('whose chain is a loop is named as that', async () => {
    for (const chain of [[10], [10, 11, 12], [10, 30, 11, 31, 12]]) {
      const image = new FatImage(32, 100);
      image.addFile(2, 'LOOP       ', new Uint8Array(90 * SECTOR), undefined, chain);
      image.setEntry(chain[chain.length - 1] ?? 0, chain[Math.floor(chain.length / 2)] ?? 0);
      expect(await failure(image, '/LOOP')).toMatchObject({ kind: 'corrupt', code: 'fat.chain-loop' });
    }
  });

  it('whose directory is a loop ends, and so does its root', async () => {
    const image = sampleImage(32);
    image.setEntry(3, 3); // /boot
    expect(await failure(image, '/boot/grub/grub.cfg')).toMatchObject({ code: 'fat.chain-loop' });
    image.setEntry(2, 2);
    expect(await failure(image, '/boot')).toMatchObject({ code: 'fat.chain-loop' });
  });

  it('whose chain ends early, is free, or leads outside is named as that', async () => {
    const image = new FatImage(16, 5000);
    image.addFile(0, 'SHORT      ', new Uint8Array(3 * SECTOR), undefined, [10, 11, 12]);
    image.setEntry(11, 0xffff);
    expect(await failure(image, '/SHORT')).toMatchObject({ code: 'fat.chain-short' });
    for (const value of [0, 1, 5002, 0xfff6]) {
      image.setEntry(11, value);
      expect(await failure(image, '/SHORT')).toMatchObject({ code: 'fat.chain-broken' });
    }
    image.setEntry(11, 0xfff7); // a bad cluster ends a chain, as in Linux
    expect(await failure(image, '/SHORT')).toMatchObject({ code: 'fat.chain-short' });
  });

  it('whose file starts nowhere is named as that', async () => {
    const image = new FatImage(12, 20);
    image.add(0, 'NOWHERE    ', ATTR_ARCHIVE, 0, 10);
    expect(await failure(image, '/NOWHERE')).toMatchObject({ code: 'fat.chain-broken' });
  });

  it('whose directory is too large or has too many names meets a bound', async () => {
    const image = sampleImage(32);
    expect(await failure(image, '/boot', withLimits({ directorySize: 256 }))).toMatchObject({ kind: 'limit' });
    const many = new FatImage(12, 20);
    for (let i = 0; i < 20; i++) many.add(0, `FILE${i}`, ATTR_ARCHIVE, 0, 0);
    expect(await failure(many, '/NONE', withLimits({ directoryEntries: 10 }))).toMatchObject({ code: 'limit.directoryEntries' });
  });

  it('whose file is in more pieces than are mapped meets a bound', async () => {
    const image = new FatImage(32, 200);
    const chain = Array.from({ length: 40 }, (_, i) => 10 + i * 2);
    image.addFile(2, 'PIECES     ', new Uint8Array(40 * SECTOR), undefined, chain);
    expect(await failure(image, '/PIECES', withLimits({ treeNodes: 20 }))).toMatchObject({ code: 'limit.treeNodes' });
  });

  it('whose names have slashes or are empty shows the short names, and says so', async () => {
    const image = new FatImage(12, 20);
    image.add(0, 'SLASH~1    ', ATTR_ARCHIVE, 0, 0, '../../etc/passwd');
    image.add(0, 'DOTS~1     ', ATTR_ARCHIVE, 0, 0, '..');
    image.add(0, 'A/B        ', ATTR_ARCHIVE, 0, 0);
    const fs = await open(image);
    expect(await names(await fs.root())).toEqual(['SLASH~1', 'DOTS~1']);
    expect(fs.warnings.map((warning) => warning.code)).toEqual(['fat.bad-name', 'fat.bad-name', 'fat.bad-name']);
  });
});
