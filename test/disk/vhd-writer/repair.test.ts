import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkVhd } from '../../../src/disk/vhd/index.js';
import { DiskType, FOOTER } from '../../../src/disk/vhd/layout.js';
import { planRepair, type RepairPlan } from '../../../src/disk/vhd-writer/index.js';
import type { TygrubError } from '../../../src/errors.js';
import { applyRepair, replacedParts } from '../../../src/extract/vhd-repair.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { MemorySource } from '../../../src/source/memory.js';
import { sha256 } from '../../support/manifest.js';
import { peerData, skip } from '../../support/requirements.js';
import { type BlockPlan, makeFooter, makeVhd, pattern, type VhdPlan } from '../vhd/encoder.js';
import { matrixFolder, matrixRows } from '../vhd/matrix.js';
import { containerOptions, openBytes } from '../vhd/memory.js';
import { Crash, MemoryImage } from './memory-image.js';

const BLOCK = 4096;
const SIZE = 4 * BLOCK;

interface Wish {
  readonly fixedLength?: boolean;
  readonly size?: number;
}

const plan = (bytes: Uint8Array, wish: Wish = {}): Promise<RepairPlan> =>
  planRepair(new MemorySource(bytes), {
    limits: DEFAULT_LIMITS,
    path: 'leaf.vhd',
    fixedLength: wish.fixedLength ?? false,
    size: wish.size ?? null,
  });

async function refusal(bytes: Uint8Array, wish: Wish = {}): Promise<TygrubError> {
  return plan(bytes, wish).then(
    () => expect.unreachable(),
    (error) => error,
  );
}

/** Footer findings that a repair is there to mend. */
async function footerFindings(bytes: Uint8Array): Promise<string[]> {
  const options = { now: 2e9, volume: false, data: false, chain: false };
  const report = await checkVhd(new BlockCache(new MemorySource(bytes)), containerOptions({ path: 'leaf.vhd' }), options);
  return report.findings
    .map(({ code }) => code)
    .filter((code) => ['footer.place', 'footer.copy', 'footer.short', 'file.size'].includes(code));
}

type Reading = (bytes: Uint8Array) => Promise<string>;

/** Repairs with a crash after each write, whole or torn, and shows that the disk is readable and can be repaired again. */
async function surviveCrashes(original: Uint8Array, wish: Wish, reading: Reading, right: string): Promise<void> {
  const { steps } = await plan(original, wish);
  expect(steps.length).toBeGreaterThan(0);
  for (let writes = 1; writes <= steps.length; writes++) {
    for (const torn of [0, 1, 64, 300, 511, null]) {
      const image = new MemoryImage(original.slice(), { writes, torn });
      await expect(applyRepair(await plan(image.bytes, wish), image)).rejects.toThrow(Crash);
      const when = `after write ${writes}, ${torn ?? 'all'} bytes of it`;
      expect(await reading(image.bytes), when).toBe(right);
      const again = new MemoryImage(image.bytes);
      await applyRepair(await plan(again.bytes, wish), again);
      expect(await reading(again.bytes), `${when}, repaired again`).toBe(right);
      expect((await plan(again.bytes, wish)).steps, `${when}, repaired again`).toEqual([]);
      if (wish.size === undefined) expect(await footerFindings(again.bytes), when).toEqual([]);
    }
  }
}

const hash: Reading = async (bytes) => {
  const container = await openBytes(bytes);
  return sha256(container.disk);
};

