import { describe, expect, it } from 'vitest';
import type { Layout } from '../../../src/bytes/layout.js';
import { openContainer } from '../../../src/disk/index.js';
import { structureChecksum } from '../../../src/disk/vhd/checksum.js';
import { checkVhd, mapVhd, vhdInfo } from '../../../src/disk/vhd/index.js';
import { DYNAMIC_HEADER, FOOTER } from '../../../src/disk/vhd/layout.js';
import { TygrubError } from '../../../src/errors.js';
import { withLimits } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { CountingSource } from '../../../src/source/counting.js';
import { MemorySource } from '../../../src/source/memory.js';
import { damage, mutations, Random, seed } from '../../support/mutation.js';
import { type BlockPlan, type MadeVhd, makeVhd, pattern } from './encoder.js';
import { containerOptions } from './memory.js';

const BLOCK = 4096;
const SIZE = 8 * BLOCK;
const part = (salt: number): BlockPlan => ({ data: pattern(BLOCK, salt), present: (sector) => (sector + salt) % 3 !== 0 });
const XEN = (name: string) =>
  [
    ['MacX', `file://./${name}`],
    ['W2ku', `.\\${name}`],
    ['W2ru', `.\\${name}`],
  ] as const;

const images = {
  fixed: makeVhd({ type: 2, size: SIZE, id: 'f', data: pattern(SIZE) }),
  dynamic: makeVhd({ type: 3, size: SIZE, id: 'a', blocks: new Map([5, 0, 3].map((index) => [index, part(index)])) }),
  middle: makeVhd({
    type: 4,
    size: SIZE,
    id: 'm',
    parent: { id: 'a', name: 'dynamic.vhd', locators: XEN('dynamic.vhd') },
    blocks: new Map([[1, part(1)]]),
  }),
  leaf: makeVhd({
    type: 4,
    size: SIZE + BLOCK,
    id: 'l',
    parent: { id: 'm', name: 'middle.vhd', locators: XEN('middle.vhd') },
    blocks: new Map([[2, part(2)]]),
  }),
};
type Name = keyof typeof images;
const names = Object.keys(images) as Name[];

/** Bounds that a small image must stay within whatever its fields claim. */
const LIMITS = withLimits({ tableEntries: 100_000 });
/** Reading the disk, describing it, checking it and drawing it: each file is read a few times as a whole at most. */
const READ_AT_MOST = 4 * 1024 * 1024;
/** A disk may claim 2040 GiB: what is read of it here. */
const SAMPLE = 64 * 1024;

async function exercise(
  leaf: Name,
  files: Readonly<Record<string, Uint8Array>>,
  step: number,
): Promise<{ answers: number; bytesRead: number }> {
  const counting = new CountingSource(new MemorySource(files[`${leaf}.vhd`] ?? new Uint8Array(0)));
  const options = {
    ...containerOptions({ files, path: `${leaf}.vhd`, allowRawParent: step % 2 === 0, force: step % 3 === 0 }),
    limits: LIMITS,
  };
  const source = () => new BlockCache(counting);
  let answers = 0;
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      answers++;
    } catch (error) {
      if (!(error instanceof TygrubError)) throw error;
    }
  };
  await attempt(async () => {
    const { disk } = await openContainer(source(), options);
    for (let at = 0; at < Math.min(disk.size, SAMPLE); at += BLOCK) {
      await attempt(() => disk.read(at, Math.min(BLOCK, disk.size - at)));
    }
    await attempt(() => disk.read(Math.max(0, disk.size - 512), Math.min(512, disk.size)));
  });
  if (step % 4 === 1) await attempt(() => vhdInfo(source(), options));
  if (step % 2 === 0)
    await attempt(() => checkVhd(source(), options, { now: 1_800_000_000, volume: step % 5 === 0, data: true, chain: true }));
  if (step % 4 === 3) await attempt(() => mapVhd(source(), { ...options, limits: LIMITS }, 16));
  return { answers, bytesRead: counting.bytesRead };
}

function sumAgain(bytes: Uint8Array, { footerOffset, headerOffset, blockOffsets }: MadeVhd): void {
  const sum = (at: number, table: Layout<{ checksum: number }>) =>
    table.encode(bytes, { checksum: structureChecksum(table, bytes.subarray(at, at + table.size)) }, at);
  sum(footerOffset, FOOTER);
  if (blockOffsets.size === 0) return;
  sum(0, FOOTER);
  sum(headerOffset, DYNAMIC_HEADER);
}

describe('damaged VHDs', () => {
  it('are read, described and checked with answers or errors of ours, and with bounded reading', async () => {
    const random = new Random(seed());
    const files: Record<string, Uint8Array> = {};
    for (const name of names) files[`${name}.vhd`] = images[name].bytes.slice();
    let answers = 0;
    const rounds = mutations(20_000);
    for (let round = 0; round < rounds; round++) {
      const damaged = random.pick(names);
      const { footerOffset, headerOffset, tableOffset, blockOffsets } = images[damaged];
      const bytes = files[`${damaged}.vhd`] ?? new Uint8Array(0);
      const regions =
        damaged === 'fixed'
          ? [{ start: footerOffset, length: 512 }]
          : [
              { start: 0, length: 96 },
              { start: footerOffset, length: 96 },
              { start: headerOffset, length: 64 },
              { start: headerOffset, length: 768 },
              { start: tableOffset, length: 64 },
              ...[...blockOffsets.values()].map((start) => ({ start, length: 8 })),
            ];
      const change = damage(bytes, random, regions);
      // Half of the time with right checksums, so that what stands behind them is tried as well.
      if (round % 2 === 0) sumAgain(bytes, images[damaged]);
      const leaf = damaged === 'fixed' ? 'fixed' : random.pick(['dynamic', 'middle', 'leaf', 'leaf'] as const);
      try {
        const result = await exercise(leaf, files, round);
        answers += result.answers;
        expect(result.bytesRead).toBeLessThanOrEqual(READ_AT_MOST);
      } catch (error) {
        throw new Error(`TYGRUB_SEED=${seed()} round ${round}: ${damaged}.vhd with ${change.description}, read as ${leaf}.vhd`, {
          cause: error,
        });
      } finally {
        bytes.set(images[damaged].bytes);
      }
    }
    expect(answers).toBeGreaterThan(rounds);
  });
});
