import { describe, expect, it } from 'vitest';
import type { FileNode, FileSystem } from '../../../fs-readers/index.js';
import { SECTOR } from '../../../fs-readers/iso9660/descriptor-id.js';
import { openIso9660, type Tree } from '../../../fs-readers/iso9660/file-system.js';
import { iso9660 } from '../../../fs-readers/iso9660/index.js';
import { FLAG_DIRECTORY, PRIMARY_DESCRIPTOR } from '../../../fs-readers/iso9660/layout.js';
import { resolvePath } from '../../../fs-readers/path.js';
import { DEFAULT_LIMITS, type Limits, withLimits } from '../../../src/limits.js';
import { CountingSource } from '../../../src/source/counting.js';
import { MemorySource } from '../../../src/source/memory.js';
import { ascii, ce, cl, entry, er, IsoImage, join, nm, px, ROOT, record, sampleDisc, sl, sp, ucs2, zf } from './image.js';

const plain = new TextDecoder();
const options = (limits: Limits) => ({ limits, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] });

function open(image: IsoImage, tree?: Tree, limits = DEFAULT_LIMITS): Promise<FileSystem> {
  return openIso9660(new MemorySource(image.bytes), options(limits), tree);
}

async function names(node: FileNode): Promise<string[]> {
  const out: string[] = [];
  for await (const found of node.entries()) out.push(plain.decode(found.name));
  return out;
}

async function content(fs: FileSystem, path: string): Promise<string> {
  const { node } = await resolvePath(fs, path, DEFAULT_LIMITS);
  const source = await node.open();
  return plain.decode(await source.read(0, source.size));
}

async function failure(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    (value) => ({ succeeded: value }),
    (error: unknown) => error,
  );
}

describe('An ISO 9660 filesystem', () => {
  it('has the names of Rock Ridge, of Joliet or of the standard', async () => {
    const disc = sampleDisc();
    const rockRidge = await open(disc);
    expect([rockRidge.type, rockRidge.grubType, rockRidge.label, rockRidge.uuid]).toEqual([
      'iso9660',
      'iso9660',
      'TYGRUB ISO',
      '2024-02-29-12-34-56-78',
    ]);
    expect(await names(await rockRidge.root())).toEqual(['boot', 'vmlinuz', 'a name that continues', 'deep']);
    const joliet = await open(disc, 'joliet');
    expect(joliet.label).toBe('Joliet äöü');
    expect(await names(await joliet.root())).toEqual(['Größe.txt', 'boot']);
    expect(await content(joliet, '/BOOT/Grub.CFG')).toBe('set default=0\n');
    const standard = await open(disc, 'plain');
    expect(await names(await standard.root())).toEqual(['boot', 'vmlinuz', 'long', 'deep']);
    expect(await content(standard, '/Boot/GRUB.cfg')).toBe('set default=0\n');
  });

  it('joins files of several extents', async () => {
    expect(await content(await open(sampleDisc()), '/boot/big')).toBe(`${'B'.repeat(SECTOR)}hello w`);
  });

  it('shows relocated directories where they belong, and nowhere else', async () => {
    const fs = await open(sampleDisc());
    expect(await names((await resolvePath(fs, '/deep', DEFAULT_LIMITS)).node)).toEqual(['in.txt']);
    expect((await resolvePath(fs, '/deep', DEFAULT_LIMITS)).node.mode).toBe(0o711);
    expect(await names((await resolvePath(fs, '/boot', DEFAULT_LIMITS)).node)).toEqual(['big', 'grub.cfg']);
  });

  it('makes the targets of links out of components', async () => {
    const links: [string, Uint8Array][] = [
      [
        '/usr/bin',
        sl([
          [8, ''],
          [0, 'usr'],
          [0, 'bin'],
        ]),
      ],
      [
        '../../x',
        sl([
          [4, ''],
          [4, ''],
          [0, 'x'],
        ]),
      ],
      [
        './joined/y',
        sl([
          [2, ''],
          [1, 'joi'],
          [0, 'ned'],
          [0, 'y'],
        ]),
      ],
      ['a/b', join([sl([[0, 'a']], 1), sl([[0, 'b']])])],
      ['ab', join([sl([[1, 'a']], 1), sl([[0, 'b']])])],
    ];
    const image = new IsoImage();
    image.directory(
      ROOT,
      links.map(([, use], i) => record({ name: ascii(`L${i}.;1`), systemUse: join([px(0o120777), nm(`l${i}`), use]) })),
      join([sp(), er()]),
    );
    const root = await (await open(image)).root();
    const targets: string[] = [];
    for await (const found of root.entries()) targets.push(plain.decode(await (await found.node()).readLink()));
    expect(targets).toEqual(links.map(([target]) => target));
  });

  it('has no UUID without a date, and GRUB’s otherwise', async () => {
    const image = sampleDisc();
    PRIMARY_DESCRIPTOR.encode(image.bytes, { modification_date: new Uint8Array(17) }, 16 * SECTOR);
    expect((await open(image)).uuid).toBeNull();
  });

  it('names zisofs as unsupported, for the files that it compressed and no others', async () => {
    const image = new IsoImage();
    image.directory(
      ROOT,
      [
        record({ name: ascii('Z.;1'), extent: 30, size: 9, systemUse: join([nm('z'), zf()]) }),
        record({ name: ascii('A.;1'), extent: 30, size: 5 }),
      ],
      join([sp(), er()]),
    );
    image.write(30, ascii('hello'));
    const fs = await open(image);
    expect(await content(fs, '/a')).toBe('hello');
    expect(await failure(() => content(fs, '/z'))).toMatchObject({ kind: 'unsupported', code: 'iso9660.zisofs' });
  });

  it('uses Joliet where the tree with Rock Ridge is empty', async () => {
    const image = sampleDisc();
    image.bytes.fill(0, ROOT * SECTOR, (ROOT + 1) * SECTOR);
    image.directory(ROOT, [], join([sp(), er()]));
    expect((await open(image)).state).toBe('Joliet names');
  });

  it('leaves out what SP says before system use entries', async () => {
    const image = new IsoImage();
    const xa = new Uint8Array(14);
    image.directory(ROOT, [record({ name: ascii('A.;1'), systemUse: join([xa, nm('Mixed')]) })], join([xa, sp(14), er()]));
    expect(await names(await (await open(image)).root())).toEqual(['Mixed']);
  });

  it('opens with few and small reads', async () => {
    const source = new CountingSource(new MemorySource(sampleDisc().bytes));
    expect(await iso9660.probe(source)).toBe(true);
    await iso9660.open(source, options(DEFAULT_LIMITS));
    expect(source.reads).toBeLessThanOrEqual(7);
    expect(source.bytesRead).toBeLessThan(8 * SECTOR);
  });
});

