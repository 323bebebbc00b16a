/** Guests whose /boot is on LVM and on md RAID 1, over several disks in dynamic VHDs, from the image to the kernel. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, runJson, temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';
import { fileSum } from '../support/sample.js';
import { groupText, linear, PE_START, volumeText, writeMd1, writePhysicalVolume } from '../volume/support/managed.js';
import { writeBootRecord, writeGpt } from '../volume/support/tables.js';

const MiB = 1024 * 1024;
const EXTENT = 4096;
const BOOT_SIZE = 16 * MiB;
const UUID = '0b2e6d2a-6f0c-4a55-9d0e-5b1f2c3d4e5f';
const needs = [tool('mke2fs', 'apt-get install e2fsprogs'), tool('qemu-img', 'apt-get install qemu-utils')];

interface ListJson {
  readonly config: { readonly volume: string; readonly path: string };
  readonly entries: readonly { readonly title: string; readonly args: string; readonly kernel: { readonly volume: string } }[];
}

interface InspectJson {
  readonly volumes: readonly { readonly name: string; readonly filesystem: unknown; readonly problem: { readonly code: string } | null }[];
}

function call(command: string, ...args: string[]): void {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr}`);
}

describe.skipIf(skip('/boot on LVM and on md', ...needs))('/boot on volumes made of several', () => {
  const folder = temporaryFolder();
  const kernel = join(folder, 'kernel');
  const initrd = join(folder, 'initrd');

  /** An ext4 filesystem with kernel, initrd and a grub.cfg whose root is `device`. */
  function bootFilesystem(name: string, device: string, title: string): Uint8Array {
    const tree = join(folder, name);
    mkdirSync(join(tree, 'grub'), { recursive: true });
    writeFileSync(join(tree, 'vmlinuz'), readFileSync(kernel));
    writeFileSync(join(tree, 'initrd.img'), readFileSync(initrd));
    writeFileSync(
      join(tree, 'grub', 'grub.cfg'),
      [
        `set root='${device}'`,
        `search --no-floppy --fs-uuid --set=root --hint='${device}' ${UUID}`,
        `menuentry '${title}' {`,
        `  set root='${device}'`,
        '  linux /vmlinuz root=/dev/mapper/vg-root ro quiet',
        '  initrd /initrd.img',
        '}',
      ].join('\n'),
    );
    const image = join(folder, `${name}.img`);
    writeFileSync(image, new Uint8Array(BOOT_SIZE));
    call('mke2fs', '-q', '-F', '-t', 'ext4', '-U', UUID, '-d', tree, image);
    return readFileSync(image);
  }

  /** Writes a disk as a dynamic VHD. */
  function vhd(name: string, disk: Uint8Array): string {
    const raw = join(folder, `${name}.raw`);
    const image = join(folder, `${name}.vhd`);
    writeFileSync(raw, disk);
    call('qemu-img', 'convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic,force_size=on', raw, image);
    return image;
  }

  function extracts(images: readonly string[], out: string): void {
    const target = join(folder, out);
    mkdirSync(target);
    const result = run(['extract', ...images, '--output-directory', target]);
    expect(result.status, result.stderr).toBe(0);
    expect(fileSum(join(target, 'kernel'))).toBe(fileSum(kernel));
    expect(fileSum(join(target, 'initrd'))).toBe(fileSum(initrd));
  }

  beforeAll(() => {
    const noise = (size: number, factor: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * factor + (i >> 8)) & 0xff);
    writeFileSync(kernel, noise(3 * MiB + 17, 31));
    writeFileSync(initrd, noise(5 * MiB + 1, 57));
  });

  it('boots from a logical volume over a partition of one disk and the whole of another', () => {
    const boot = bootFilesystem('lvm', 'lvmid/vgid00-0000-0000-0000-0000-0000-000000/bo-ot', 'On LVM');
    const half = BOOT_SIZE / 2;
    const lv = volumeText('bo-ot', [
      [half / EXTENT, linear('pv1', 1)],
      [half / EXTENT, linear('pv0', 7)],
    ]);
    const text = groupText(2, lv, 'vg');
    const [pv0, pv1] = [new Uint8Array(half + MiB), new Uint8Array(half + MiB)];
    writePhysicalVolume(pv0, 0, text);
    writePhysicalVolume(pv1, 1, text);
    pv1.set(boot.subarray(0, half), PE_START + EXTENT);
    pv0.set(boot.subarray(half), PE_START + 7 * EXTENT);
    const disk = new Uint8Array(pv0.length + 2 * MiB);
    writeGpt(disk, [{ index: 2, first: 2048, last: 2048 + pv0.length / 512 - 1, name: 'lvm' }]);
    disk.set(pv0, MiB);
    const images = [vhd('lvm0', disk), vhd('lvm1', pv1)];
    const list = runJson<ListJson>(['list', ...images, '--json']);
    expect(list.config).toMatchObject({ volume: 'lvm/vg-bo--ot', path: '/grub/grub.cfg' });
    expect(list.entries.map((entry) => [entry.title, entry.kernel.volume])).toEqual([['On LVM', 'lvm/vg-bo--ot']]);
    extracts(images, 'lvm-out');
    const inspected = runJson<InspectJson>(['inspect', ...images, '--json']);
    expect(inspected.volumes.map((v) => [v.name, v.problem?.code ?? null])).toEqual([
      ['gpt3', 'lvm.member'],
      ['hd1', 'lvm.member'],
      ['lvm/vg-bo--ot', null],
    ]);
    const alone = runJson<InspectJson>(['inspect', images[0] ?? '', '--json']);
    expect(alone.volumes.map((v) => [v.name, v.problem?.code ?? null])).toEqual([
      ['gpt3', 'lvm.member'],
      ['lvm/vg-bo--ot', 'lvm.pv-missing'],
    ]);
    expect(run(['list', images[0] ?? '']).stderr).toContain('name all disks of the guest');
  });

  it.each([
    ['1.0', 0],
    ['1.2', 2],
  ] as const)('boots from a RAID 1 of metadata %s by its newer member, whatever the order of the disks', (version, minor) => {
    const mdUuid = '5a'.repeat(16);
    const member = (number: number, events: number, title: string): string => {
      const part = new Uint8Array(BOOT_SIZE + MiB);
      part.set(bootFilesystem(`md-${version}-${number}`, `mduuid/${mdUuid}`, title), minor === 0 ? 0 : MiB / 2);
      const place = minor === 0 ? { dataSize: BOOT_SIZE } : { dataOffset: MiB / 2, dataSize: BOOT_SIZE };
      writeMd1(part, minor, { level: 1, disks: 2, number, events, used: BOOT_SIZE, ...place });
      const disk = new Uint8Array(part.length + 2 * MiB);
      writeBootRecord(disk, 0, [{ type: 0xfd, start: 2048, size: part.length / 512, active: true }], 0xcafe0000 + number);
      disk.set(part, MiB);
      return vhd(`md-${version}-${number}`, disk);
    };
    const images = [member(0, 12, 'stale'), member(1, 40, 'current')];
    for (const order of [images, [...images].reverse()]) {
      const list = runJson<ListJson>(['list', ...order, '--json']);
      expect(list.config).toMatchObject({ volume: 'md/boot', path: '/grub/grub.cfg' });
      expect(list.entries.map((entry) => [entry.title, entry.kernel.volume])).toEqual([['current', 'md/boot']]);
    }
    extracts(images, `md-${version}-out`);
    // One member is enough; then nobody can know that it is stale.
    expect(runJson<ListJson>(['list', images[0] ?? '', '--json']).entries.map((entry) => entry.title)).toEqual(['stale']);
    const inspected = runJson<InspectJson>(['inspect', ...images, '--json']);
    expect(inspected.volumes.map((v) => [v.name, v.problem?.code ?? null])).toEqual([
      ['msdos1', 'md.member'],
      ['hd1,msdos1', 'md.member'],
      ['md/boot', null],
    ]);
  });
});
