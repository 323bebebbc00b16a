/** md built here, for what the peer images do not have. */
import { describe, expect, it } from 'vitest';
import { Guest } from '../../src/guest/guest.js';
import { withLimits } from '../../src/limits.js';
import { MemorySource } from '../../src/source/memory.js';
import { writeMd0, writeMd1 } from './support/managed.js';
import { mark, marked, open, SIZE, volumeOf } from './support/marked-disks.js';
import { writeBootRecord } from './support/tables.js';

describe('md', () => {
  const raid1 = { level: 1, disks: 2 };

  it.each([
    ['1.0', 0, 0],
    ['1.1', 1, 16],
    ['1.2', 2, 16],
  ] as const)('reads RAID 1 of metadata %s from one member', async (_version, minor, sector) => {
    const disk = marked(1);
    writeMd1(disk, minor, { ...raid1, number: 0 });
    const volume = await volumeOf(await open(disk), 'md/boot');
    expect(volume.problem).toBeNull();
    expect(await mark(volume, 40)).toBe(`1:${sector + 40}`);
  });

  it.each([true, false])('reads metadata 0.90, little-endian: %s', async (little) => {
    const disk = marked(1);
    writeMd0(disk, { ...raid1, number: 1 }, little);
    const guest = await open(disk);
    const volume = await volumeOf(guest, 'md/7');
    expect([volume.size, await mark(volume, 9)]).toEqual([SIZE - 65536, '1:9']);
    expect(volume.aliases).toEqual(['mduuid/00000001000000020000000300000004']);
  });

  it('prefers the member that has seen more, in any order, and tells that the other is stale', async () => {
    const [stale, fresh] = [marked(1), marked(2)];
    writeMd1(stale, 2, { ...raid1, number: 0, events: 5 });
    writeMd1(fresh, 2, { ...raid1, number: 1, events: 9, roles: [0xfffe, 1] });
    for (const disks of [
      [stale, fresh],
      [fresh, stale],
    ]) {
      const guest = await open(...disks);
      expect(await mark(await volumeOf(guest, 'md/boot'), 0)).toBe('2:16');
      const told = await Promise.all(guest.disks.map(async (d) => (await d.volumes[0]?.inspect())?.problem?.message));
      expect(told.filter((message) => message?.includes('stale'))).toHaveLength(1);
    }
  });

  it('does not read a member that is being rebuilt, a spare or a failed one', async () => {
    const cases = [
      { ...raid1, number: 0, features: 2, recoveryOffset: 100 },
      { ...raid1, number: 0, roles: [0xffff, 1] },
      { ...raid1, number: 0, roles: [0xfffe, 1] },
    ];
    for (const facts of cases) {
      const [bad, good] = [marked(1), marked(2)];
      writeMd1(bad, 2, facts);
      writeMd1(good, 2, { ...raid1, number: 1 });
      expect(await mark(await volumeOf(await open(bad, good), 'md/boot'), 0)).toBe('2:16');
      const alone = await volumeOf(await open(bad), 'md/boot');
      expect([alone.problem?.code, alone.problemKind]).toEqual(['md.no-current-member', 'not-found']);
    }
  });

  it('reads RAID 0 over members of one size and linear over any', async () => {
    const [a, b] = [marked(1), marked(2)];
    writeMd1(a, 2, { level: 0, disks: 2, number: 0, chunk: 4096 });
    writeMd1(b, 2, { level: 0, disks: 2, number: 1, chunk: 4096 });
    const striped = await volumeOf(await open(b, a), 'md/boot');
    expect(striped.size).toBe(2 * (SIZE - 8192));
    expect([await mark(striped, 7), await mark(striped, 8), await mark(striped, 16)]).toEqual(['1:23', '2:16', '1:24']);
    writeMd1(a, 2, { level: -1, disks: 2, number: 0, dataSize: 8192 });
    writeMd1(b, 2, { level: -1, disks: 2, number: 1 });
    const joined = await volumeOf(await open(a, b), 'md/boot');
    expect([await mark(joined, 15), await mark(joined, 16)]).toEqual(['1:31', '2:16']);
  });

  it.each([
    [1, ['1:16', '2:16', '1:24', '2:24', '2:32', '2:40']],
    [2, ['1:16', '2:16', '1:24', '2:24', '2:32', '2:40']],
  ])('reads RAID 0 over members of two sizes with layout %i', async (layout, expected) => {
    const [a, b] = [marked(1), marked(2)];
    const facts = { level: 0, disks: 2, chunk: 4096, layout, features: 1 << 12 };
    writeMd1(a, 2, { ...facts, number: 0, dataSize: 8192 });
    writeMd1(b, 2, { ...facts, number: 1, dataSize: 16384 });
    const volume = await volumeOf(await open(a, b), 'md/boot');
    expect(volume.size).toBe(24576);
    const seen = [];
    for (let chunk = 0; chunk < 6; chunk++) seen.push(await mark(volume, chunk * 8));
    expect(seen).toEqual(expected);
  });

  it('tells the two layouts of a RAID 0 of three sizes apart', async () => {
    // After a first zone of 3 chunks, the second zone has two members; layout 1 goes on counting, layout 2 starts again.
    const chunksOf = async (layout: number): Promise<string[]> => {
      const disks = [marked(1), marked(2), marked(3)];
      const sizes = [4096, 12288, 12288];
      for (const [number, disk] of disks.entries()) {
        writeMd1(disk, 2, { level: 0, disks: 3, number, chunk: 4096, layout, features: 1 << 12, dataSize: sizes[number] ?? 0 });
      }
      const volume = await volumeOf(await open(...disks), 'md/boot');
      const seen = [];
      for (let chunk = 0; chunk < 7; chunk++) seen.push((await mark(volume, chunk * 8)).replace(/:.*/, ''));
      return seen;
    };
    expect(await chunksOf(1)).toEqual(['1', '2', '3', '3', '2', '3', '2']);
    expect(await chunksOf(2)).toEqual(['1', '2', '3', '2', '3', '2', '3']);
  });

  it.each([
    [{ level: 5, disks: 3, number: 0 }, 'md.level'],
    [{ level: 10, disks: 2, number: 0 }, 'md.level'],
    [{ level: 0, disks: 2, number: 0, chunk: 4096 }, 'md.member-missing'],
    [{ level: 0, disks: 0xffffffff, number: 0, chunk: 4096 }, 'limit.volumes'],
    [{ level: 0, disks: 1, number: 0, chunk: 0 }, 'md.chunk-size'],
    [{ level: 1, disks: 2, number: 0, used: SIZE * 2 }, 'md.member-cut'],
    [{ level: 1, disks: 2, number: 0, features: 4 }, 'md.reshape'],
  ])('lists the array %j with the problem %s', async (facts, code) => {
    const disk = marked(1);
    writeMd1(disk, 2, { ...facts, roles: [0, 1] });
    expect((await volumeOf(await open(disk), 'md/boot')).problem?.code).toBe(code);
  });

  it("gives arrays of the same name GRUB's numbers", async () => {
    const [a, b] = [marked(1), marked(2)];
    writeMd1(a, 2, { ...raid1, number: 0, seed: 1 });
    writeMd1(b, 2, { ...raid1, number: 0, seed: 2 });
    expect((await open(a, b)).volumes.map((v) => v.name)).toEqual(['whole', 'hd1', 'md/boot', 'md/boot_1']);
  });

  it('bounds the arrays and their partitions together', async () => {
    const disks = [1, 2, 3].map((n) => {
      const disk = marked(n);
      writeMd1(disk, 2, { level: 1, disks: 2, number: 0, seed: n });
      writeBootRecord(disk, 8192, [
        { type: 0x83, start: 8, size: 16 },
        { type: 0x83, start: 32, size: 16 },
      ]);
      return disk;
    });
    const images = disks.map((bytes, n) => ({ path: `disk${n}`, source: new MemorySource(bytes) }));
    const guest = await Guest.open(images, { limits: withLimits({ volumes: 5 }) });
    expect(guest.volumes.filter((v) => v.name.startsWith('md/'))).toHaveLength(5);
    expect(guest.warnings.map((w) => w.code)).toEqual(['limit.volumes']);
  });

  it('reads the partitions of an array', async () => {
    const disk = marked(1);
    writeMd1(disk, 2, { ...raid1, number: 0 });
    writeBootRecord(disk, 8192, [{ type: 0x83, start: 8, size: 16 }]);
    const guest = await open(disk);
    expect(guest.volumes.map((v) => v.grubName)).toEqual(['hd0', 'md/boot', 'md/boot,msdos1']);
    expect(await mark(await volumeOf(guest, '(md/boot,msdos1)'), 0)).toBe('1:24');
  });

  it('refuses a superblock whose checksum is wrong, and names it on the member', async () => {
    const disk = marked(1);
    writeMd1(disk, 2, { ...raid1, number: 0 });
    disk[4096 + 100] = 0x77;
    const guest = await open(disk);
    expect((await guest.volumes[0]?.inspect())?.problem?.code).toBe('md.superblock-checksum');
  });
});
