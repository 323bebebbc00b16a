import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../../src/boot/dialect.js';
import { guessMenu } from '../../../src/boot/guess/index.js';
import { kernelVersion } from '../../../src/boot/guess/kernels.js';
import type { Guest } from '../../../src/guest/guest.js';
import { type Files, memoryGuest, oneVolumeGuest } from '../../support/directory-filesystem.js';
import { defaultOf, summary } from '../support/read-config.js';

function guess(guest: Guest, allowed = false) {
  return guessMenu(new GuestFiles(guest, guest.limits), { guess: allowed });
}

const DEBIAN: Files = {
  '/boot/vmlinuz-6.1.0-9-amd64': 'a',
  '/boot/initrd.img-6.1.0-9-amd64': 'b',
  '/boot/vmlinuz-6.1.0-10-amd64': 'c',
  '/boot/initrd.img-6.1.0-10-amd64': 'd',
  '/boot/config-6.1.0-10-amd64': '',
  '/boot/System.map-6.1.0-10-amd64': '',
  '/vmlinuz': { link: 'boot/vmlinuz-6.1.0-10-amd64' },
  '/initrd.img': { link: 'boot/initrd.img-6.1.0-10-amd64' },
  '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12"\n',
  '/etc/fstab': '# root\nUUID=1234 / ext4 errors=remount-ro 0 1\n',
};

describe('a disk without a boot configuration', () => {
  it('offers its kernels as guesses, newest first, with their initrds and the root of fstab', async () => {
    const menu = await guess(oneVolumeGuest(DEBIAN));
    expect(menu?.entries.map((entry) => [entry.title, summary(entry), entry.guess])).toEqual([
      [
        'Debian GNU/Linux 12 (6.1.0-10-amd64)',
        'whole:/boot/vmlinuz-6.1.0-10-amd64 [/boot/initrd.img-6.1.0-10-amd64] root=UUID=1234 ro',
        true,
      ],
      ['Debian GNU/Linux 12 (6.1.0-9-amd64)', 'whole:/boot/vmlinuz-6.1.0-9-amd64 [/boot/initrd.img-6.1.0-9-amd64] root=UUID=1234 ro', true],
    ]);
    expect(menu?.config).toBeNull();
  });

  it('chooses none of them unless it is told to', async () => {
    expect((await guess(oneVolumeGuest(DEBIAN)))?.default).toBeNull();
    const menu = await guess(oneVolumeGuest(DEBIAN), true);
    expect(menu === null ? null : defaultOf(menu)?.index).toBe(0);
  });

  it('is no menu where there is no kernel', async () => {
    expect(await guess(oneVolumeGuest({ '/boot/config-1': '', '/boot/vmlinuz-empty': '' }))).toBeNull();
  });

  it('knows the names of other distributions, and puts rescue kernels last', async () => {
    const menu = await guess(
      oneVolumeGuest(
        {
          '/boot/vmlinuz-0-rescue-abc': 'a',
          '/boot/initramfs-0-rescue-abc.img': 'b',
          '/boot/vmlinuz-5.14.0-70.el9.x86_64': 'c',
          '/boot/initramfs-5.14.0-70.el9.x86_64.img': 'd',
          '/boot/vmlinuz-5.14.0-427.el9.x86_64': 'e',
          '/boot/.vmlinuz-5.14.0-427.el9.x86_64.hmac': 'f',
          '/etc/os-release': 'NAME=x\n',
        },
        { uuid: 'u' },
      ),
    );
    expect(menu?.entries.map(summary)).toEqual([
      'whole:/boot/vmlinuz-5.14.0-427.el9.x86_64 [] root=UUID=u ro',
      'whole:/boot/vmlinuz-5.14.0-70.el9.x86_64 [/boot/initramfs-5.14.0-70.el9.x86_64.img] root=UUID=u ro',
      'whole:/boot/vmlinuz-0-rescue-abc [/boot/initramfs-0-rescue-abc.img] root=UUID=u ro',
    ]);
  });

  it('joins a separate /boot with its root, and takes the arguments that the system keeps', async () => {
    const guest = memoryGuest([
      [
        { name: 'gpt1', files: { '/vmlinuz-linux': 'k', '/initramfs-linux.img': 'i', '/initramfs-linux-fallback.img': 'j' } },
        {
          name: 'gpt2',
          files: { '/etc/os-release': 'PRETTY_NAME=Arch', '/etc/kernel/cmdline': 'root=x quiet\n', '/usr/lib/modules/linux/vmlinuz': 'k' },
        },
      ],
    ]);
    const menu = await guess(guest);
    expect(menu?.entries.map(summary)).toEqual(['gpt1:/vmlinuz-linux [/initramfs-linux.img] root=x quiet']);
    const edited = await menu?.run('linux /vmlinuz-linux\noptions single', menu.entries[0] ?? null);
    expect([summary(edited), edited?.guess]).toEqual(['gpt1:/vmlinuz-linux [] single', true]);
  });

  it.each([
    ['vmlinuz-6.1.0', '6.1.0'],
    ['vmlinuz', ''],
    ['vmlinuz.old', 'old'],
    ['vmlinux-6.1.0.gz', '6.1.0'],
    ['bzImage-x', 'x'],
    ['Image', ''],
    ['vmlinuzfoo', null],
    ['vmlinuz-6.1.0.hmac', null],
    ['initrd.img-6.1.0', null],
    ['kernel.img', null],
  ])('reads the version of %s as %s', (name, version) => {
    expect(kernelVersion(name)).toBe(version);
  });
});
