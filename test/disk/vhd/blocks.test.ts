import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countPresent, equalBits, isFull, isPresent } from '../../../src/disk/vhd/block-bitmap.js';
import { leafRuns } from '../../../src/source/runs.js';
import { seed } from '../../support/mutation.js';
import { skip, tool } from '../../support/requirements.js';
import { type BlockPlan, makeVhd, pattern, UNUSED } from './encoder.js';
import { openBytes } from './memory.js';

const BLOCK = 4096;
const SIZE = 8 * BLOCK;
const blocks = (...indexes: number[]) => new Map(indexes.map((index) => [index, { data: pattern(BLOCK, index) }]));

/** The disk that blocks describe, with zeros where a bit is clear. */
function expected(size: number, blockSize: number, plan: ReadonlyMap<number, BlockPlan>): Uint8Array {
  const out = new Uint8Array(size);
  for (const [index, { data, present }] of plan) {
    for (let sector = 0; sector < blockSize / 512; sector++) {
      const at = index * blockSize + sector * 512;
      if ((present?.(sector) ?? true) && at < size) out.set(data.subarray(sector * 512, sector * 512 + Math.min(512, size - at)), at);
    }
  }
  return out;
}

/** As `toEqual`, which is slow for large arrays. */
function same(got: Uint8Array, wanted: Uint8Array): void {
  expect(Buffer.compare(got, wanted)).toBe(0);
}

describe('blocks', () => {
  it('are read with zeros between them, in whatever order they stand in the file', async () => {
    const plan = blocks(6, 0, 3);
    const { disk } = await openBytes(makeVhd({ type: 3, size: SIZE, id: 'a', blocks: plan }).bytes);
    expect(await disk.read(0, SIZE)).toEqual(expected(SIZE, BLOCK, plan));
  });

  it('give zeros where a bit is clear, although the file holds something else there', async () => {
    const plan = new Map([[2, { data: pattern(BLOCK), present: (sector: number) => sector === 3 || sector === 4 }]]);
    const { disk } = await openBytes(makeVhd({ type: 3, size: SIZE, id: 'a', blocks: plan }).bytes);
    expect(await disk.read(0, SIZE)).toEqual(expected(SIZE, BLOCK, plan));
  });

  it('of any size, with headers and tables anywhere, give the same disk as a plain model', async () => {
    const arbitrary = fc.record({
      blockSize: fc.constantFrom(512, 1024, 4096, 65536),
      count: fc.integer({ min: 1, max: 12 }),
      cut: fc.integer({ min: 0, max: 1 }),
      used: fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { maxLength: 12 }),
      density: fc.integer({ min: 0, max: 7 }),
      headerOffset: fc.constantFrom(512, 1024, 4096),
      extra: fc.constantFrom(0, 100, 1000),
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      to: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ blockSize, count, cut, used, density, headerOffset, extra, from, to }) => {
        const size = Math.max(512, count * blockSize - cut * Math.min(blockSize / 2, 512 * Math.floor(blockSize / 1024)));
        const plan = new Map<number, BlockPlan>();
        for (const index of used) {
          if (index >= count) continue;
          const present = (sector: number) => density === 7 || ((sector * 2654435761 + index) >>> 7) % 7 < density;
          plan.set(index, { data: pattern(blockSize, index), present });
        }
        const made = makeVhd({ type: 3, size, id: 'a', blockSize, blocks: plan, headerOffset, maxTableEntries: count + extra });
        const { disk, warnings } = await openBytes(made.bytes);
        expect(warnings).toEqual([]);
        const truth = expected(size, blockSize, plan);
        same(await disk.read(0, size), truth);
        const start = Math.floor(Math.min(from, to) * size);
        const end = Math.ceil(Math.max(from, to) * size);
        same(await disk.read(start, end - start), truth.subarray(start, end));
        let at = start;
        for await (const run of leafRuns(disk, start, end - start, 1 << 30)) {
          const got = run.source === null ? new Uint8Array(run.length) : await run.source.read(run.offset, run.length);
          same(got, truth.subarray(at, at + run.length));
          at += run.length;
        }
        expect(at).toBe(end);
      }),
      { seed: seed(), numRuns: 150 },
    );
  });

  it('are given in runs as long as the bits are equal', async () => {
    const plan = new Map<number, BlockPlan>([
      [0, { data: pattern(65536) }],
      [1, { data: pattern(65536, 1), present: (sector) => sector >= 100 }],
    ]);
    const { disk } = await openBytes(makeVhd({ type: 3, size: 8 * 65536, id: 'a', blockSize: 65536, blocks: plan }).bytes);
    const lengths: number[] = [];
    for await (const run of leafRuns(disk, 0, disk.size, 1 << 30)) lengths.push(run.length);
    expect(lengths).toEqual([65536, 100 * 512, 28 * 512, 6 * 65536]);
  });
});