describe.skipIf(skip('repairing the footers of the matrix', peerData()))('repairing the footers of the matrix', () => {
  const load = (file: string) => new Uint8Array(readFileSync(`${matrixFolder()}/${file}`));
  const rows = peerData() === null ? matrixRows('vhd-') : [];
  const V0 = '7886e157a04e4ef7fa2d9d09e0e66337987ac4865decf60bd05782d5134d50cf';

  it.each(['511', '511-fixed', 'backuponly', 'killed', 'moved', 'moved-fixed', 'nobackup', 'stale', 'trunc512', 'trunc4k'])(
    'd-%s survives a crash after every write and ends with its footers in place',
    async (name) => {
      const original = load(`matrix/d-${name}.vhd`);
      // In trunc4k only sectors whose bits are clear were cut off: its disk is whole, and is so again in the file.
      await surviveCrashes(original, {}, hash, V0);
    },
  );

  it.each(['moved', 'moved-fixed', 'stale', 'killed', 'backuponly'])('d-%s on a volume keeps its length', async (name) => {
    const original = load(`matrix/d-${name}.vhd`);
    const volume = new Uint8Array(Math.ceil(original.length / BLOCK + 100) * BLOCK);
    volume.set(original);
    volume.set(original.subarray(original.length - 512), volume.length - 512);
    if (name !== 'stale' && name !== 'killed') volume.fill(0, volume.length - 512);
    await surviveCrashes(volume, { fixedLength: true }, hash, V0);
  });

  it.each(rows.filter((row) => row.expect === 'read' && !/\/d-/.test(row.file)))(
    '$file needs no repair, and gets none',
    async ({ file }) => {
      expect((await plan(load(file))).steps).toEqual([]);
    },
  );

  it.each([
    ['d-poison', 'vhd.poisoned'],
    ['d-badsum', 'vhd.footer-checksum'],
    ['d-trunchalf', 'vhd.repair-bat'],
  ])('%s is refused', async (name, code) => {
    expect((await refusal(load(`matrix/${name}.vhd`))).code).toBe(code);
  });
});

const blocks = new Map<number, BlockPlan>([
  [0, { data: pattern(BLOCK) }],
  [2, { data: pattern(BLOCK, 2), present: (sector) => sector < 4 }],
]);
const dynamic: VhdPlan = { type: 3, size: SIZE, id: 'a', blocks };
const whole = makeVhd(dynamic);
const without = (from: number, to: number, made = whole) => made.bytes.slice().fill(0, from, to);
const grown = (bytes: Uint8Array, size: number) => {
  const out = new Uint8Array(size);
  out.set(bytes);
  return out;
};

