import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBootMenu } from '../../src/boot/index.js';
import { openDisk } from '../../src/open-disk.js';
import { sha256 } from '../support/manifest.js';
import { skip, tool } from '../support/requirements.js';

const MiB = 1024 * 1024;
const missing = skip(
  'disks with /boot on FAT and ISO 9660',
  tool('mkfs.fat', 'apt-get install dosfstools'),
  tool('mcopy', 'apt-get install mtools'),
  tool('xorriso', 'apt-get install xorriso'),
  tool('qemu-img', 'apt-get install qemu-utils'),
);

const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function run(command: string, ...args: string[]): void {
  const done = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`);
}

describe.skipIf(missing)('A dynamic VHD with /boot on', () => {
  let folder = '';
  const kernel = randomBytes(3 * MiB + 77);
  const initrd = randomBytes(5 * MiB + 1);
  const config = (uuid: string) => `search --no-floppy --fs-uuid --set=root ${uuid}
menuentry 'Linux on ${uuid}' {
  linux /boot/VMLINUZ-6.1.0-long-name-amd64 root=/dev/xvda2 ro quiet
  initrd /boot/initrd.img-6.1.0-long-name-amd64
}
`;

  function bootTree(uuid: string): string {
    const tree = join(folder, `tree-${uuid}`);
    mkdirSync(join(tree, 'boot', 'grub'), { recursive: true });
    writeFileSync(join(tree, 'boot', 'VMLINUZ-6.1.0-long-name-amd64'), kernel);
    writeFileSync(join(tree, 'boot', 'initrd.img-6.1.0-long-name-amd64'), initrd);
    writeFileSync(join(tree, 'boot', 'grub', 'grub.cfg'), config(uuid));
    return tree;
  }

  function toVhd(raw: string): string {
    run('qemu-img', 'convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic', raw, `${raw}.vhd`);
    return `${raw}.vhd`;
  }

  async function expectBoot(path: string, volume: string, type: string, uuid: string, label: string): Promise<void> {
    const guest = await openDisk(path);
    try {
      expect(guest.disks[0]?.container.format).toBe('vhd');
      const found = guest.volumes.find((row) => row.name === volume);
      const fs = await found?.filesystem();
      expect([fs?.type, fs?.uuid, fs?.label, fs?.warnings]).toEqual([type, uuid, label, []]);
      const menu = await readBootMenu(guest);
      const [entry] = menu.entries;
      expect([entry?.title, entry?.args, entry?.problem]).toEqual([`Linux on ${uuid}`, 'root=/dev/xvda2 ro quiet', null]);
      expect(entry?.kernel?.volume).toBe(volume);
      expect(await sha256((await entry?.kernel?.open()) ?? { size: 0, read: async () => new Uint8Array(0) })).toBe(sum(kernel));
      expect(await sha256((await entry?.initrds[0]?.open()) ?? { size: 0, read: async () => new Uint8Array(0) })).toBe(sum(initrd));
    } finally {
      await guest.close();
    }
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tygrub-fat-iso-'));
  });
  afterAll(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  for (const [bits, size, cluster] of [
    [12, 15, 8],
    [16, 32, 4],
    [32, 48, 1],
  ] as const) {
    it(`FAT${bits} boots to its kernel and initrd`, async () => {
      const tree = bootTree('ABCD-1234');
      const fat = join(folder, `fat${bits}.img`);
      writeFileSync(fat, '');
      truncateSync(fat, size * MiB);
      run('mkfs.fat', '-F', String(bits), '-s', String(cluster), '-i', 'ABCD1234', '-n', 'BOOT FAT', fat);
      run('mcopy', '-s', '-i', fat, join(tree, 'boot'), '::/');
      const disk = new Uint8Array((size + 1) * MiB);
      disk.set(readFileSync(fat), MiB);
      const record = new DataView(disk.buffer, 446, 16);
      record.setUint8(0, 0x80);
      record.setUint8(4, 0x0c);
      record.setUint32(8, MiB / 512, true);
      record.setUint32(12, (size * MiB) / 512, true);
      disk.set([0x55, 0xaa], 510);
      const raw = join(folder, `disk${bits}.img`);
      writeFileSync(raw, disk);
      await expectBoot(toVhd(raw), 'msdos1', 'vfat', 'ABCD-1234', 'BOOT FAT');
    });
  }

  for (const [what, options] of [
    ['with Rock Ridge', ['-R']],
    ['with Joliet', ['-J', '-joliet-long']],
    ['with both', ['-R', '-J']],
  ] as const) {
    it(`ISO 9660 ${what} boots to its kernel and initrd`, async () => {
      const uuid = '2023-11-14-22-13-33-00';
      const raw = join(folder, `${what.replace(' ', '-')}.iso`);
      run(
        'xorriso',
        '-as',
        'mkisofs',
        '-quiet',
        '--modification-date=2023111422133300',
        '-V',
        'BOOTISO',
        ...options,
        '-o',
        raw,
        bootTree(uuid),
      );
      await expectBoot(toVhd(raw), 'whole', 'iso9660', uuid, 'BOOTISO');
    });
  }
});
