/**
 * Damaged tables, superblocks and metadata: a guest is opened and all its volumes are read from, within bounds, or a
 * `TygrubError` says why not. Half of the time the checksums are made right again after the damage, so that what stands
 * behind them is reached too.
 */
import { describe, expect, it } from 'vitest';
import { TygrubError } from '../../src/errors.js';
import { Guest } from '../../src/guest/guest.js';
import { withLimits } from '../../src/limits.js';
import { CountingSource } from '../../src/source/counting.js';
import { MemorySource } from '../../src/source/memory.js';
import { damage, mutations, Random, seed } from '../support/mutation.js';
import {
  groupText,
  linear,
  MDA,
  sealMd0,
  sealMd1,
  sealPhysicalVolume,
  superblock0Offset,
  superblock1Offset,
  volumeText,
  writeMd0,
  writeMd1,
  writePhysicalVolume,
} from './support/managed.js';
import { sealGpt, writeBootRecord, writeGpt } from './support/tables.js';

interface Region {
  readonly start: number;
  readonly length: number;
}

/** Disks of one guest, where damage is worth while on each, and how to make the checksums right again. */
interface Specimen {
  readonly disks: readonly Uint8Array[];
  readonly regions: readonly Region[];
  seal(disk: Uint8Array): void;
}

function mbr(): Specimen {
  const disk = new Uint8Array(128 * 1024);
  writeBootRecord(
    disk,
    0,
    [
      { type: 0x83, start: 1, size: 10 },
      { type: 5, start: 20, size: 100 },
      { type: 0xa5, start: 130, size: 40 },
      { type: 0xbf, start: 180, size: 40 },
    ],
    1,
  );
  for (let n = 0; n < 4; n++)
    writeBootRecord(disk, (20 + n * 20) * 512, [
      { type: 0x83, start: 1, size: 10 },
      { type: 5, start: (n + 1) * 20, size: 20 },
    ]);
  const view = new DataView(disk.buffer);
  view.setUint32(131 * 512, 0x82564557, true);
  view.setUint32(131 * 512 + 132, 0x82564557, true);
  view.setUint16(131 * 512 + 138, 8, true);
  for (let n = 0; n < 8; n++) {
    view.setUint32(131 * 512 + 148 + n * 16, 4, true);
    view.setUint32(131 * 512 + 148 + n * 16 + 4, 132 + n, true);
    view.setUint8(131 * 512 + 148 + n * 16 + 12, n);
    view.setUint32(181 * 512 + 72 + n * 12 + 4, 2, true);
    view.setUint32(181 * 512 + 72 + n * 12 + 8, n, true);
  }
  view.setUint32(181 * 512 + 12, 0x600ddeee, true);
  view.setUint32(181 * 512 + 16, 1, true);
  return {
    disks: [disk],
    regions: [
      { start: 446, length: 66 },
      ...[0, 1, 2, 3].map((n) => ({ start: (20 + n * 20) * 512 + 446, length: 66 })),
      { start: 131 * 512, length: 300 },
      { start: 181 * 512, length: 270 },
    ],
    seal: () => undefined,
  };
}

function gpt(sectorSize: number): Specimen {
  const disk = new Uint8Array(40 * sectorSize + 128 * 1024);
  const entries = Math.floor((8 * sectorSize) / 128);
  writeGpt(
    disk,
    [
      { index: 0, first: 12, last: 20 },
      { index: 1, first: 21, last: 25 },
    ],
    { sectorSize, entries: Math.min(16, entries) },
  );
  return {
    disks: [disk],
    regions: [
      { start: 446, length: 66 },
      { start: sectorSize, length: 92 },
      { start: 2 * sectorSize, length: 400 },
      { start: disk.length - sectorSize, length: 92 },
    ],
    seal: (bytes) => sealGpt(bytes, sectorSize),
  };
}

function lvm(): Specimen {
  const disks = [new Uint8Array(96 * 1024), new Uint8Array(96 * 1024)];
  const stripes = 'type = "striped"\nstripe_count = 2\nstripe_size = 2\nstripes = ["pv0", 2, "pv1", 2]';
  const raid = 'type = "raid1"\ndevice_count = 2\nraids = ["m0", "i0", "m1", "i1"]';
  const text = groupText(
    2,
    [
      volumeText('a', [
        [2, linear('pv0', 0)],
        [1, linear('pv1', 0)],
      ]),
      volumeText('s', [[4, stripes]]),
      volumeText('r', [[1, raid]]),
      ...['m0', 'i0', 'm1', 'i1'].map((name, n) => volumeText(name, [[1, linear(`pv${n >> 1}`, 6 + (n & 1))]], false)),
      volumeText('up', [[1, linear('a', 1)]]),
    ].join('\n'),
  );
  for (const [n, disk] of disks.entries()) writePhysicalVolume(disk, n, text);
  return {
    disks,
    regions: [
      { start: 512, length: 200 },
      { start: MDA.offset, length: 128 },
      { start: MDA.offset + 512, length: text.length },
      { start: MDA.offset + 512, length: text.length },
    ],
    seal: sealPhysicalVolume,
  };
}

