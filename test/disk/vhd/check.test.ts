import { describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../../src/codec/node-codecs.js';
import { type CheckOptions, checkVhd, FINDING_KINDS, type Finding } from '../../../src/disk/vhd/index.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { openImage } from '../../../src/open-disk.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { MemorySource } from '../../../src/source/memory.js';
import { NO_NEIGHBOURS } from '../../../src/source/neighbours.js';
import { peerData, skip } from '../../support/requirements.js';
import { makeFooter, makeVhd, pattern, type VhdPlan } from './encoder.js';
import { matrixFolder, matrixRows } from './matrix.js';
import { containerOptions, type MemoryOptions } from './memory.js';

/** The images of the matrix were made in November 2026. */
const NOW = Date.UTC(2027, 0, 1) / 1000;
const QUICK: CheckOptions = { now: NOW, volume: false, data: false, chain: false };

function codes(findings: readonly Finding[], ...severities: string[]): string[] {
  return [...new Set(findings.filter(({ severity }) => severities.includes(severity)).map(({ code }) => code))].sort();
}

async function checkMatrix(file: string, how: Partial<CheckOptions> = {}) {
  const path = `${matrixFolder()}/${file}`;
  const { source, neighbours, folder } = await openImage(path);
  const options = { limits: DEFAULT_LIMITS, neighbours: neighbours ?? NO_NEIGHBOURS, path, allowRawParent: true, force: false };
  const report = await checkVhd(new BlockCache(source), { ...options, ...(folder === undefined ? {} : { folder }) }, { ...QUICK, ...how });
  await source.close?.();
  return {
    ...report,
    errors: codes(report.findings, 'error'),
    warnings: codes(report.findings, 'warning'),
    notes: codes(report.findings, 'note'),
  };
}

/** Errors and warnings of each image of the matrix, by the list of the specification of check. */
const EXPECTED: Readonly<Record<string, readonly [errors: readonly string[], warnings: readonly string[]]>> = {
  'matrix/chain/l0.vhd': [[], []],
  'matrix/chain/l1.vhd': [[], []],
  'matrix/chain/l2.vhd': [[], []],
  'matrix/chain/l2-grown.vhd': [[], []],
  'matrix/chain/l3-empty.vhd': [[], []],
  'matrix/d-511-fixed.vhd': [[], ['footer.short']],
  'matrix/d-511.vhd': [[], ['footer.short']],
  'matrix/d-backuponly.vhd': [['footer.place'], []],
  'matrix/d-badsum.vhd': [['footer.checksum'], ['footer.original-size']],
  'matrix/d-killed.vhd': [['footer.place'], []],
  'matrix/d-moved-fixed.vhd': [['footer.place'], []],
  'matrix/d-moved.vhd': [['footer.place'], []],
  'matrix/d-nobackup.vhd': [['footer.copy'], []],
  'matrix/d-poison.vhd': [['footer.poisoned'], []],
  'matrix/d-stale.vhd': [['footer.place'], []],
  'matrix/d-trunc4k.vhd': [['footer.place'], ['block.truncated-unused']],
  'matrix/d-trunc512.vhd': [['footer.place'], []],
  'matrix/d-trunchalf.vhd': [['bat.past-end', 'block.truncated', 'footer.place'], ['file.size']],
  'matrix/q-dynamic-chs.vhd': [[], ['block.align']],
  'matrix/q-dynamic.vhd': [[], ['block.align', 'footer.geometry']],
  'matrix/q-fixed-chs.vhd': [[], []],
  'matrix/q-fixed.vhd': [[], ['footer.geometry']],
  'matrix/v-dyn.vhd': [[], []],
  'matrix/v-dyn-2t.vhd': [[], []],
  'matrix/v-fixed.vhd': [[], []],
  'matrix/v-full.vhd': [[], []],
  'matrix/v-rawparent.vhd': [[], []],
  'odd/bs512k.vhd': [[], ['block.align', 'header.block-size']],
  'odd/bs16m.vhd': [[], ['block.align', 'header.block-size']],
  'odd/doff.vhd': [[], ['block.align', 'header.place']],
  'odd/junk.vhd': [[], ['block.align']],
  'odd/kid-macx.vhd': [['locator.names'], ['block.align', 'locator.names']],
  'odd/kid-w2ku.vhd': [['locator.names'], ['block.align', 'locator.names']],
  'odd/kid-w2ru.vhd': [[], ['block.align', 'locator.names']],
  'odd/nbat.vhd': [[], []],
  'xo/none.alias.vhd': [[], []],
  'xo/br.alias.vhd': [[], []],
};

describe.skipIf(skip('vhd check on the matrix', peerData()))('vhd check on the matrix', () => {
  provideNodeCodecs();

  it.each(Object.entries(EXPECTED))('finds in %s what is wrong with it and nothing else', async (file, [errors, warnings]) => {
    const report = await checkMatrix(file);
    expect(report.errors).toEqual(errors);
    expect(report.warnings).toEqual(warnings);
    expect(report.verdict).toBe(errors.length > 0 ? 'damaged' : warnings.length > 0 ? 'findings' : 'clean');
  });

  it('answers on every image of the matrix', async () => {
    for (const row of matrixRows('vhd-', 'xo')) {
      const report = await checkMatrix(row.file, { data: true, chain: true });
      if (row.expect !== 'read') expect(report.verdict).toBe('damaged');
      for (const finding of report.findings) expect(FINDING_KINDS.has(finding.code)).toBe(true);
    }
  });

  it('finds data under clear bits when it is asked to look', async () => {
    expect((await checkMatrix('odd/junk.vhd', { data: true })).warnings).toContain('block.hidden-data');
    expect((await checkMatrix('matrix/v-dyn.vhd', { data: true })).warnings).toEqual([]);
  });

  it('tells how far a disk can grow, unless there is room for 2 TiB', async () => {
    const { findings } = await checkMatrix('matrix/v-dyn.vhd');
    expect(findings).toMatchObject([{ code: 'bat.reserve', severity: 'note', message: expect.stringContaining('268435456 bytes') }]);
    expect((await checkMatrix('matrix/v-dyn-2t.vhd')).notes).toEqual([]);
    expect((await checkMatrix('matrix/v-dyn.vhd', { volume: true })).warnings).toContain('bat.reserve');
  });

  it('judges a volume by the sizes that the storage manager makes', async () => {
    const { findings } = await checkMatrix('matrix/d-moved.vhd', { volume: true });
    const sizes = findings.filter(({ code }) => code === 'lv.size');
    expect(sizes).toMatchObject([{ severity: 'note', message: 'the volume has 12582912 bytes; fully provisioned it would have 25165824' }]);
    const odd = await checkMatrix('matrix/v-dyn-2t.vhd', { volume: true });
    expect(odd.warnings).toEqual(['lv.size']);
  });

  it('checks the parents as well when it is asked to', async () => {
    expect((await checkMatrix('matrix/chain/l2.vhd', { chain: true })).checked).toHaveLength(3);
    expect((await checkMatrix('matrix/chain/l2.vhd')).checked).toHaveLength(1);
  });
});

const BLOCK = 2 * 1024 * 1024;
const plain: VhdPlan = { type: 3, size: 2 * BLOCK, id: 'a', blockSize: BLOCK, blocks: new Map([[0, { data: pattern(BLOCK) }]]) };
const childOf = (parent: VhdPlan['parent']): VhdPlan => ({ ...plain, type: 4, id: 'b', ...(parent === undefined ? {} : { parent }) });
const XEN = (name: string) =>
  [
    ['MacX', `file://./${name}`],
    ['W2ku', `.\\${name}`],
    ['W2ru', `.\\${name}`],
  ] as const;

async function checkBytes(bytes: Uint8Array, options: MemoryOptions = {}, how: Partial<CheckOptions> = {}) {
  const report = await checkVhd(new BlockCache(new MemorySource(bytes)), containerOptions(options), { ...QUICK, ...how });
  return { ...report, errors: codes(report.findings, 'error'), warnings: codes(report.findings, 'warning') };
}

describe('vhd check', () => {
  it.each([
    ['unknown feature bits', { features: 6 }, 'footer.features'],
    ['no feature bit', { features: 0 }, 'footer.features'],
    ['a creation time in the future', { timestamp: 0xffff_0000 }, 'footer.timestamp'],
    ['a later blktap', { creatorApplication: 'tap\0', creatorVersion: 0x10004 }, 'footer.creator'],
    ['a geometry that is too large', { cylinders: 65535 }, 'footer.geometry'],
    ['a suspended VM', { savedState: 1 }, 'footer.saved-state'],
    ['a hidden flag of 2', { hidden: 2 }, 'footer.hidden'],
    ['reserved bytes', { reserved: new Uint8Array(426).fill(1, 0, 1) }, 'footer.reserved'],
    ['a null UUID', { uniqueId: new Uint8Array(16) }, 'footer.uuid'],
    ['an original size above the current one', { originalSize: 1 << 30 }, 'footer.original-size'],
    ['a minor version', { fileFormatVersion: 0x10001 }, 'footer.version'],
  ])('warns of %s in the footer', async (_what, footer, code) => {
    const { errors, warnings } = await checkBytes(makeVhd({ ...plain, footer }).bytes);
    expect(errors).toEqual([]);
    expect(warnings).toContain(code);
  });

  it.each([
    ['a further header', { dataOffset: 4096 }, 'header.data-offset'],
    ['reserved bytes', { reserved2: new Uint8Array(256).fill(1, 9, 10) }, 'header.reserved'],
    ["a parent's UUID on a disk without parent", { parentUniqueId: new Uint8Array(16).fill(1) }, 'header.parent-fields'],
  ])('warns of %s in the header', async (_what, header, code) => {
    const { errors, warnings } = await checkBytes(makeVhd({ ...plain, header }).bytes);
    expect(errors).toEqual([]);
    expect(warnings).toContain(code);
  });

  it.each([
    ['into the header', 1, 'bat.metadata'],
    ['past the end', 1 << 24, 'bat.past-end'],
    ['into another block', 10, 'bat.overlap'],
  ])('finds a BAT entry that points %s', async (_what, entry, code) => {
    expect((await checkBytes(makeVhd({ ...plain, entries: new Map([[1, entry]]) }).bytes)).errors).toContain(code);
  });

  it('finds a BAT that is too small', async () => {
    expect((await checkBytes(makeVhd({ ...plain, maxTableEntries: 1 }).bytes)).errors).toEqual(['bat.entries']);
  });

  it('finds a header whose checksum is wrong, and goes on with the rest', async () => {
    const made = makeVhd({ ...plain, header: { checksum: 5 }, footer: { hidden: 7 } });
    const { errors, warnings } = await checkBytes(made.bytes);
    expect(errors).toEqual(['header.checksum']);
    expect(warnings).toContain('footer.hidden');
  });

  it.each([
    ['a version that is not read', { fileFormatVersion: 0x20000 }, 'footer.version'],
    ['a deprecated type', { diskType: 6 }, 'footer.type'],
    ['an impossible size', { currentSize: null }, 'footer.size'],
  ])('calls a disk with %s damaged', async (_what, footer, code) => {
    const { verdict, errors } = await checkBytes(makeVhd({ ...plain, footer }).bytes);
    expect(verdict).toBe('damaged');
    expect(errors).toEqual([code]);
  });

  it('throws where there is no VHD at all', async () => {
    await expect(checkBytes(new Uint8Array(5000))).rejects.toMatchObject({ code: 'vhd.no-footer' });
  });

  it('names the command that mends the disk, with its path as a word of a shell', async () => {
    const made = makeVhd(plain);
    made.bytes.fill(0, 0, 512);
    const { findings } = await checkBytes(made.bytes, { path: "it's.vhd" });
    expect(findings.find(({ code }) => code === 'footer.copy')?.remedy).toBe("tygrub vhd repair 'it'\\''s.vhd' --write");
  });

  it('is content with a parent that is named as blktap names it', async () => {
    const files = { 'p.vhd': makeVhd({ ...plain, id: 'p' }).bytes };
    const bytes = makeVhd(childOf({ id: 'p', name: 'p.vhd', locators: XEN('p.vhd') })).bytes;
    const { findings } = await checkBytes(bytes, { files });
    expect(findings.filter(({ code }) => /^(locator|parent)/.test(code))).toEqual([]);
  });

  it.each([
    ['is missing', {}, 'parent.missing'],
    ['has another UUID', { 'p.vhd': makeVhd({ ...plain, id: 'x' }).bytes }, 'parent.uuid'],
    [
      'leads back to the disk',
      { 'p.vhd': makeVhd({ ...childOf({ id: 'b', name: 'leaf.vhd' }), id: 'p' }).bytes, 'leaf.vhd': makeVhd(childOf({ id: 'p' })).bytes },
      'parent.cycle',
    ],
  ])('finds a parent that %s', async (_what, files, code) => {
    const bytes = makeVhd(childOf({ id: 'p', name: 'p.vhd', locators: XEN('p.vhd') })).bytes;
    expect((await checkBytes(bytes, { files: files as Record<string, Uint8Array> })).errors).toContain(code);
  });

  it('on a volume expects the names of logical volumes', async () => {
    const name = 'VG_XenStorage--1--2-VHD--3--4';
    const files = { [name]: makeVhd({ ...plain, id: 'p' }).bytes, 'p.vhd': makeVhd({ ...plain, id: 'p' }).bytes };
    const names = async (file: string) => {
      const bytes = makeVhd(childOf({ id: 'p', name: file, locators: XEN(file) })).bytes;
      return (await checkBytes(bytes, { files }, { volume: true })).findings.filter(({ code }) => code === 'locator.names');
    };
    expect(await names(name)).toEqual([]);
    expect(await names('p.vhd')).toHaveLength(3);
  });

  it('finds locators that cannot be right', async () => {
    const locators = [
      ['MacX', 'file://./p.vhd'],
      ['MacX', 'file://./p.vhd'],
      ['Zzzz', 'x'],
    ] as const;
    const { warnings, findings } = await checkBytes(makeVhd(childOf({ id: 'p', name: '', locators })).bytes);
    expect(warnings).toContain('locator.damaged');
    expect(findings.filter(({ code }) => code === 'locator.damaged').map(({ message }) => message)).toEqual([
      'there are two locators MacX',
      'the locator 2 has an unknown platform code',
      'the header gives no name of the parent',
    ]);
  });

  it('finds a volume that is too small for its content', async () => {
    const made = makeVhd(plain);
    const cut = made.bytes.slice(0, made.bytes.length - 512);
    cut.set(makeFooter(plain), cut.length - 512);
    const { findings } = await checkBytes(cut, {}, { volume: true });
    expect(findings.find(({ code, severity }) => code === 'lv.size' && severity === 'error')).toBeDefined();
  });
});
