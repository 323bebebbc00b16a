/** Which config of a disk is taken, and what is said about the others. */
import { describe, expect, it } from 'vitest';
import { findConfigs, findEntry, readBootMenu } from '../../src/boot/index.js';
import { memoryGuest, oneVolumeGuest } from '../support/directory-filesystem.js';

const ESP = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';
const ENTRY = (name: string) => `menuentry '${name}' --id ${name} {\n  linux /vmlinuz root=/dev/${name} ro\n  initrd /initrd\n}\n`;
const KERNEL = { '/vmlinuz': 'kernel', '/initrd': 'initrd' };

describe('the search for a boot configuration', () => {
  it("follows an EFI system partition's stub to the config of another volume", async () => {
    const guest = memoryGuest([
      [
        {
          name: 'gpt1',
          type: 'vfat',
          partitionType: ESP,
          files: {
            '/EFI/debian/grub.cfg': 'search.fs_uuid aaaa-bbbb root hd0,gpt9\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n',
          },
        },
        { name: 'gpt2', uuid: 'aaaa-bbbb', files: { ...KERNEL, '/boot/grub/grub.cfg': ENTRY('root') } },
      ],
    ]);
    const menu = await readBootMenu(guest);
    expect(menu.config).toEqual({ dialect: 'grub2', volume: 'gpt2', path: '/boot/grub/grub.cfg' });
    expect(menu.entries.map((entry) => [entry.kernel?.volume, entry.args])).toEqual([['gpt2', 'root=/dev/root ro']]);
    expect(menu.explanation.slice(0, 2)).toEqual([
      'gpt1:/EFI/debian/grub.cfg (grub2, EFI system partition) was read',
      'it opened gpt2:/boot/grub/grub.cfg, whose menu this is',
    ]);
    const configs = await findConfigs(guest);
    expect(configs.map(({ volume, path, chosen, reason }) => [volume, path, chosen, reason])).toEqual([
      ['gpt1', '/EFI/debian/grub.cfg', true, 'EFI system partition: the first that makes a menu'],
      ['gpt2', '/boot/grub/grub.cfg', true, 'root filesystem: opened by gpt1:/EFI/debian/grub.cfg'],
    ]);
    expect(configs[0]?.rules).toContain("upstream's rules");
  });

  it('goes on past a config that cannot be used, and keeps the reason', async () => {
    const guest = memoryGuest([
      [
        { name: 'msdos1', active: true, files: { '/boot/grub/grub.cfg': 'menuentry broken {\n' } },
        { name: 'msdos2', files: { ...KERNEL, '/boot/grub/grub.cfg': ENTRY('good') } },
        { name: 'msdos3', files: null },
      ],
    ]);
    const configs = await findConfigs(guest);
    expect(configs.map(({ volume, chosen, problem }) => [volume, chosen, problem?.code ?? null])).toEqual([
      ['msdos1', false, 'grub2.no-entries'],
      ['msdos2', true, null],
    ]);
    expect((await readBootMenu(guest)).config?.volume).toBe('msdos2');
  });

  it('prefers the active partition, then boot partitions, then roots', async () => {
    const volumes = (active: number) =>
      memoryGuest([
        [
          { name: 'msdos1', active: active === 1, files: { ...KERNEL, '/boot/grub/grub.cfg': ENTRY('one') } },
          { name: 'msdos2', active: active === 2, files: { ...KERNEL, '/grub/grub.cfg': ENTRY('two') } },
          { name: 'msdos3', active: active === 3, files: { ...KERNEL, '/boot/grub2/grub.cfg': ENTRY('three') } },
        ],
      ]);
    expect((await readBootMenu(volumes(0))).config?.volume).toBe('msdos2');
    expect((await readBootMenu(volumes(1))).config?.volume).toBe('msdos1');
    expect((await readBootMenu(volumes(3))).config?.volume).toBe('msdos3');
  });

  it('takes systemd-boot where the firmware would start it, else GRUB', async () => {
    const guest = (own: string) =>
      memoryGuest([
        [
          {
            name: 'gpt1',
            type: 'vfat',
            partitionType: ESP,
            files: {
              ...KERNEL,
              '/EFI/BOOT/BOOTX64.EFI': 'systemd!',
              '/EFI/systemd/systemd-bootx64.efi': own,
              '/loader/entries/a.conf': 'title A\nlinux /vmlinuz\n',
              '/EFI/debian/grub.cfg': ENTRY('grub'),
            },
          },
        ],
      ]);
    expect((await readBootMenu(guest('systemd!'))).config?.dialect).toBe('systemd-boot');
    expect((await readBootMenu(guest('another program'))).config?.dialect).toBe('grub2');
  });

  it('reads a config that is named, whatever else there is', async () => {
    const guest = oneVolumeGuest({ ...KERNEL, '/boot/grub/grub.cfg': ENTRY('found'), '/else/grub.cfg': ENTRY('named') });
    expect((await readBootMenu(guest, { config: 'whole:/else/grub.cfg' })).entries[0]?.title).toBe('named');
    await expect(readBootMenu(guest, { config: 'whole:/nowhere/grub.cfg' })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(readBootMenu(guest, { config: '/boot/grub/grub.cfg' })).rejects.toMatchObject({ kind: 'usage' });
    await expect(readBootMenu(guest, { config: 'msdos7:/boot/grub/grub.cfg' })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('lists every place that it looked at where nothing is found', async () => {
    const guest = memoryGuest([
      [
        { name: 'msdos1', files: {} },
        { name: 'msdos2', files: null },
      ],
    ]);
    await expect(readBootMenu(guest)).rejects.toMatchObject({
      code: 'boot.no-config',
      attempts: ['msdos1: no boot configuration', expect.stringContaining('msdos2: ')],
    });
  });
});

describe('an entry that somebody names', () => {
  const CONFIG = `${ENTRY('first')}submenu 'Sub' --id 'sub>id' {\n${ENTRY('inner')}${ENTRY('first')}}\nmenuentry '2' { linux /vmlinuz }\n`;

  it('is found by index, id, title and path', async () => {
    const menu = await readBootMenu(oneVolumeGuest({ ...KERNEL, '/boot/grub/grub.cfg': CONFIG }));
    expect(findEntry(menu, '0').title).toBe('first');
    expect(findEntry(menu, '3').title).toBe('2');
    expect(findEntry(menu, 'inner').index).toBe(1);
    expect(findEntry(menu, 'Sub>first').index).toBe(2);
    expect(findEntry(menu, 'sub>>id>inner').index).toBe(1);
    expect(findEntry(menu, '1>0').index).toBe(1);
  });

  it('is an error that lists the entries where it fits none or several', async () => {
    const menu = await readBootMenu(oneVolumeGuest({ ...KERNEL, '/boot/grub/grub.cfg': CONFIG }));
    expect(() => findEntry(menu, 'first')).toThrow(/0 first; 2 Sub>first/);
    expect(() => findEntry(menu, 'none')).toThrow(
      expect.objectContaining({ kind: 'not-found', hint: expect.stringContaining('1 Sub>inner') }),
    );
  });
});