function md1(minor: 0 | 1 | 2, level: number): Specimen {
  const disks = [new Uint8Array(64 * 1024), new Uint8Array(64 * 1024)];
  for (const [number, disk] of disks.entries()) {
    writeMd1(disk, minor, {
      level,
      disks: 2,
      number,
      chunk: 4096,
      layout: 1,
      features: 1 << 12,
      dataSize: 8192 * (1 + number),
      used: 8192,
      ...(minor === 0 ? { dataOffset: 0 } : {}),
    });
  }
  return { disks, regions: [{ start: superblock1Offset(64 * 1024, minor), length: 262 }], seal: (disk) => sealMd1(disk, minor) };
}

function md0(): Specimen {
  const disks = [new Uint8Array(128 * 1024), new Uint8Array(128 * 1024)];
  for (const [number, disk] of disks.entries()) writeMd0(disk, { level: number === 0 ? 0 : 1, disks: 2, number, chunk: 4096 });
  const at = superblock0Offset(128 * 1024);
  return {
    disks,
    regions: [
      { start: at, length: 280 },
      { start: at + 512, length: 300 },
      { start: at + 3968, length: 32 },
    ],
    seal: (disk) => sealMd0(disk),
  };
}

const LIMITS = withLimits({ volumes: 64 });
/** What a small guest may cost to open and to look at: each of at most a few hundred volumes reads a few hundred places. */
const MOST_BYTES = 64 * 1024 * 1024;

async function look(disks: readonly Uint8Array[]): Promise<void> {
  const sources = disks.map((disk) => new CountingSource(new MemorySource(disk)));
  let guest: Guest;
  try {
    guest = await Guest.open(
      sources.map((source, n) => ({ path: `disk${n}`, source })),
      { limits: LIMITS },
    );
  } catch (error) {
    if (error instanceof TygrubError) return;
    throw error;
  }
  expect(guest.volumes.length).toBeLessThan(1000);
  for (const { volume } of guest.volumes) {
    expect(Number.isSafeInteger(volume.size) && volume.size >= 0).toBe(true);
    if (volume.problem !== null || volume.size === 0) continue;
    expect(volume.source.size).toBe(volume.size);
    for (const at of [0, Math.floor(volume.size / 2), volume.size - 1]) {
      try {
        expect(await volume.source.read(at, Math.min(4096, volume.size - at))).toBeInstanceOf(Uint8Array);
      } catch (error) {
        if (!(error instanceof TygrubError)) throw error;
      }
    }
  }
  expect(sources.reduce((sum, source) => sum + source.bytesRead, 0)).toBeLessThan(MOST_BYTES);
}

const SPECIMENS: readonly [string, () => Specimen][] = [
  ['MBR', mbr],
  ['GPT with sectors of 512 bytes', () => gpt(512)],
  ['GPT with sectors of 4096 bytes', () => gpt(4096)],
  ['LVM2', lvm],
  ['md 0.90', md0],
  ['md 1.0 RAID 1', () => md1(0, 1)],
  ['md 1.1 RAID 0', () => md1(1, 0)],
  ['md 1.2 linear', () => md1(2, -1)],
];

describe('damaged volumes', () => {
  it.each(SPECIMENS)(
    '%s: answers or TygrubErrors, within bounds',
    async (name, make) => {
      const specimen = make();
      await look(specimen.disks);
      const pristine = specimen.disks.map((disk) => disk.slice());
      const random = new Random(seed() ^ name.length);
      for (let n = 0; n < mutations(2500); n++) {
        const disk = random.pick(specimen.disks);
        const done = damage(disk, random, specimen.regions);
        try {
          if (random.next(2) === 0) specimen.seal(disk);
          await look(specimen.disks);
        } catch (error) {
          throw new Error(`seed ${seed()}, ${name}, case ${n}: ${done.description}`, { cause: error });
        }
        for (const [i, bytes] of pristine.entries()) specimen.disks[i]?.set(bytes);
      }
    },
    300_000,
  );

  it('every specimen is sound before it is damaged', async () => {
    const seen = [];
    for (const [, make] of SPECIMENS) {
      const guest = await Guest.open(make().disks.map((disk, n) => ({ path: `disk${n}`, source: new MemorySource(disk) })));
      seen.push(
        guest.volumes
          .filter((v) => v.volume.problem === null)
          .map((v) => v.name)
          .join(' '),
      );
    }
    expect(seen).toMatchInlineSnapshot(`
      [
        "msdos1 msdos2 msdos3 msdos4 msdos5 msdos6 msdos7 msdos8 msdos3,bsd2 msdos3,bsd3 msdos3,bsd4 msdos3,bsd5 msdos3,bsd6 msdos3,bsd7 msdos3,bsd8 msdos4,sunpc2 msdos4,sunpc3 msdos4,sunpc4 msdos4,sunpc5 msdos4,sunpc6 msdos4,sunpc7 msdos4,sunpc8",
        "gpt1 gpt2",
        "gpt1 gpt2",
        "whole hd1 lvm/vg-a lvm/vg-s lvm/vg-r lvm/vg-up",
        "whole hd1 md/7",
        "whole hd1 md/boot",
        "whole hd1 md/boot",
        "whole hd1 md/boot",
      ]
    `);
  });
});
