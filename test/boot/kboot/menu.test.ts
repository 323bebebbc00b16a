import { describe, expect, it } from 'vitest';
import { BOOT_DIALECTS, readBootMenu } from '../../../src/boot/index.js';
import { memoryGuest, oneVolumeGuest } from '../../support/directory-filesystem.js';
import { defaultOf, menuOf, readConfig, summary } from '../support/read-config.js';

describe('a kboot.conf', () => {
  it('has a kernel with its arguments in each value', async () => {
    const text = [
      '# comment',
      'default=two',
      'timeout=10',
      'root=/dev/sda1',
      'one=/k',
      "two='/k initrd=/i quiet dtb=/d video=ps3'",
      'three="/k root=/dev/sdb1 ro"',
      'nonsense',
    ].join('\n');
    const menu = await menuOf('kboot', '/etc/kboot.conf', { '/etc/kboot.conf': text, '/k': '', '/i': '' });
    expect(menu.entries.map((entry) => [entry.title, summary(entry)])).toEqual([
      ['one', 'whole:/k [] root=/dev/sda1'],
      ['two', 'whole:/k [/i] root=/dev/sda1 quiet video=ps3'],
      ['three', 'whole:/k [] root=/dev/sdb1 ro'],
    ]);
    expect([defaultOf(menu)?.title, menu.timeout]).toEqual(['two', 10]);
    expect(menu.warnings.map(({ line }) => line)).toEqual([8]);
    expect(summary(await menu.run('/k single', menu.entries[0] ?? null))).toBe('whole:/k [] root=/dev/sda1 single');
  });

  it('names devices by Linux names, UUIDs and labels', async () => {
    const conf = 'a=sda2:/k\nb=/dev/sda2:/k\nc=UUID=ab-cd:/k\nd=LABEL=boot:/k\ne=sdc1:/k\n';
    const guest = memoryGuest([
      [
        { name: 'gpt1', files: { '/kboot.conf': conf } },
        { name: 'gpt2', files: { '/k': '' }, uuid: 'AB-CD', label: 'boot' },
      ],
    ]);
    const menu = await readConfig(guest, 'kboot', '/kboot.conf');
    expect(menu.entries.map((entry) => entry.kernel?.volume)).toEqual(['gpt2', 'gpt2', 'gpt2', 'gpt2', 'sdc1']);
    expect(menu.entries.map((entry) => entry.problem?.code ?? null)).toEqual([null, null, null, null, 'boot.file-not-found']);
  });
});

describe("U-Boot's own scripts", () => {
  it('are named where there is nothing else', async () => {
    await expect(readBootMenu(oneVolumeGuest({ '/boot/boot.scr': 'x', '/uEnv.txt': 'y' }))).rejects.toThrow(/boot configuration/);
    await expect(menuOf('u-boot', '/boot.scr', { '/boot.scr': 'x' })).rejects.toMatchObject({ kind: 'unsupported', code: 'u-boot.script' });
    expect(BOOT_DIALECTS[BOOT_DIALECTS.length - 1]?.name).toBe('u-boot');
  });
});

describe('a config that somebody names', () => {
  it.each([
    ['/boot/grub2/grub.cfg', 'grub2'],
    ['/grub/menu.lst', 'grub-legacy'],
    ['/etc/grub.conf', 'grub-legacy'],
    ['/extlinux/extlinux.conf', 'syslinux'],
    ['/isolinux/live.cfg', 'syslinux'],
    ['/tftp/pxelinux.cfg/default', 'syslinux'],
    ['/loader/loader.conf', 'systemd-boot'],
    ['/loader/entries', 'systemd-boot'],
    ['/loader/entries/x.conf', 'systemd-boot'],
    ['/EFI/Linux', 'systemd-boot'],
    ['/EFI/Linux/a.efi', 'uki'],
    ['/etc/lilo.conf', 'lilo'],
    ['/EFI/debian/elilo.conf', 'lilo'],
    ['/etc/kboot.conf', 'kboot'],
    ['/boot/boot.scr', 'u-boot'],
  ])('%s is taken for one of %s', (path, name) => {
    expect(BOOT_DIALECTS.filter((row) => row.claims(path)).map((row) => row.name)).toEqual([name]);
  });
});
