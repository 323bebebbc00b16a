/** LVM2 and md built here, for what the peer images do not have. */
import { describe, expect, it } from 'vitest';
import { Guest } from '../../src/guest/guest.js';
import { withLimits } from '../../src/limits.js';
import { MemorySource } from '../../src/source/memory.js';
import type { Volume } from '../../src/volume/index.js';
import { groupText, linear, PE_START, volumeText, writeMd0, writeMd1, writePhysicalVolume } from './support/managed.js';
import { writeBootRecord } from './support/tables.js';

const EXTENT = 4096;
const SIZE = 256 * 1024;

/** A disk whose 512-byte sectors tell which disk and sector they are. */
function marked(disk: number, size = SIZE): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < size; at += 512) {
    view.setUint32(at + 256, disk, true);
    view.setUint32(at + 260, at / 512, true);
  }
  return bytes;
}

async function mark(volume: Volume, sector: number): Promise<string> {
  const bytes = await volume.source.read(sector * 512, 512);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return `${view.getUint32(256, true)}:${view.getUint32(260, true)}`;
}

async function open(...disks: Uint8Array[]): Promise<Guest> {
  return Guest.open(disks.map((bytes, n) => ({ path: `disk${n}`, source: new MemorySource(bytes) })));
}

async function volumeOf(guest: Guest, name: string): Promise<Volume> {
  return (await guest.volume(name)).volume;
}

const first = PE_START / 512;

