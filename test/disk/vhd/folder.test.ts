import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../../src/codec/node-codecs.js';
import { openContainer } from '../../../src/disk/index.js';
import { checkVhd } from '../../../src/disk/vhd/index.js';
import { DEFAULT_LIMITS, type Limits, withLimits } from '../../../src/limits.js';
import { openImage } from '../../../src/open-disk.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { NO_NEIGHBOURS } from '../../../src/source/neighbours.js';
import { type BlockPlan, makeVhd, pattern, type VhdPlan } from './encoder.js';

const BLOCK = 4096;
const COUNT = 2100;
const SIZE = COUNT * BLOCK;
const FILTERS = { none: (data: Uint8Array) => data, gzip: gzipSync, brotli: brotliCompressSync };
type Filter = keyof typeof FILTERS;

let root = '';
beforeAll(() => {
  provideNodeCodecs();
  root = mkdtempSync(join(tmpdir(), 'tygrub-folder-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Writes a VHD as Xen Orchestra's folder, with an alias beside `data/`. */
function writeFolder(name: string, plan: VhdPlan, filter: Filter): string {
  const made = makeVhd(plan);
  const folder = join(root, 'data', `${name}.vhd`);
  mkdirSync(folder, { recursive: true });
  const pack = FILTERS[filter];
  const put = (file: string, data: Uint8Array) => writeFileSync(join(folder, file), pack(data));
  put('footer', made.bytes.subarray(0, 512));
  put('header', made.bytes.subarray(512, 1536));
  const bat = new Uint8Array(Math.ceil(plan.size / BLOCK));
  for (const [index, offset] of made.blockOffsets) {
    bat[index >> 3] = (bat[index >> 3] ?? 0) | (0x80 >> (index & 7));
    mkdirSync(join(folder, 'blocks', String(Math.floor(index / 1000))), { recursive: true });
    put(`blocks/${Math.floor(index / 1000)}/${index % 1000}`, made.bytes.subarray(offset, offset + 512 + BLOCK));
  }
  put('bat', bat);
  if (filter !== 'none') writeFileSync(join(folder, 'chunk-filters.json'), JSON.stringify([filter]));
  writeFileSync(join(root, `${name}.alias.vhd`), `data/${name}.vhd\n`);
  return folder;
}

async function open(path: string, limits: Limits = DEFAULT_LIMITS) {
  const { source, neighbours, folder } = await openImage(join(root, path));
  const options = {
    limits,
    neighbours: neighbours ?? NO_NEIGHBOURS,
    ...(folder === undefined ? {} : { folder }),
    path,
    allowRawParent: false,
    force: false,
  };
  return { container: await openContainer(new BlockCache(source), options), source, options };
}

const plan: VhdPlan = {
  type: 3,
  size: SIZE,
  id: 'd',
  blocks: new Map<number, BlockPlan>([
    [0, { data: pattern(BLOCK, 1) }],
    [999, { data: pattern(BLOCK, 2), present: (sector) => sector % 2 === 0 }],
    [1000, { data: pattern(BLOCK, 3) }],
    [2099, { data: pattern(BLOCK, 4) }],
  ]),
};

function expected(): Uint8Array {
  const out = new Uint8Array(SIZE);
  for (const [index, { data, present }] of plan.blocks ?? []) {
    for (let sector = 0; sector < 8; sector++) {
      if (present?.(sector) ?? true) out.set(data.subarray(sector * 512, sector * 512 + 512), index * BLOCK + sector * 512);
    }
  }
  return out;
}

describe('a VhdDirectory', () => {
  it.each(['none', 'gzip', 'brotli'] as const)('with the filter %s is read by its own name and by its alias', async (filter) => {
    writeFolder(`a-${filter}`, plan, filter);
    for (const path of [`data/a-${filter}.vhd`, `a-${filter}.alias.vhd`]) {
      const { container, source } = await open(path);
      expect(Buffer.compare(await container.disk.read(0, SIZE), expected())).toBe(0);
      await container.close?.();
      await source.close?.();
    }
  });

  it('keeps a bounded number of block files open, and none when it is closed', async () => {
    writeFolder(
      'many',
      { ...plan, blocks: new Map(Array.from({ length: 300 }, (_, index) => [index, { data: pattern(BLOCK, index) }])) },
      'none',
    );
    const openFiles = () => readdirSync('/proc/self/fd').length;
    const before = openFiles();
    const { container, source } = await open('many.alias.vhd', withLimits({ cacheSize: 20 * (BLOCK + 512) }));
    const reads: Promise<Uint8Array>[] = [];
    for (let index = 0; index < 300; index++) reads.push(container.disk.read(index * BLOCK, BLOCK));
    for (const [index, data] of (await Promise.all(reads)).entries()) expect(Buffer.compare(data, pattern(BLOCK, index))).toBe(0);
    expect(openFiles() - before).toBeLessThanOrEqual(22);
    await container.close?.();
    await source.close?.();
    expect(openFiles()).toBe(before);
  });

  it('and files form chains with each other', async () => {
    writeFolder('base', plan, 'gzip');
    const overlay = (salt: number) => new Map([[1000, { data: pattern(BLOCK, salt), present: (sector: number) => sector === salt }]]);
    const middle = makeVhd({ ...plan, type: 4, id: 'm', parent: { id: 'd', name: 'base.alias.vhd' }, blocks: overlay(5) });
    writeFileSync(join(root, 'middle.vhd'), middle.bytes);
    writeFolder('top', { ...plan, type: 4, id: 't', parent: { id: 'm', name: 'middle.vhd' }, blocks: overlay(6) }, 'brotli');
    const { container, source } = await open('top.alias.vhd');
    const truth = expected();
    for (const salt of [5, 6]) truth.set(pattern(BLOCK, salt).subarray(salt * 512, salt * 512 + 512), 1000 * BLOCK + salt * 512);
    expect(Buffer.compare(await container.disk.read(0, SIZE), truth)).toBe(0);
    expect(container.description).toContain('2 parents');
    await container.close?.();
    await source.close?.();
  });

  it('opened by its own name finds its parent among the folders beside it by the UUID', async () => {
    writeFolder('root', { ...plan, id: 'R' }, 'gzip');
    writeFolder('twig', { ...plan, type: 4, id: 'T', parent: { id: 'R', name: 'root.alias.vhd' }, blocks: new Map() }, 'none');
    const { container, source } = await open('data/twig.vhd');
    expect(Buffer.compare(await container.disk.read(0, SIZE), expected())).toBe(0);
    await container.close?.();
    await source.close?.();
  });

  const damages: [string, (folder: string) => void, string][] = [
    ['a block file is missing', (folder) => rmSync(join(folder, 'blocks/1/0')), 'vhd.folder-block'],
    ['a block file is too short', (folder) => writeFileSync(join(folder, 'blocks/1/0'), new Uint8Array(100)), 'vhd.folder-file-size'],
  ];

  it.each(damages)('where %s is an error there, and the rest is read', async (what, harm, code) => {
    const name = `hurt-${what.length}`;
    harm(writeFolder(name, plan, 'none'));
    const { container, source, options } = await open(`${name}.alias.vhd`);
    await expect(container.disk.read(1000 * BLOCK, 512)).rejects.toMatchObject({ code });
    expect(Buffer.compare(await container.disk.read(2099 * BLOCK, BLOCK), pattern(BLOCK, 4))).toBe(0);
    const report = await checkVhd(new BlockCache(source), options, { now: 2e9, volume: false, data: false, chain: false });
    expect(report.findings.filter(({ severity }) => severity === 'error').map((finding) => finding.code)).toEqual(['folder.block']);
    await container.close?.();
    await source.close?.();
  });

  it.each([
    ['footer', 'vhd.footer-checksum'],
    ['header', 'vhd.header-cookie'],
    ['bat', 'vhd.folder-file-size'],
  ])('whose file %s is wrong is refused', async (file, code) => {
    const folder = writeFolder(`no-${file}`, plan, 'none');
    writeFileSync(join(folder, file), new Uint8Array(file === 'footer' ? 512 : file === 'header' ? 1024 : 3));
    await expect(open(`no-${file}.alias.vhd`)).rejects.toMatchObject({ code });
  });

  it('with compressed files that unpack to more than they should is refused', async () => {
    const folder = writeFolder('bomb', plan, 'gzip');
    writeFileSync(join(folder, 'footer'), gzipSync(new Uint8Array(1 << 20)));
    await expect(open('bomb.alias.vhd')).rejects.toMatchObject({ kind: 'limit' });
  });

  it.each([
    ['["rot13"]', 'vhd.folder-filter'],
    ['{', 'vhd.folder-filters'],
    ['["constructor"]', 'vhd.folder-filter'],
  ])('with the filters %s is refused', async (json, code) => {
    const name = `filter-${json.length}`;
    writeFileSync(join(writeFolder(name, plan, 'none'), 'chunk-filters.json'), json);
    await expect(open(`${name}.alias.vhd`)).rejects.toMatchObject({ code });
  });
});

describe('an alias', () => {
  it.each([
    ['names nothing', '', 'vhd.alias'],
    ['names another alias', 'x.alias.vhd', 'vhd.alias'],
    ['names what is not there', 'data/gone.vhd', 'vhd.alias-target'],
    ['leads outside its directory', '../../../../../../../etc/passwd', 'source.outside-directory'],
    ['is too long', 'x'.repeat(2000), 'limit.aliasSize'],
  ])('that %s is refused', async (what, text, code) => {
    const name = `alias-${what.length}.alias.vhd`;
    writeFileSync(join(root, name), text);
    await expect(open(name)).rejects.toMatchObject({ code });
  });

  it('may lead to a VHD file', async () => {
    mkdirSync(join(root, 'files'), { recursive: true });
    writeFileSync(join(root, 'files/x.vhd'), makeVhd(plan).bytes);
    writeFileSync(join(root, 'to-file.alias.vhd'), ' files/x.vhd \n');
    const { container } = await open('to-file.alias.vhd');
    expect(Buffer.compare(await container.disk.read(0, SIZE), expected())).toBe(0);
    await container.close?.();
  });
});