describe('a repair', () => {
  it('writes the footer at the end before its copy, and flushes after each write', async () => {
    const image = new MemoryImage(grown(without(0, 512), 32 * 1024));
    const { steps } = await plan(image.bytes, { fixedLength: true });
    expect(steps.map((step) => step.kind === 'write' && step.offset)).toEqual([32 * 1024 - 512, 0]);
    await applyRepair(await plan(image.bytes, { fixedLength: true }), image);
    expect(image.writes).toBe(2);
    expect(image.unflushed).toBe(0);
  });

  it('changes nothing but the sectors that it names', async () => {
    const before = grown(whole.bytes, 64 * 1024);
    const image = new MemoryImage(before.slice());
    const planned = await plan(before);
    await applyRepair(planned, image);
    for (const { offset, length } of replacedParts(planned)) image.bytes.set(before.subarray(offset, offset + length), offset);
    expect(image.bytes).toEqual(before);
  });

  it('puts the footer where --size says: in a growing file, a shrinking file and a volume that will shrink', async () => {
    const right = await hash(whole.bytes);
    const larger = new MemoryImage(whole.bytes.slice());
    await surviveCrashes(whole.bytes, { size: 64 * 1024 }, hash, right);
    await applyRepair(await plan(larger.bytes, { size: 64 * 1024 }), larger);
    expect(larger.bytes.length).toBe(64 * 1024);
    expect(await footerFindings(larger.bytes)).toEqual([]);
    const wanted = whole.bytes.length + 512;
    await surviveCrashes(larger.bytes, { size: wanted }, hash, right);
    const volume = new MemoryImage(larger.bytes.slice());
    await applyRepair(await plan(volume.bytes, { size: wanted, fixedLength: true }), volume);
    expect(volume.bytes.length).toBe(64 * 1024);
    expect(await hash(volume.bytes.subarray(0, wanted))).toBe(right);
    expect(await footerFindings(volume.bytes.slice(0, wanted))).toEqual([]);
    expect(await hash(volume.bytes)).toBe(right);
  });

  it('removes what an earlier disk left in the last sector of a volume that will shrink', async () => {
    const volume = new MemoryImage(grown(whole.bytes, 64 * 1024));
    volume.bytes.set(makeFooter({ type: 2, size: 4096, id: 's' }), 64 * 1024 - 512);
    const wish = { size: 32 * 1024, fixedLength: true };
    await surviveCrashes(volume.bytes, wish, hash, await hash(whole.bytes));
    await applyRepair(await plan(volume.bytes, wish), volume);
    expect(volume.bytes.subarray(64 * 1024 - 512).every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    ['no multiple of 512', { size: 64 * 1024 + 1 }],
    ['too small for the data', { size: 4096 }],
    ['more than the volume has', { size: 64 * 1024, fixedLength: true }],
  ])('refuses a --size that is %s', async (_what, wish) => {
    expect(await refusal(whole.bytes, wish)).toMatchObject({ kind: 'usage', code: 'vhd.repair-size' });
  });

  it('refuses a volume whose last sector holds data', async () => {
    expect((await refusal(whole.bytes.slice(0, -512), { fixedLength: true })).code).toBe('vhd.repair-no-room');
  });

  it('refuses a file whose end was cut off with data of the disk', async () => {
    // The last block in the file is block 2, whose first four sectors are written.
    expect((await refusal(whole.bytes.slice(0, whole.footerOffset - 5 * 512))).code).toBe('vhd.repair-cut');
    expect((await refusal(makeVhd({ type: 2, size: SIZE, id: 'f', footer: { currentSize: SIZE + 512 } }).bytes)).code).toBe(
      'vhd.repair-cut',
    );
  });

  it('moves no footer while the BAT is damaged, but mends the copy from a footer that stands in its place', async () => {
    const damaged = makeVhd({ ...dynamic, entries: new Map([[1, 1]]) });
    expect((await refusal(grown(damaged.bytes, 64 * 1024))).code).toBe('vhd.repair-bat');
    const overlapping = makeVhd({ ...dynamic, entries: new Map([[1, (whole.blockOffsets.get(0) ?? 0) / 512 + 1]]) });
    expect((await refusal(grown(overlapping.bytes, 64 * 1024))).code).toBe('vhd.repair-bat');
    const { steps } = await plan(without(0, 512, damaged));
    expect(steps).toMatchObject([{ kind: 'write', offset: 0 }]);
  });

  it('refuses to choose between footers that disagree about hidden or about having a parent', async () => {
    const differ = (footer: NonNullable<VhdPlan['footer']>) => {
      const bytes = whole.bytes.slice();
      bytes.set(makeFooter({ ...dynamic, footer }), 0);
      return bytes;
    };
    expect((await refusal(differ({ hidden: 1 }))).code).toBe('vhd.repair-hidden');
    expect((await refusal(differ({ diskType: DiskType.differencing }))).code).toBe('vhd.repair-type');
    const { steps } = await plan(differ({ timestamp: 1 }));
    expect(steps).toMatchObject([{ offset: 0, bytes: whole.bytes.subarray(whole.footerOffset) }]);
  });

  it('refuses a footer for whose size the BAT is too small', async () => {
    const bytes = without(0, 512);
    bytes.set(makeFooter({ ...dynamic, footer: { currentSize: 1000 * BLOCK } }), whole.footerOffset);
    expect((await refusal(bytes)).code).toBe('vhd.repair-size');
  });

  it('never takes a footer that the guest wrote into the data', async () => {
    const forged = makeFooter({ ...dynamic, footer: { hidden: 1, savedState: 1 } });
    const made = makeVhd({ ...dynamic, blocks: new Map([[0, { data: grown(forged, BLOCK) }]]) });
    const bytes = without(0, 512, made);
    bytes.fill(0, made.footerOffset);
    expect((await refusal(bytes)).code).toBe('vhd.repair-foreign');
  });

  it('mends the footers of a differencing disk without its parent', async () => {
    const child = makeVhd({ ...dynamic, type: 4, id: 'c', parent: { id: 'p', name: 'gone.vhd' } });
    const image = new MemoryImage(grown(child.bytes, 64 * 1024));
    await applyRepair(await plan(image.bytes), image);
    expect(image.bytes.subarray(64 * 1024 - 512)).toEqual(child.bytes.subarray(child.footerOffset));
    expect(FOOTER.decode(image.bytes).diskType).toBe(DiskType.differencing);
  });
});