/** A disc with Rock Ridge and one file with these system use entries. */
function oneFile(systemUse: Uint8Array): IsoImage {
  const image = new IsoImage();
  image.directory(
    ROOT,
    [
      record({ name: ascii('A.;1'), extent: 30, size: 5, systemUse }),
      record({ name: ascii('B.;1'), extent: 30, size: 5, systemUse: nm('b') }),
    ],
    join([sp(), er()]),
  );
  image.write(30, ascii('hello'));
  return image;
}

describe('The findings of XSA-497', () => {
  it('1: a directory record shorter than its fixed part ends the listing with an error', async () => {
    const image = new IsoImage();
    image.directory(ROOT, [record({ name: ascii('A.;1'), length: 20 })], join([sp(), er()]));
    const fs = await open(image);
    expect(await failure(async () => names(await fs.root()))).toMatchObject({ kind: 'corrupt', code: 'iso9660.record' });
  });

  it('2: a name longer than its record ends the listing with an error', async () => {
    const image = new IsoImage();
    const lie = record({ name: ascii('A.;1') });
    lie[32] = 200;
    image.directory(ROOT, [lie], join([sp(), er()]));
    const fs = await open(image);
    expect(await failure(async () => names(await fs.root()))).toMatchObject({ kind: 'corrupt', code: 'iso9660.record' });
  });

  it('3: a system use entry of length 0, or longer than what is left, ends the entries, and a warning says so', async () => {
    for (const length of [0, 1, 2, 200]) {
      const use = join([nm('good'), entry('XX', undefined, ascii('abcd'))]);
      use[11] = length;
      const fs = await open(oneFile(use));
      expect(await names(await fs.root())).toEqual(['a', 'b']);
      expect(fs.warnings.map((warning) => warning.code)).toEqual(['iso9660.system-use']);
      expect(await content(fs, '/a')).toBe('hello');
    }
  });

  it('4: an NM shorter than its fixed part gives no name', async () => {
    const short = Uint8Array.of(...ascii('NM'), 4, 1);
    const fs = await open(oneFile(join([short, entry('XX', undefined, ascii('pad'))])));
    expect(await names(await fs.root())).toEqual(['a', 'b']);
  });

  it('5: a continuation area outside of its block hides the file, and a warning says so', async () => {
    for (const use of [ce(25, 3000, 10), ce(25, 2000, 100), ce(25, 0, 0xffffffff), ce(0xfffffff0, 0, 10)]) {
      const fs = await open(oneFile(join([nm('good'), use])));
      expect(await names(await fs.root())).toEqual(['b']);
      expect(fs.warnings.map((warning) => warning.code)).toEqual(['iso9660.system-use']);
    }
  });

  it('and the like: continuation areas that lead to themselves or in a circle end', async () => {
    const image = oneFile(join([nm('x', 1), ce(25, 0, 28)]));
    image.bytes.set(ce(25, 28, 28), 25 * SECTOR);
    image.bytes.set(ce(25, 0, 28), 25 * SECTOR + 28);
    const source = new CountingSource(new MemorySource(image.bytes));
    const fs = await openIso9660(source, options(DEFAULT_LIMITS));
    expect(await names(await fs.root())).toEqual(['b']);
    expect(source.reads).toBeLessThan(60);
  });
});

