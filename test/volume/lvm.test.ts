/** LVM2 built here, for what the peer images do not have. */
import { describe, expect, it } from 'vitest';
import { Guest } from '../../src/guest/guest.js';
import { withLimits } from '../../src/limits.js';
import { MemorySource } from '../../src/source/memory.js';
import { groupText, linear, volumeText, writePhysicalVolume } from './support/managed.js';
import { EXTENT, first, mark, marked, open, volumeOf } from './support/marked-disks.js';

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