describe('LVM2', () => {
  it('doubles the dashes of names, as GRUB writes them', async () => {
    const disk = marked(0);
    writePhysicalVolume(disk, 0, groupText(1, volumeText('a-b--c', [[1, linear('pv0', 0)]]), 'v-g'));
    const guest = await open(disk);
    expect(guest.volumes.map((v) => v.name)).toEqual(['whole', 'lvm/v--g-a--b----c']);
  });

  it('reads segments of several physical volumes in order', async () => {
    const [a, b] = [marked(1), marked(2)];
    const text = groupText(
      2,
      volumeText('lv', [
        [2, linear('pv1', 5)],
        [1, linear('pv0', 3)],
      ]),
    );
    writePhysicalVolume(a, 0, text);
    writePhysicalVolume(b, 1, null);
    const volume = await volumeOf(await open(a, b), 'lvm/vg-lv');
    expect(volume.size).toBe(3 * EXTENT);
    expect(await mark(volume, 0)).toBe(`2:${first + 40}`);
    expect(await mark(volume, 15)).toBe(`2:${first + 55}`);
    expect(await mark(volume, 16)).toBe(`1:${first + 24}`);
  });

  it('reads text that wraps around the end of its ring', async () => {
    const disk = marked(0);
    writePhysicalVolume(disk, 0, groupText(1, volumeText('lv', [[1, linear('pv0', 0)]])), 28672 - 100);
    expect((await volumeOf(await open(disk), 'lvm/vg-lv')).problem).toBeNull();
  });

  it('believes the metadata with the highest sequence number', async () => {
    const [a, b] = [marked(1), marked(2)];
    writePhysicalVolume(a, 0, groupText(2, volumeText('old', [[1, linear('pv0', 0)]]), 'vg', 3));
    writePhysicalVolume(b, 1, groupText(2, volumeText('new', [[1, linear('pv0', 0)]]), 'vg', 4));
    expect((await open(a, b)).volumes.map((v) => v.name)).toEqual(['whole', 'hd1', 'lvm/vg-new']);
  });

  it('bounds the metadata of all physical volumes together, but copies of one text count once', async () => {
    const disks = [0, 1, 2].map((n) => marked(n));
    const text = groupText(3, volumeText('lv', [[1, linear('pv2', 0)]]));
    for (const [n, disk] of disks.entries()) writePhysicalVolume(disk, n, text);
    const images = disks.map((bytes, n) => ({ path: `disk${n}`, source: new MemorySource(bytes) }));
    const enough = await Guest.open(images, { limits: withLimits({ volumeMetadataSize: text.length + 1 }) });
    expect((await volumeOf(enough, 'lvm/vg-lv')).problem).toBeNull();
    const little = await Guest.open(images, { limits: withLimits({ volumeMetadataSize: text.length }) });
    expect(little.warnings.map((w) => w.code)).toEqual([
      'limit.volumeMetadataSize',
      'limit.volumeMetadataSize',
      'limit.volumeMetadataSize',
    ]);
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

  it('maps stripes chunk by chunk', async () => {
    const disks = [marked(1), marked(2), marked(3)];
    const stripes = 'type = "striped"\nstripe_count = 3\nstripe_size = 2\nstripes = ["pv0", 0, "pv1", 1, "pv2", 2]';
    for (const [n, disk] of disks.entries()) writePhysicalVolume(disk, n, groupText(3, volumeText('lv', [[6, stripes]])));
    const volume = await volumeOf(await open(...disks), 'lvm/vg-lv');
    const seen = [];
    for (const sector of [0, 1, 2, 3, 4, 6, 7]) seen.push(await mark(volume, sector));
    expect(seen).toEqual([
      `1:${first}`,
      `1:${first + 1}`,
      `2:${first + 8}`,
      `2:${first + 9}`,
      `3:${first + 16}`,
      `1:${first + 2}`,
      `1:${first + 3}`,
    ]);
    const whole = await volume.source.read(0, volume.size);
    expect(whole).toHaveLength(6 * EXTENT);
  });

  it('does not use a physical volume that the group lost', async () => {
    const [a, b] = [marked(1), marked(2)];
    const mirror = 'type = "mirror"\nmirror_count = 2\nregion_size = 1024\nmirrors = ["pv0", 0, "pv1", 0]';
    const text = groupText(2, volumeText('lv', [[1, mirror]]));
    writePhysicalVolume(a, 0, text.replace('flags = []', 'flags = ["MISSING"]'));
    writePhysicalVolume(b, 1, text);
    const volume = await volumeOf(await open(b, a), 'lvm/vg-lv');
    // Both texts have the same number; the first read is kept, so give the one with the flag first.
    const flagged = await volumeOf(await open(a, b), 'lvm/vg-lv');
    expect(await mark(volume, 0)).toBe(`1:${first}`);
    expect(await mark(flagged, 0)).toBe(`2:${first}`);
  });

  it.each([
    ['thin', 'lvm.segment-type'],
    ['cache', 'lvm.segment-type'],
    ['raid5', 'lvm.segment-type'],
    ['raid6_zr', 'lvm.segment-type'],
    ['raid10', 'lvm.segment-type'],
    ['vdo', 'lvm.segment-type'],
    ['constructor', 'lvm.segment-type'],
  ])('lists a volume of type %s with the problem %s', async (type, code) => {
    const disk = marked(0);
    writePhysicalVolume(disk, 0, groupText(1, volumeText('lv', [[2, `type = "${type}"`]])));
    const guest = await open(disk);
    const volume = await volumeOf(guest, 'lvm/vg-lv');
    expect([volume.size, volume.problem?.code]).toEqual([2 * EXTENT, code]);
    await expect((await guest.volume('lvm/vg-lv')).filesystem()).rejects.toMatchObject({ kind: 'unsupported', code });
  });

  it.each([
    ['stands on itself', volumeText('lv', [[1, linear('lv', 0)]]), 'lvm.volume-loop'],
    [
      'stands on itself through others',
      volumeText('lv', [[1, linear('x', 0)]]) + volumeText('x', [[1, linear('lv', 0)]], false),
      'lvm.volume-loop',
    ],
    ['has a gap', volumeText('lv', [[1, linear('pv0', 0)]]).replace('start_extent = 0', 'start_extent = 5'), 'lvm.segments'],
    ['reaches past its physical volume', volumeText('lv', [[1, linear('pv0', 100000)]]), 'lvm.extent-outside'],
    ['names no stripes', volumeText('lv', [[1, 'type = "striped"\nstripe_count = 2\nstripes = []']]), 'lvm.stripes'],
    ['names a volume that is not there', volumeText('lv', [[1, linear('gone', 0)]]), 'lvm.no-volume'],
    ['is impossibly large', volumeText('lv', [[9007199254740991, linear('pv0', 0)]]), 'lvm.volume-size'],
  ])('gives a problem to a volume that %s, and reads the others', async (_what, volumes, code) => {
    const disk = marked(0);
    writePhysicalVolume(disk, 0, groupText(1, `${volumes}\n${volumeText('good', [[1, linear('pv0', 0)]])}`));
    const guest = await open(disk);
    expect((await volumeOf(guest, 'lvm/vg-lv')).problem?.code).toBe(code);
    expect((await volumeOf(guest, 'lvm/vg-good')).problem).toBeNull();
  });

  it.each([
    ['vg {', 'lvm.metadata-syntax'],
    ['vg { a = [ "x"', 'lvm.metadata-syntax'],
    ['vg { a = "x', 'lvm.metadata-syntax'],
    ['vg } ', 'lvm.metadata-syntax'],
    ['= 5', 'lvm.metadata-syntax'],
    ['a = 5', 'lvm.no-group'],
    [`${'a { '.repeat(100)}`, 'limit.treeDepth'],
    ['vg { physical_volumes { } extent_size = 0 seqno = 1 }', 'lvm.extent-size'],
    ['vg { physical_volumes { } extent_size = "8" }', 'lvm.metadata-field'],
  ])('refuses the metadata %j', async (text, code) => {
    const disk = marked(0);
    writePhysicalVolume(disk, 0, text);
    const guest = await open(disk);
    expect((await guest.volumes[0]?.inspect())?.problem?.code).toBe(code);
    expect(guest.warnings.map((w) => w.code)).toEqual([code]);
  });

  it('refuses metadata whose checksum is wrong, and names it on the physical volume', async () => {
    const disk = marked(0);
    writePhysicalVolume(disk, 0, groupText(1, volumeText('lv', [[1, linear('pv0', 0)]])));
    disk[4096 + 512 + 30] = 0x58;
    const guest = await open(disk);
    expect(guest.volumes.map((v) => v.name)).toEqual(['whole']);
    expect((await guest.volumes[0]?.inspect())?.problem?.code).toBe('lvm.metadata-checksum');
  });
});

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

describe('managers on managers', () => {
  it('LVM on a RAID 1 whose superblock is at the end is found once, on the array', async () => {
    const [a, b] = [marked(1), marked(2)];
    for (const [number, disk] of [a, b].entries()) {
      writePhysicalVolume(disk, 0, groupText(1, volumeText('lv', [[1, linear('pv0', 0)]])));
      writeMd1(disk, 0, { level: 1, disks: 2, number });
    }
    const guest = await open(a, b);
    expect(guest.volumes.map((v) => v.name)).toEqual(['whole', 'hd1', 'md/boot', 'lvm/vg-lv']);
    const problems = await Promise.all(guest.volumes.slice(0, 3).map(async (v) => (await v.inspect()).problem?.code));
    expect(problems).toEqual(['md.member', 'md.member', 'lvm.member']);
  });

  it('a group on a logical volume of another group is found', async () => {
    const disk = marked(1);
    writePhysicalVolume(disk, 0, groupText(1, volumeText('inner', [[40, linear('pv0', 0)]]), 'outer'));
    const inside = marked(2, 40 * EXTENT);
    const text = groupText(1, volumeText('lv', [[1, linear('pv0', 0)]]), 'within').replace('vgid00', 'vgid99');
    writePhysicalVolume(inside, 1, text.replace('pvid00', 'pvid01').replace('000000"\ndevice', '000001"\ndevice'));
    disk.set(inside, PE_START);
    const guest = await open(disk);
    expect(guest.volumes.map((v) => v.name)).toEqual(['whole', 'lvm/outer-inner', 'lvm/within-lv']);
    expect(await mark(await volumeOf(guest, 'lvm/within-lv'), 0)).toBe(`2:${first}`);
  });

  it('an array on logical volumes is found', async () => {
    const disk = marked(1);
    writePhysicalVolume(disk, 0, groupText(1, volumeText('member', [[20, linear('pv0', 0)]])));
    const inside = marked(2, 20 * EXTENT);
    writeMd1(inside, 2, { level: 1, disks: 2, number: 0 });
    disk.set(inside, PE_START);
    expect((await open(disk)).volumes.map((v) => v.name)).toEqual(['whole', 'lvm/vg-member', 'md/boot']);
  });
});