describe('A hostile ISO 9660 image', () => {
  it('whose relocated directories lead to themselves or outside is not followed for ever', async () => {
    for (const block of [ROOT, 0xffffff, 0]) {
      const image = new IsoImage();
      image.directory(ROOT, [record({ name: ascii('D.;1'), systemUse: join([nm('d'), cl(block)]) })], join([sp(), er(), cl(ROOT)]));
      const fs = await open(image);
      const deep = await failure(() => resolvePath(fs, `/${'d/'.repeat(2000)}`, withLimits({ pathDepth: 100 })));
      expect(['limit', 'corrupt']).toContain((deep as { kind: string }).kind);
    }
  });

  it('whose directory contains itself ends at the depth of paths', async () => {
    const image = new IsoImage();
    image.directory(ROOT, [record({ name: ascii('D'), extent: ROOT, size: SECTOR, flags: FLAG_DIRECTORY })]);
    const fs = await open(image);
    expect(await failure(() => resolvePath(fs, `/${'d/'.repeat(2000)}`, DEFAULT_LIMITS))).toMatchObject({ kind: 'limit' });
  });

  it('whose files and directories are outside of the volume is refused for those', async () => {
    const image = new IsoImage();
    image.directory(ROOT, [
      record({ name: ascii('F.;1'), extent: 39, size: SECTOR + 1 }),
      record({ name: ascii('D'), extent: 0xffffffff, size: SECTOR, flags: FLAG_DIRECTORY }),
      record({ name: ascii('E.;1'), extent: 0xffffffff, size: 0 }),
    ]);
    const fs = await open(image);
    expect(await failure(() => content(fs, '/f'))).toMatchObject({ kind: 'corrupt', code: 'iso9660.extent' });
    expect(await failure(() => resolvePath(fs, '/d', DEFAULT_LIMITS))).toMatchObject({ kind: 'corrupt', code: 'iso9660.extent' });
    expect(await content(fs, '/e')).toBe('');
  });

  it('whose directory is said to be huge meets a bound before it is read', async () => {
    const image = new IsoImage();
    const self = record({ name: Uint8Array.of(0), extent: ROOT, size: 0xffffffff, flags: FLAG_DIRECTORY });
    image.write(ROOT, self);
    const fs = await open(image);
    expect(await failure(async () => names(await fs.root()))).toMatchObject({ code: 'limit.directorySize' });
  });

  it('whose names no file can have leaves them out, and says so', async () => {
    const image = new IsoImage();
    const evil = ['a/b', '..', '.'].map((name, i) => record({ name: ascii(`X${i}.;1`), systemUse: nm(name) }));
    image.directory(ROOT, [...evil, record({ name: ucs2('ok'), systemUse: nm('ok') })], join([sp(), er()]));
    const fs = await open(image);
    expect(await names(await fs.root())).toEqual(['ok']);
    expect(fs.warnings).toHaveLength(3);
  });

  it('without a primary descriptor, with an impossible block size, or in High Sierra format is refused', async () => {
    const none = new IsoImage();
    none.bytes[16 * SECTOR] = 0;
    expect(await failure(() => open(none))).toMatchObject({ kind: 'corrupt', code: 'iso9660.descriptors' });
    const blocks = new IsoImage();
    PRIMARY_DESCRIPTOR.encode(blocks.bytes, { logical_block_size: 3 }, 16 * SECTOR);
    expect(await failure(() => open(blocks))).toMatchObject({ kind: 'corrupt', code: 'iso9660.block-size' });
    const sierra = new IsoImage();
    sierra.bytes.fill(0, 16 * SECTOR, 18 * SECTOR);
    sierra.bytes.set(ascii('CDROM'), 16 * SECTOR + 9);
    expect(await failure(() => open(sierra))).toMatchObject({ kind: 'unsupported', code: 'iso9660.high-sierra' });
  });
});