describe('a damaged BAT', () => {
  const good = blocks(0, 1, 2, 3);
  const truth = expected(SIZE, BLOCK, good);
  const plain = makeVhd({ type: 3, size: SIZE, id: 'a', blocks: good });
  const sectorOf = (block: number) => (plain.blockOffsets.get(block) ?? 0) / 512;

  it.each([
    ['into the copy of the footer', 0, 'vhd.block-in-metadata'],
    ['into the header', 2, 'vhd.block-in-metadata'],
    ['into the BAT itself', 3, 'vhd.block-in-metadata'],
    ['so that the block runs into the header from before', 1, 'vhd.block-in-metadata'],
    ['past the end', 1 << 20, 'vhd.block-past-end'],
    ['as far as it can', UNUSED - 1, 'vhd.block-past-end'],
    ['at another block', sectorOf(2), 'vhd.block-overlap'],
  ])('that points %s is an error for that block, and the others are read', async (_what, entry, code) => {
    const { disk } = await openBytes(makeVhd({ type: 3, size: SIZE, id: 'a', blocks: good, entries: new Map([[1, entry]]) }).bytes);
    await expect(disk.read(BLOCK, 512)).rejects.toMatchObject({ code, kind: 'corrupt', offset: plain.tableOffset + 4 });
    expect(await disk.read(0, BLOCK)).toEqual(truth.subarray(0, BLOCK));
    expect(await disk.read(3 * BLOCK, 5 * BLOCK)).toEqual(truth.subarray(3 * BLOCK));
  });

  it('with a block across two others is an error for the three', async () => {
    const { bytes } = makeVhd({ type: 3, size: SIZE, id: 'a', blocks: good, entries: new Map([[1, sectorOf(2) + 3]]) });
    const { disk } = await openBytes(bytes);
    for (const block of [1, 2, 3]) await expect(disk.read(block * BLOCK, 512)).rejects.toMatchObject({ code: 'vhd.block-overlap' });
    expect(await disk.read(0, BLOCK)).toEqual(truth.subarray(0, BLOCK));
  });

  it('with two equal entries is an error for both blocks, in whatever order they are read', async () => {
    const { bytes } = makeVhd({ type: 3, size: SIZE, id: 'a', blocks: good, entries: new Map([[1, sectorOf(2)]]) });
    for (const order of [
      [1, 2],
      [2, 1],
    ]) {
      const { disk } = await openBytes(bytes);
      for (const block of order) await expect(disk.read(block * BLOCK, 512)).rejects.toMatchObject({ code: 'vhd.block-overlap' });
    }
  });

  it('that is too small for the disk is an error where it ends', async () => {
    const made = makeVhd({ type: 3, size: SIZE, id: 'a', blocks: good, maxTableEntries: 4 });
    const { disk, warnings } = await openBytes(made.bytes);
    expect(warnings.map((warning) => warning.code)).toEqual(['vhd.bat-small']);
    expect(await disk.read(0, 4 * BLOCK)).toEqual(truth.subarray(0, 4 * BLOCK));
    await expect(disk.read(4 * BLOCK, 1)).rejects.toMatchObject({ code: 'vhd.bat-small' });
  });

  it('with more entries than the file has room for is read as far as the disk needs it', async () => {
    const { bytes } = makeVhd({ type: 3, size: SIZE, id: 'a', blocks: good, header: { maxTableEntries: 0xffff_ffff } });
    const { disk } = await openBytes(bytes);
    expect(await disk.read(0, SIZE)).toEqual(truth);
  });

  it('in a file that was cut is an error only for sectors that were written and are gone', async () => {
    const plan = new Map<number, BlockPlan>([[0, { data: pattern(BLOCK), present: (sector) => sector < 4 || sector === 6 }]]);
    const made = makeVhd({ type: 3, size: SIZE, id: 'a', blocks: plan });
    const cut = made.bytes.subarray(0, made.footerOffset - 1024);
    const { disk } = await openBytes(cut);
    expect(await disk.read(0, 3072)).toEqual(expected(SIZE, BLOCK, plan).subarray(0, 3072));
    await expect(disk.read(3072, 512)).rejects.toMatchObject({ code: 'vhd.block-truncated' });
    expect(await disk.read(3584, 512)).toEqual(new Uint8Array(512));
    expect(await disk.read(BLOCK, SIZE - BLOCK)).toEqual(new Uint8Array(SIZE - BLOCK));
  });
});

describe('block bitmaps', () => {
  it('count from the highest bit, as a plain loop over bits does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(319), fc.nat(319), (bitmap, a, b) => {
        const sectors = bitmap.length * 8;
        const bits = Array.from({ length: sectors }, (_, i) => (((bitmap[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1);
        const from = Math.min(a, b) % sectors;
        const end = from + 1 + (Math.max(a, b) % (sectors - from));
        let run = 1;
        while (from + run < end && bits[from + run] === bits[from]) run++;
        expect(isPresent(bitmap, from)).toBe(bits[from]);
        expect(equalBits(bitmap, from, end)).toBe(run);
        expect(isFull(bitmap, end)).toBe(bits.slice(0, end).every(Boolean));
        expect(countPresent(bitmap, end)).toBe(bits.slice(0, end).filter(Boolean).length);
      }),
      { seed: seed(), numRuns: 2000 },
    );
  });
});

describe.skipIf(skip('our VHDs read by qemu-img', tool('qemu-img', 'apt-get install qemu-utils')))('our VHDs', () => {
  it('are read by qemu-img as we read them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tygrub-vhd-'));
    try {
      for (const blockSize of [4096, 512 * 1024, 2 * 1024 * 1024]) {
        const size = 4 * blockSize;
        const plan = new Map([2, 0].map((index) => [index, { data: pattern(blockSize, index) }]));
        const { bytes } = makeVhd({ type: 3, size, id: 'q', blockSize, blocks: plan });
        writeFileSync(join(folder, 'a.vhd'), bytes);
        const run = spawnSync('qemu-img', ['convert', '-f', 'vpc', '-O', 'raw', join(folder, 'a.vhd'), join(folder, 'a.raw')]);
        expect(run.stderr.toString()).toBe('');
        const { disk } = await openBytes(bytes);
        expect(Buffer.compare(await disk.read(0, size), readFileSync(join(folder, 'a.raw')))).toBe(0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
