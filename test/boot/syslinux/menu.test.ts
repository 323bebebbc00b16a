import { describe, expect, it } from 'vitest';
import { memoryGuest } from '../../support/directory-filesystem.js';
import { defaultOf, menuOf, readConfig, summary } from '../support/read-config.js';

const PATH = '/boot/extlinux/extlinux.conf';
const HERE = '/boot/extlinux';
const KERNELS = { [`${HERE}/k`]: 'k', [`${HERE}/l`]: 'l', '/root-k': 'k', [`${HERE}/i`]: 'i', [`${HERE}/j`]: 'j', [`${HERE}/xen.gz`]: 'x' };

function syslinux(text: string, files: Record<string, string> = {}) {
  return menuOf('syslinux', PATH, { ...KERNELS, ...files, [PATH]: text });
}

describe('a SYSLINUX menu', () => {
  it('takes paths from the directory of the config', async () => {
    const menu = await syslinux('label a\nkernel k\nlabel b\nlinux /root-k\nlabel c\nlinux ../extlinux/./k\nlabel d\nlinux ::root-k\n');
    expect(menu.entries.map(summary)).toEqual(['k', 'root-k', 'k', 'root-k'].map((name, i) => `whole:${i % 2 ? '' : HERE}/${name} []`));
  });

  it.each([
    ['append x=1\nlabel a\nkernel k\n', 'x=1'],
    ['append x=1\nlabel a\nkernel k\nappend y=2\n', 'y=2'],
    ['append x=1\nlabel a\nkernel k\nappend -\n', ''],
    ['label a\nkernel k\nlabel b\nkernel l\nmenu end\nappend late=1\n', 'late=1'],
  ])('chooses between the arguments of %j', async (text, args) => {
    const { entries } = await syslinux(text);
    expect(entries[entries.length - 1]?.args).toBe(args.startsWith('late') ? '' : args);
  });

  it('takes the first initrd= of the arguments before INITRD, with its commas', async () => {
    const menu = await syslinux('label a\nkernel k\ninitrd j\nappend a initrd=i,j b\nlabel b\nkernel k\ninitrd i,j\n');
    expect(menu.entries.map(summary)).toEqual([`whole:${HERE}/k [${HERE}/i ${HERE}/j] a b`, `whole:${HERE}/k [${HERE}/i ${HERE}/j]`]);
  });

  it.each([
    ['default b\nlabel a\nkernel k\nlabel b\nkernel l\n', 'b'],
    ['label a\nkernel k\nlabel b\nkernel l\nmenu default\n', 'b'],
    ['default a\nlabel a\nkernel k\nlabel b\nkernel l\nmenu default\n', 'a'],
    ['ui menu.c32\ndefault nowhere\nlabel a\nkernel k\nlabel b\nkernel l\nmenu default\n', 'b'],
    ['default vesamenu.c32\nlabel a\nkernel k\nlabel b\nmenu default\nkernel l\n', 'b'],
    ['label a\nkernel k\nlabel linux\nkernel l\n', 'linux'],
    ['ui menu.c32\nlabel a\nkernel k\nlabel linux\nkernel l\n', 'a'],
    ['default a\nprompt 1\ntimeout 50\nontimeout b\nlabel a\nkernel k\nlabel b\nkernel l\n', 'b'],
    ['default a\nprompt 0\nontimeout b\nlabel a\nkernel k\nlabel b\nkernel l\n', 'a'],
    ['default My Linux (1)\nlabel a\nkernel k\nlabel My Linux (1)\nkernel l\n', 'My Linux (1)'],
    ['default b\nlabel b\nkernel k\nlabel b\nkernel l\n', 'b'],
    ['default=b\nlabel a\nkernel k\nlabel b\nkernel l\n', 'b'],
  ])('chooses by %j', async (text, id) => {
    expect(defaultOf(await syslinux(text))?.id).toBe(id);
  });

  it('adds words after the label of DEFAULT to its arguments', async () => {
    const menu = await syslinux('default a single\nlabel a\nkernel k\nappend ro\n');
    expect(summary(defaultOf(menu))).toBe(`whole:${HERE}/k [] ro single`);
    expect(menu.entries).toHaveLength(2);
  });

  it('starts a file that DEFAULT names where it is there and may be', async () => {
    expect(summary(defaultOf(await syslinux('default k initrd=i ro\nlabel a\nkernel l\n')))).toBe(`whole:${HERE}/k [${HERE}/i] ro`);
    expect((await syslinux('default gone\nlabel a\nkernel l\n')).default).toBeNull();
    expect((await syslinux('implicit 0\ndefault k\nlabel a\nkernel l\n')).default).toBeNull();
  });

  it('counts time in tenths of a second; 0 means none', async () => {
    expect((await syslinux('timeout 55\nlabel a\nkernel k\n')).timeout).toBe(5.5);
    expect((await syslinux('timeout 0\nlabel a\nkernel k\n')).timeout).toBeNull();
    expect((await syslinux('totaltimeout 600\nlabel a\nkernel k\n')).timeout).toBe(60);
  });

  it('follows INCLUDE and MENU INCLUDE, with a tag as a submenu', async () => {
    const menu = await syslinux('include one.cfg\nmenu include two.cfg more\ninclude gone.cfg\n', {
      [`${HERE}/one.cfg`]: 'label a\nkernel k\n',
      [`${HERE}/two.cfg`]: 'menu title More of it\nlabel b\nkernel l\n',
    });
    expect(menu.entries.map((entry) => [entry.id, entry.submenus, entry.path])).toEqual([
      ['a', [], [0]],
      ['b', ['More of it'], [1, 0]],
    ]);
    expect(menu.warnings.map((warning) => warning.line)).toEqual([3]);
  });

  it('nests MENU BEGIN, and boots into a submenu that is marked', async () => {
    const menu = await syslinux(
      'ui menu.c32\nlabel a\nkernel k\nmenu begin x\nmenu default\nmenu label ^Deep\nlabel b\nmenu label B^oot\nkernel l\nlabel up\nmenu exit\nmenu end\nlabel c\nkernel k\n',
    );
    expect(menu.entries.map((entry) => [entry.title, entry.submenus, entry.path])).toEqual([
      ['a', [], [0]],
      ['Boot', ['Deep'], [1, 0]],
      ['c', [], [2]],
    ]);
    expect(defaultOf(menu)?.id).toBe('b');
  });

  it('opens another config by CONFIG and by a menu module', async () => {
    const menu = await syslinux('default x\nlabel x\nconfig /other/o.cfg /other\nlabel y\nkernel menu.c32\nappend o2.cfg\n', {
      '/other/o.cfg': 'label p\nkernel q\n',
      '/other/q': '',
      [`${HERE}/o2.cfg`]: 'label z\nkernel k\n',
    });
    expect(menu.entries.map(summary)).toEqual(['whole:/other/q []', `whole:${HERE}/k []`]);
    expect(menu.entries[0]?.submenus).toEqual(['x']);
    expect(defaultOf(menu)?.id).toBe('p');
  });

  it('starts Xen through mboot.c32', async () => {
    const menu = await syslinux('label x\ncom32 mboot.c32\nappend -aout xen.gz dom0_mem=1G --- k ro console=hvc0 --- i --- j\n');
    expect(menu.entries[0]?.kind).toBe('xen');
    expect(summary(menu.entries[0])).toBe(`${HERE}/xen.gz {dom0_mem=1G} whole:${HERE}/k [${HERE}/i ${HERE}/j] ro console=hvc0`);
  });

  it('starts Linux through linux.c32 and the first command of ifcpu64.c32', async () => {
    const menu = await syslinux(
      'default p\nlabel a\ncom32 linux.c32\nappend -q k initrd=i ro\nlabel p\ncom32 ifcpu64.c32\nappend a -- b\n',
    );
    expect(summary(menu.entries[0])).toBe(`whole:${HERE}/k [${HERE}/i] ro`);
    expect(defaultOf(menu)?.id).toBe('a');
  });

  it('knows what boots no Linux', async () => {
    const kinds = ['localboot 0', 'com32 chain.c32', 'kernel memdisk', 'kernel x.bin', 'boot x', 'com32 reboot.c32', 'kernel reboot.c32'];
    const menu = await syslinux(kinds.map((line, i) => `label l${i}\n${line}\n`).join(''));
    expect(menu.entries.map((entry) => entry.kind)).toEqual(kinds.map(() => 'other'));
  });

  it('leaves out help texts, and labels run in circles without end', async () => {
    const menu = await syslinux('default a\nlabel a\ntext help\nlabel hidden\nkernel k\nendtext\ncom32 ifcpu64.c32\nappend a\n');
    expect(menu.entries.map((entry) => entry.id)).toEqual(['a']);
    expect(menu.default).toBeNull();
  });

  it('takes backslashes for slashes on FAT', async () => {
    const guest = memoryGuest([
      [{ name: 'msdos1', type: 'vfat', files: { '/SYSLINUX.CFG': 'LABEL a\nKERNEL \\boot\\VMLINUZ\n', '/boot/vmlinuz': 'k' } }],
    ]);
    expect((await readConfig(guest, 'syslinux', '/syslinux.cfg')).entries[0]?.problem).toBeNull();
  });

  it('tells passwords and who needs them', async () => {
    const menu = await syslinux('menu master passwd $4$salt$hash\nlabel a\nmenu passwd $1$x$y\nkernel k\nlabel b\nkernel k\n');
    expect(menu.access).toEqual({
      superusers: [''],
      passwords: [
        { user: '', scheme: 'sha1', secret: '$4$salt$hash' },
        { user: 'label a', scheme: 'md5', secret: '$1$x$y' },
      ],
    });
    expect(menu.entries.map((entry) => entry.users)).toEqual([['label a'], null]);
  });

  it('runs edited lines, and a command as typed at the prompt', async () => {
    const menu = await syslinux('append x=1\nlabel a\nkernel k\n');
    const [first] = menu.entries;
    expect(first?.commands).toBe('kernel k\nAPPEND x=1');
    expect(summary(await menu.run('kernel l\nappend single\ninitrd i', first ?? null))).toBe(`whole:${HERE}/l [${HERE}/i] single`);
    expect(summary(await menu.run('k initrd=i ro', null))).toBe(`whole:${HERE}/k [${HERE}/i] ro`);
  });

  it.each([
    ['include', `include ${PATH}\n`],
    ['menus', 'menu begin a\n'.repeat(100)],
    ['config', `label a\nconfig ${PATH}\n`],
    ['initrd', `label a\nkernel k\nappend initrd=${'i,'.repeat(1000)}\n`],
  ])('names the bound that too much %s reaches', async (_what, text) => {
    await expect(syslinux(text)).rejects.toMatchObject({ kind: 'limit' });
  });
});
