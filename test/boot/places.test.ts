import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../src/boot/dialect.js';
import { BOOT_DIALECTS } from '../../src/boot/index.js';
import { withLimits } from '../../src/limits.js';
import { type Files, memoryGuest } from '../support/directory-filesystem.js';
import { readConfig } from './support/read-config.js';
import { makePe, makeUki } from './support/uki.js';

async function places(files: Files, dialects: readonly string[]): Promise<string[]> {
  const guest = memoryGuest([[{ name: 'gpt1', files }]]);
  const [volume] = guest.volumes;
  if (volume === undefined) throw new Error('no volume');
  const found: string[] = [];
  for (const row of BOOT_DIALECTS.filter(({ name }) => dialects.includes(name))) {
    for (const { path } of await row.find(new GuestFiles(guest, guest.limits), volume)) found.push(`${row.name} ${path}`);
  }
  return found;
}

describe('configs on a volume', () => {
  it('are found where their loaders look, each file once', async () => {
    const files: Files = {
      '/boot/grub/grub.conf': 'x',
      '/boot/grub/menu.lst': { link: './grub.conf' },
      '/etc/grub.conf': { link: '../boot/grub/grub.conf' },
      '/EFI/redhat/grub.conf': 'x',
      '/EFI/debian/elilo.conf': 'x',
      '/boot/extlinux/extlinux.conf': 'x',
      '/isolinux/isolinux.cfg': 'x',
      '/etc/lilo.conf': 'x',
      '/etc/kboot.conf': 'x',
      '/boot.scr': 'x',
      '/loader/entries/a.conf': 'x',
      '/boot/loader/loader.conf': 'x',
      '/EFI/BOOT/BOOTX64.EFI': makeUki(),
      '/EFI/BOOT/BOOTAA64.EFI': makePe([['.text', 'a loader']]),
    };
    const dialects = ['grub-legacy', 'syslinux', 'lilo', 'kboot', 'u-boot', 'systemd-boot', 'uki'];
    expect((await places(files, dialects)).sort()).toEqual([
      'grub-legacy /EFI/redhat/grub.conf',
      'grub-legacy /boot/grub/menu.lst',
      'kboot /etc/kboot.conf',
      'lilo /EFI/debian/elilo.conf',
      'lilo /etc/lilo.conf',
      'syslinux /boot/extlinux/extlinux.conf',
      'syslinux /isolinux/isolinux.cfg',
      'systemd-boot /boot/loader/loader.conf',
      'systemd-boot /loader/entries',
      'u-boot /boot.scr',
      'uki /EFI/BOOT/BOOTX64.EFI',
    ]);
  });
});

describe('the bounds of a menu', () => {
  const legacy = (title: (i: number) => string, count: number) => Array.from({ length: count }, (_, i) => title(i)).join('');

  it.each([
    ['menuEntries', 'grub-legacy', '/menu.lst', { '/menu.lst': legacy((i) => `title ${i}\nkernel /k\n`, 30) }],
    ['scriptSteps', 'grub-legacy', '/menu.lst', { '/menu.lst': 'title a\nkernel /k\n'.repeat(200) }],
    ['entryFiles', 'grub-legacy', '/menu.lst', { '/menu.lst': `title a\nkernel /k\ninitrd${' /i'.repeat(50)}\n` }],
    ['configTotalSize', 'grub-legacy', '/menu.lst', { '/menu.lst': 'title a\nconfigfile /menu.lst\n'.padEnd(900, '#') }],
    ['menuEntries', 'lilo', '/lilo.conf', { '/lilo.conf': 'image=/k\n'.repeat(30) }],
    ['scriptSteps', 'lilo', '/lilo.conf', { '/lilo.conf': 'x\n'.repeat(400) }],
    ['menuEntries', 'kboot', '/kboot.conf', { '/kboot.conf': 'a=/k\n'.repeat(30) }],
    ['menuEntries', 'syslinux', '/syslinux.cfg', { '/syslinux.cfg': 'label a\nkernel /k\n'.repeat(30) }],
    ['entryFiles', 'syslinux', '/syslinux.cfg', { '/syslinux.cfg': `label a\ncom32 mboot.c32\nappend x${' --- y'.repeat(50)}\n` }],
    ['includes', 'syslinux', '/syslinux.cfg', { '/syslinux.cfg': 'include /a.cfg\n'.repeat(30), '/a.cfg': '#\n' }],
    [
      'menuEntries',
      'systemd-boot',
      '/loader/entries',
      Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`/loader/entries/${i}.conf`, 'linux /k\n'])),
    ],
    ['entryFiles', 'systemd-boot', '/loader/entries', { '/loader/entries/a.conf': `linux /k\n${'initrd /i\n'.repeat(50)}` }],
    [
      'menuEntries',
      'uki',
      '/u.efi',
      { '/u.efi': makePe([['.linux', 'k'], ...Array.from({ length: 30 }, () => ['.profile', 'ID=a'] as const)]) },
    ],
    ['peSections', 'uki', '/u.efi', { '/u.efi': makePe(Array.from({ length: 60 }, () => ['.x', ''] as const)) }],
  ] as const)('%s is named when %s reaches it', async (limit, dialect, path, files) => {
    const limits = withLimits({ menuEntries: 20, scriptSteps: 300, entryFiles: 30, includes: 20, configTotalSize: 10_000, peSections: 50 });
    const guest = memoryGuest([[{ name: 'whole', files: files as Files }]], [], limits);
    await expect(readConfig(guest, dialect, path)).rejects.toMatchObject({ kind: 'limit', code: `limit.${limit}` });
  });
});
