import { describe, expect, it } from 'vitest';
import { memoryGuest } from '../../support/directory-filesystem.js';
import { defaultOf, menuOf, readConfig, summary } from '../support/read-config.js';

const PATH = '/boot/grub/menu.lst';
const KERNELS = { '/k0': 'k', '/k1': 'k', '/k2': 'k', '/i': 'i', '/j': 'j' };

function legacy(text: string, files: Record<string, string> = KERNELS) {
  return menuOf('grub-legacy', PATH, { ...files, [PATH]: text });
}

const THREE = 'title a\nkernel /k0\ntitle b\nkernel /k1\ntitle c\nkernel /k2\n';

describe('a GRUB legacy menu', () => {
  it('passes the rest of a kernel line to Linux as it is, tabs as blanks', async () => {
    const menu = await legacy('title a\n\tkernel --no-mem-option /k0 root=/dev/sda1 "a b"\tquiet\n\tinitrd /i\n');
    expect(summary(menu.entries[0])).toBe('whole:/k0 [/i] root=/dev/sda1 "a b" quiet');
    expect(menu.entries[0]?.commands).toBe('kernel --no-mem-option /k0 root=/dev/sda1 "a b" quiet\ninitrd /i');
  });

  it('takes several files of one initrd line, and only the last initrd line', async () => {
    const menu = await legacy('title a\nkernel /k0\ninitrd /k1\ninitrd /i /j\n');
    expect(summary(menu.entries[0])).toBe('whole:/k0 [/i /j]');
  });

  it('joins lines that end in a backslash, also comments, and drops carriage returns', async () => {
    const menu = await legacy('# comment \\\ntitle hidden\r\ntitle a\r\nkernel /k0 one\\\r\n two\r\n');
    expect(menu.entries.map((entry) => entry.title)).toEqual(['a']);
    expect(summary(menu.entries[0])).toBe('whole:/k0 [] one  two');
  });

  it.each([
    ['default 1\n', 'b'],
    ['default=2\n', 'c'],
    ['default 0x1\n', 'b'],
    ['default b\n', 'a'],
    ['default 7\n', 'a'],
    ['default 7\nfallback 9 2\n', 'c'],
    ['', 'a'],
  ])('chooses by %j', async (globals, title) => {
    expect(defaultOf(await legacy(globals + THREE))?.title).toBe(title);
  });

  it('reads a saved default from the file beside the config', async () => {
    const menu = await legacy(`default saved\n${THREE}`, { ...KERNELS, '/boot/grub/default': '2\n#\n#\n' });
    expect(defaultOf(menu)?.title).toBe('c');
    expect(defaultOf(await legacy(`default saved\n${THREE}`))?.title).toBe('a');
  });

  it('falls back where the kernel or the initrd of the default is missing', async () => {
    const text = 'fallback 1 2\ntitle a\nkernel /gone\ntitle b\nkernel /k0\ninitrd /gone\ntitle c\nkernel /k2\n';
    const menu = await legacy(text);
    expect(defaultOf(menu)?.title).toBe('c');
    expect(menu.entries[0]?.problem?.code).toBe('boot.file-not-found');
  });

  it('keeps the default where nothing can boot, so that the reason is shown', async () => {
    expect(defaultOf(await legacy('default 1\nfallback 0\ntitle a\nkernel /x\ntitle b\nkernel /y\n'))?.title).toBe('b');
  });

  it('does not count titles without commands that GRUB knows', async () => {
    const menu = await legacy('default 1\ntitle heading\ntitle a\nkernel /k0\ntitle odd\nimage /k1\ntitle b\nkernel /k1\n');
    expect(defaultOf(menu)?.title).toBe('b');
    expect(menu.entries.map((entry) => [entry.title, entry.problem?.code ?? null])).toEqual([
      ['heading', 'grub-legacy.empty-title'],
      ['a', null],
      ['odd', 'grub-legacy.empty-title'],
      ['b', null],
    ]);
    expect(menu.warnings.map((warning) => [warning.code, warning.line])).toContainEqual(['grub-legacy.unknown-command', 6]);
  });

  it('counts disks and partitions from 0, logical partitions from 4', async () => {
    const guest = memoryGuest([
      [
        { name: 'msdos1', files: { '/k': '1' } },
        {
          name: 'msdos2',
          files: { '/grub/menu.lst': 'title a\nroot (hd0,4)\nkernel /k\ninitrd (hd1,0)/i\ntitle b\nkernel /k\n', '/k': '2' },
        },
        { name: 'msdos5', files: { '/k': '5' } },
      ],
      [{ name: 'gpt1', files: { '/i': '' } }],
    ]);
    const menu = await readConfig(guest, 'grub-legacy', '/grub/menu.lst', 'msdos2');
    expect(summary(menu.entries[0])).toBe('msdos5:/k [/i]');
    expect(menu.entries[0]?.initrds[0]?.volume).toBe('hd1,gpt1');
    expect(summary(menu.entries[1])).toBe('msdos2:/k []');
  });

  it('takes any partition of a disk without a table for the whole disk, and says so', async () => {
    const menu = await legacy('title a\nroot (hd0,0)\nkernel /k0\n');
    expect(menu.entries[0]?.problem).toBeNull();
    expect(menu.warnings.map((warning) => warning.code)).toEqual(['grub-legacy.no-partition-table']);
  });

  it.each([
    ['root (hd5,0)', 'grub-legacy.no-device'],
    ['root /dev/hda3', 'grub-legacy.bad-device'],
    ['uuid 1234-5678', 'grub-legacy.no-device'],
    ['find --set-root /nowhere', 'grub-legacy.file-not-found'],
  ])('cannot boot after %s, but still shows the kernel', async (line, code) => {
    const menu = await legacy(`title a\n${line}\nkernel /k0\n`);
    expect(menu.entries[0]?.problem?.code).toBe(code);
    expect(menu.entries[0]?.kernel?.path).toBe('/k0');
  });

  it('finds devices by UUID and by a file', async () => {
    const guest = memoryGuest([
      [
        { name: 'msdos1', files: { [PATH]: 'title a\nuuid ABCD-1234\nkernel /k\ntitle b\nfind --set-root /mark\nkernel /k\n' } },
        { name: 'msdos2', files: { '/k': '' }, uuid: 'abcd-1234' },
        { name: 'msdos3', files: { '/k': '', '/mark': '' } },
      ],
    ]);
    const menu = await readConfig(guest, 'grub-legacy', PATH);
    expect(menu.entries.map(summary)).toEqual(['msdos2:/k []', 'msdos3:/k []']);
  });

  it('takes the first module for the kernel of a hypervisor', async () => {
    const menu = await legacy('title x\nkernel /k0 dom0_mem=1G\nmodule /k1 ro console=hvc0\nmodule /i\n');
    expect(menu.entries[0]?.kind).toBe('xen');
    expect(summary(menu.entries[0])).toBe('/k0 {dom0_mem=1G} whole:/k1 [/i] ro console=hvc0');
  });

  it('refuses a module for a Linux kernel', async () => {
    const kernel = `${'\0'.repeat(0x202)}HdrS${'\0'.repeat(64)}`;
    const menu = await legacy('title x\nkernel /k0\nmodule /i\n', { ...KERNELS, '/k0': kernel });
    expect(menu.entries[0]?.problem?.code).toBe('grub-legacy.not-multiboot');
  });

  it('puts the entries of another menu in its place', async () => {
    const other = 'default 1\ntitle x\nkernel /k0\ntitle y\nkernel /k1\n';
    const menu = await legacy('default 1\ntitle a\nkernel /k2\ntitle more\nconfigfile /other.lst\n', { ...KERNELS, '/other.lst': other });
    expect(menu.entries.map((entry) => [entry.title, entry.submenus, entry.path])).toEqual([
      ['a', [], [0]],
      ['x', ['more'], [1, 0]],
      ['y', ['more'], [1, 1]],
    ]);
    expect(defaultOf(menu)?.title).toBe('y');
  });

  it('names the bound when menus open each other without end', async () => {
    await expect(legacy(`title a\nconfigfile ${PATH}\n`)).rejects.toMatchObject({ kind: 'limit' });
  });

  it('tells who may edit and boot', async () => {
    const menu = await legacy(
      'password --md5 $1$abc\ntitle a\nlock\nkernel /k0\ntitle b\npassword secret\nkernel /k1\ntitle c\nkernel /k2\n',
    );
    expect(menu.access).toEqual({
      superusers: [''],
      passwords: [
        { user: '', scheme: 'md5', secret: '$1$abc' },
        { user: 'entry 1', scheme: 'plain', secret: 'secret' },
      ],
    });
    expect(menu.entries.map((entry) => entry.users)).toEqual([[], ['entry 1'], null]);
  });

  it('runs edited commands from the device of the menu', async () => {
    const menu = await legacy(THREE);
    const entry = await menu.run('kernel /k2 single\ninitrd /i', menu.entries[1] ?? null);
    expect(summary(entry)).toBe('whole:/k2 [/i] single');
    expect([entry.index, entry.title]).toEqual([1, 'b']);
    expect((await menu.run('kernel /k0', null)).index).toBe(-1);
  });

  it('refuses a config without titles', async () => {
    await expect(legacy('default 0\n')).rejects.toMatchObject({ code: 'grub-legacy.no-entries' });
  });
});
