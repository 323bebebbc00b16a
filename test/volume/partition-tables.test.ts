/** Partition tables built here, for what the peer images do not have. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, withLimits } from '../../src/limits.js';
import { CountingSource } from '../../src/source/counting.js';
import { MemorySource } from '../../src/source/memory.js';
import { geometrySectors } from '../../src/volume/gpt/index.js';
import { GPT_HEADER } from '../../src/volume/gpt/layout.js';
import { scanVolumes, type VolumeTable } from '../../src/volume/index.js';
import { type GptPartition, sealGpt, writeBootRecord, writeGpt } from './support/tables.js';

const MiB = 1024 * 1024;
const EXT_MAGIC = [0x53, 0xef];

function scan(disk: Uint8Array, limits = DEFAULT_LIMITS): Promise<VolumeTable> {
  return scanVolumes(new MemorySource(disk), limits);
}

const places = (table: VolumeTable) => table.volumes.map((v) => [v.name, v.start, v.size]);
const codes = (table: VolumeTable) => table.warnings.map((w) => w.code);

/** Something that is known, at a byte offset: an ext superblock's magic. */
function putExt(disk: Uint8Array, offset: number): void {
  disk.set(EXT_MAGIC, offset + 1080);
}

describe('MBR', () => {
  it('lists logical partitions from 5 on even when a primary is free', async () => {
    const disk = new Uint8Array(MiB);
    writeBootRecord(
      disk,
      0,
      [
        { type: 0x83, start: 1, size: 10 },
        { type: 5, start: 100, size: 1000 },
      ],
      0xabcdef01,
    );
    writeBootRecord(disk, 100 * 512, [
      { type: 0x83, start: 2, size: 50 },
      { type: 5, start: 200, size: 100 },
    ]);
    writeBootRecord(disk, 300 * 512, [{ type: 0x8e, start: 3, size: 60, active: true }]);
    const table = await scan(disk);
    expect(places(table)).toEqual([
      ['msdos1', 512, 5120],
      ['msdos2', 51200, 1024],
      ['msdos5', 102 * 512, 50 * 512],
      ['msdos6', 303 * 512, 60 * 512],
    ]);
    expect(table.volumes.map((v) => v.uuid)).toEqual(['abcdef01-01', 'abcdef01-02', 'abcdef01-05', 'abcdef01-06']);
    expect(table.volumes.map((v) => v.active)).toEqual([false, false, false, true]);
  });

  it('has no PARTUUIDs without a disk signature', async () => {
    const disk = new Uint8Array(MiB);
    writeBootRecord(disk, 0, [{ type: 0x83, start: 1, size: 10 }]);
    expect((await scan(disk)).volumes.map((v) => v.uuid)).toEqual([null]);
  });

  it('ends a chain at the bound on volumes, and says so', async () => {
    const disk = new Uint8Array(MiB);
    writeBootRecord(disk, 0, [{ type: 5, start: 1, size: 2000 }]);
    for (let n = 0; n < 40; n++) {
      writeBootRecord(disk, (1 + n * 10) * 512, [
        { type: 0x83, start: 1, size: 5 },
        { type: 5, start: (n + 1) * 10, size: 10 },
      ]);
    }
    const table = await scan(disk, withLimits({ volumes: 8 }));
    expect(table.volumes).toHaveLength(8);
    expect(codes(table)).toEqual(['limit.volumes']);
  });

  it('says that a chain leads to a sector without a boot record, and keeps what it found', async () => {
    const disk = new Uint8Array(MiB);
    writeBootRecord(disk, 0, [{ type: 0x0f, start: 10, size: 1000 }]);
    writeBootRecord(disk, 5120, [
      { type: 0x83, start: 2, size: 50 },
      { type: 5, start: 90, size: 10 },
    ]);
    const table = await scan(disk);
    expect(table.volumes.map((v) => v.name)).toEqual(['msdos1', 'msdos5']);
    expect(codes(table)).toEqual(['mbr.extended-signature']);
  });

  it('counts in sectors of 4096 bytes where only that makes sense', async () => {
    const disk = new Uint8Array(8 * MiB);
    writeBootRecord(disk, 0, [
      { type: 0x83, start: 256, size: 512 },
      { type: 5, start: 1024, size: 512 },
    ]);
    putExt(disk, 256 * 4096);
    writeBootRecord(disk, 1024 * 4096, [{ type: 0x83, start: 1, size: 10 }]);
    const table = await scan(disk);
    expect(table.sectorSize).toBe(4096);
    expect(places(table)).toEqual([
      ['msdos1', MiB, 2 * MiB],
      ['msdos2', 4 * MiB, 4096],
      ['msdos5', 4 * MiB + 4096, 40960],
    ]);
  });

  it('counts in sectors of 512 bytes where both would make sense, and where nothing is known', async () => {
    for (const known of [[256 * 512, 256 * 4096], []]) {
      const disk = new Uint8Array(8 * MiB);
      writeBootRecord(disk, 0, [{ type: 0x83, start: 256, size: 512 }]);
      for (const offset of known) putExt(disk, offset);
      expect((await scan(disk)).sectorSize).toBe(512);
    }
  });

  it('also offers the disk itself when no partition is on it', async () => {
    const disk = new Uint8Array(MiB);
    writeBootRecord(disk, 0, [{ type: 0x83, start: 5000, size: 10 }]);
    const table = await scan(disk);
    expect(table.volumes.map((v) => [v.name, v.problem?.code ?? null])).toEqual([
      ['whole', null],
      ['msdos1', 'mbr.partition-outside'],
    ]);
  });

  it('reads nothing but a few sectors of an ordinary disk', async () => {
    const disk = new Uint8Array(4 * MiB);
    writeBootRecord(disk, 0, [{ type: 0x83, start: 2048, size: 4096, active: true }]);
    const counted = new CountingSource(new MemorySource(disk));
    await scanVolumes(counted, DEFAULT_LIMITS);
    expect(counted.bytesRead).toBeLessThanOrEqual(2048);
  });
});

