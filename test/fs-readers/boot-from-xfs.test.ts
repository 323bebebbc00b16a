import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBootMenu } from '../../src/boot/index.js';
import { openDisk } from '../../src/open-disk.js';
import { sha256 } from '../support/manifest.js';
import { skip, tool } from '../support/requirements.js';

const MiB = 1024 * 1024;
const UUID = '0b7e4c52-5d0e-4a39-8f0c-5a2f8d7c1e11';
const missing = skip(
  'a disk with /boot on XFS',
  tool('mkfs.xfs', 'apt-get install xfsprogs'),
  tool('qemu-img', 'apt-get install qemu-utils'),
);

function run(command: string, ...args: string[]): void {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, TEST_DIR: '1', TEST_DEV: '1', QA_CHECK_FS: '1' };
  const done = spawnSync(command, args, { encoding: 'utf8', env });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`);
}

describe.skipIf(missing)('A dynamic VHD with /boot on XFS', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tygrub-boot-xfs-'));
  });
  afterAll(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  for (const [what, size, ...options] of [
    ['version 5', 64],
    ['version 5 with blocks of 1 KiB', 48, '-b', 'size=1024'],
    ['version 4', 48, '-m', 'crc=0'],
  ] as const) {
    it(`boots to its kernel and initrd (${what})`, async () => {
      const kernel = randomBytes(3 * MiB + 77);
      const initrd = randomBytes(5 * MiB + 1);
      const at = (name: string) => join(folder, name);
      writeFileSync(at('kernel'), kernel);
      writeFileSync(at('initrd'), initrd);
      writeFileSync(
        at('grub.cfg'),
        `search --no-floppy --fs-uuid --set=root ${UUID}\nmenuentry 'Linux' {\n linux /vmlinuz-6.1 root=/dev/xvda2 ro\n initrd /initrd-6.1\n}\n`,
      );
      const proto = `nothing\n0 0\nd--755 0 0\nvmlinuz-6.1 ---600 0 0 ${at('kernel')}\ninitrd-6.1 ---600 0 0 ${at('initrd')}\ngrub2 d--755 0 0\ngrub.cfg ---600 0 0 ${at('grub.cfg')}\n$\n$\n`;
      writeFileSync(at('proto'), proto);
      writeFileSync(at('fs'), '');
      truncateSync(at('fs'), size * MiB);
      run('mkfs.xfs', '-q', '-f', '-L', 'boot-on-xfs', '-p', at('proto'), ...options, at('fs'));
      // On version 5 the metadata keeps the UUID that it was made with (meta_uuid).
      run('xfs_admin', '-U', UUID, at('fs'));
      const disk = Buffer.alloc(MiB);
      disk[446] = 0x80;
      disk[450] = 0x83;
      disk.writeUInt32LE(MiB / 512, 454);
      disk.writeUInt32LE((size * MiB) / 512, 458);
      disk.writeUInt16LE(0xaa55, 510);
      const fd = openSync(at('disk'), 'w');
      writeSync(fd, disk);
      writeSync(fd, readFileSync(at('fs')));
      closeSync(fd);
      run('qemu-img', 'convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic', at('disk'), at('disk.vhd'));
      const guest = await openDisk(at('disk.vhd'));
      try {
        expect(guest.disks[0]?.container.format).toBe('vhd');
        const fs = await guest.volumes.find((row) => row.name === 'msdos1')?.filesystem();
        expect([fs?.type, fs?.uuid, fs?.label, fs?.state, fs?.warnings]).toEqual(['xfs', UUID, 'boot-on-xfs', 'clean', []]);
        const [entry] = (await readBootMenu(guest)).entries;
        expect([entry?.title, entry?.args, entry?.problem]).toEqual(['Linux', 'root=/dev/xvda2 ro', null]);
        const none = { size: 0, read: async () => new Uint8Array(0) };
        const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
        expect(await sha256((await entry?.kernel?.open()) ?? none)).toBe(sum(kernel));
        expect(await sha256((await entry?.initrds[0]?.open()) ?? none)).toBe(sum(initrd));
      } finally {
        await guest.close();
      }
    });
  }
});
