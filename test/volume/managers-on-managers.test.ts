/** Volume groups on arrays, arrays on logical volumes, and groups on groups. */
import { describe, expect, it } from 'vitest';
import { groupText, linear, PE_START, volumeText, writeMd1, writePhysicalVolume } from './support/managed.js';
import { EXTENT, first, mark, marked, open, volumeOf } from './support/marked-disks.js';

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