describe('disks without a table', () => {
  it.each([0, 1, 511, 512, 513, 4096])('of %i bytes are offered whole', async (size) => {
    const table = await scan(new Uint8Array(size));
    expect([table.table, places(table)]).toEqual([null, [['whole', 0, size]]]);
  });

  it('with the boot sector of a filesystem are not taken for partitioned', async () => {
    const disk = new Uint8Array(MiB);
    for (let i = 446; i < 510; i++) disk[i] = 'Missing operating system'.charCodeAt(i % 24);
    disk.set([0x55, 0xaa], 510);
    expect((await scan(disk)).table).toBeNull();
  });
});

describe('GPT', () => {
  const three: readonly GptPartition[] = [
    { index: 0, first: 100, last: 199, name: 'EFI' },
    { index: 4, first: 200, last: 299, name: 'größe', bootable: true },
  ];

  it.each([
    { sectorSize: 512, entrySize: 128, entries: 128 },
    { sectorSize: 512, entrySize: 256, entries: 64 },
    { sectorSize: 512, entrySize: 128, entries: 4 },
    { sectorSize: 4096, entrySize: 128, entries: 128 },
    { sectorSize: 4096, entrySize: 512, entries: 300 },
  ])('is read with sectors of $sectorSize, $entries entries of $entrySize bytes', async (shape) => {
    const disk = new Uint8Array(400 * shape.sectorSize);
    const used = shape.entries === 4 ? [three[0] ?? { index: 0, first: 0, last: 0 }] : three;
    writeGpt(disk, used, shape);
    const table = await scan(disk);
    expect([table.table, table.sectorSize, codes(table)]).toEqual(['gpt', shape.sectorSize, []]);
    expect(table.volumes.map((v) => [v.name, v.start, v.size, v.label, v.active])).toEqual(
      used.map((p) => [`gpt${p.index + 1}`, p.first * shape.sectorSize, (p.last - p.first + 1) * shape.sectorSize, p.name, p.index === 4]),
    );
  });

  it('is found by its backup on a disk that has grown since', async () => {
    const small = new Uint8Array(400 * 512);
    writeGpt(small, three);
    const disk = new Uint8Array(600 * 512);
    disk.set(small);
    disk.fill(0, 512, 1024);
    const table = await scan(disk);
    expect(table.volumes.map((v) => v.name)).toEqual(['gpt1', 'gpt5']);
    expect(codes(table)).toContain('gpt.backup-used');
  });

  it('is found by the backup where the geometry of a VHD ends', async () => {
    // The disk has 2 MiB and 100 sectors; the guest saw whole cylinders and wrote its backup at their end.
    const sectors = 4096 + 100;
    const seen = geometrySectors(sectors);
    expect(seen).toBeLessThan(sectors);
    const small = new Uint8Array(seen * 512);
    writeGpt(small, three);
    writeBootRecord(small, 0, [{ type: 0xee, start: 1, size: 0xffffffff }]);
    small.fill(0, 512, 1024);
    const disk = new Uint8Array(sectors * 512);
    disk.set(small);
    expect((await scan(disk)).volumes.map((v) => v.name)).toEqual(['gpt1', 'gpt5']);
  });

  it('computes the geometry of the VHD specification', () => {
    const vectors = [
      [1, 30 * 4 * 17],
      [2, 60 * 4 * 17],
      [16, 481 * 4 * 17],
      [64, 963 * 8 * 17],
      [512, 1040 * 16 * 63],
      [1024, 2080 * 16 * 63],
      [32 * 1024, 16448 * 16 * 255],
      [2040 * 1024, 65535 * 16 * 255],
    ] as const;
    for (const [mebibytes, sectors] of vectors) expect(geometrySectors(mebibytes * 2048), `${mebibytes} MiB`).toBe(sectors);
  });

  it('gives a problem to a partition that ends before it starts or past the disk, and reads the others', async () => {
    const disk = new Uint8Array(400 * 512);
    writeGpt(disk, [
      { index: 0, first: 100, last: 90 },
      { index: 1, first: 120, last: 130 },
      { index: 2, first: 300, last: 900 },
      { index: 3, first: 2 ** 52, last: 2 ** 52 + 5 },
    ]);
    const table = await scan(disk);
    expect(table.volumes.map((v) => [v.name, v.problem?.code ?? null])).toEqual([
      ['gpt1', 'gpt.partition-empty'],
      ['gpt2', null],
      ['gpt3', 'gpt.partition-cut'],
      ['gpt4', 'gpt.partition-outside'],
    ]);
  });

  it('warns of partitions that overlap and reads both', async () => {
    const disk = new Uint8Array(400 * 512);
    writeGpt(disk, [
      { index: 0, first: 100, last: 150 },
      { index: 1, first: 140, last: 200 },
    ]);
    const table = await scan(disk);
    expect(codes(table)).toEqual(['gpt.partitions-overlap']);
    expect(table.volumes.every((v) => v.problem === null)).toBe(true);
  });

  it.each([
    ['HeaderSize', 91, 'gpt.header-size'],
    ['HeaderSize', 0xffffffff, 'gpt.header-size'],
    ['SizeOfPartitionEntry', 0, 'gpt.entry-size'],
    ['SizeOfPartitionEntry', 130, 'gpt.entry-size'],
    ['NumberOfPartitionEntries', 0xffffffff, 'limit.partitionTableSize'],
    ['PartitionEntryLBA', 399, 'gpt.entries-outside'],
    ['PartitionEntryLBA', null, 'gpt.entries-outside'],
    ['MyLBA', 5, 'gpt.header-place'],
  ] as const)('with %s of %s in both copies is refused with %s', async (field, value, code) => {
    const disk = new Uint8Array(400 * 512);
    writeGpt(disk, three);
    for (const at of [512, disk.length - 512]) GPT_HEADER.encode(disk, { [field]: value }, at);
    sealGpt(disk);
    const table = await scan(disk);
    expect(table.volumes.map((v) => v.name)).toEqual(['whole']);
    expect(codes(table)).toContain(code);
  });

  it('without a protective MBR is mentioned and not used', async () => {
    const disk = new Uint8Array(400 * 512);
    writeGpt(disk, three);
    disk.fill(0, 0, 512);
    const table = await scan(disk);
    expect([table.table, codes(table)]).toEqual([null, ['gpt.no-protective-mbr']]);
  });
});
