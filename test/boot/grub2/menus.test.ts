/** What a menu comes to: rules that grub-emu cannot be asked about, and what tygrub adds. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../../src/boot/dialect.js';
import { GRUB2 } from '../../../src/boot/grub2/index.js';
import { type BootOptions, explain, readBootMenu } from '../../../src/boot/index.js';
import { type Files, memoryGuest } from '../../support/directory-filesystem.js';
import { skip, tool } from '../../support/requirements.js';

const KERNELS = { '/vmlinuz': 'kernel', '/vmlinuz-2': 'kernel 2', '/initrd': 'initrd', '/early.img': 'ucode', '/initrd-2': 'initrd 2' };

async function menuOf(config: string, files: Files = {}, options: BootOptions = {}) {
  const guest = memoryGuest([
    [{ name: 'msdos1', uuid: 'aaaa-bbbb', label: 'boot', files: { ...KERNELS, ...files, '/grub2/grub.cfg': config } }],
  ]);
  const [volume] = guest.volumes;
  if (volume === undefined) throw new Error('no volume');
  return GRUB2.read({ volume, path: '/grub2/grub.cfg' }, new GuestFiles(guest, guest.limits), options);
}

const entry = (id: string, body = 'linux /vmlinuz\ninitrd /initrd') => `menuentry '${id} title' --id ${id} {\n${body}\n}\n`;
const REDHAT: BootOptions = { grubFlavour: 'redhat' };
const bls = (version: string, rest = '') =>
  `title Fedora (${version})\nversion ${version}\nlinux /vmlinuz\ninitrd /initrd\noptions root=/dev/sda ro\n${rest}`;

describe("Red Hat's rules", () => {
  it('match ids before titles, and numbers only alone', async () => {
    const config = `${entry('one')}${entry('6.1.0-9')}submenu sub {\n${entry('inner')}}\n`;
    const chosen = async (wanted: string, options: BootOptions) => {
      const menu = await menuOf(`${config}set default='${wanted}'\n`, {}, options);
      return menu.entries[menu.default ?? -1]?.id;
    };
    expect(await chosen('6.1.0-9', REDHAT)).toBe('6.1.0-9');
    expect(await chosen('6.1.0-9', { grubFlavour: 'upstream' })).toBe('one'); // the number 6: out of range
    expect(await chosen('2>0', { grubFlavour: 'upstream' })).toBe('inner');
    expect(await chosen('2>0', REDHAT)).toBe('one');
    expect(await chosen('1 2', REDHAT)).toBe('one');
    expect(await chosen('1 2', { grubFlavour: 'upstream' })).toBe('6.1.0-9');
    expect(await chosen('1 ', REDHAT)).toBe('6.1.0-9');
  });

  it('let submenus see all variables, and entries fail with their last command', async () => {
    const config = `set v=seen\nsubmenu s {\n${entry('x', 'linux /vmlinuz v=$v')}}\n${entry('y', 'linux /vmlinuz\ninitrd /none')}`;
    expect((await menuOf(config, {}, REDHAT)).entries[0]?.args).toBe('v=seen');
    expect((await menuOf(config, {}, { grubFlavour: 'upstream' })).entries[0]?.args).toBe('v=');
    const failing = `${entry('y', 'linux /vmlinuz\ninitrd /none')}${entry('z')}set fallback=z\n`;
    expect((await menuOf(failing, {}, REDHAT)).default).toBe(1);
    expect((await menuOf(failing, {}, { grubFlavour: 'upstream' })).default).toBe(0);
  });

  it('keep hexadecimal escapes for the kernel', async () => {
    const config = entry('x', 'linux /vmlinuz root=live:LABEL=Fedora\\x2042 "quoted arg" it\\\'s');
    expect((await menuOf(config, {}, REDHAT)).entries[0]?.args).toBe('root=live:LABEL=Fedora\\x2042 "quoted arg" it\\\'s');
    expect((await menuOf(config, {}, { grubFlavour: 'upstream' })).entries[0]?.args).toBe(
      'root=live:LABEL=Fedorax2042 "quoted arg" it\\\'s',
    );
  });
});

describe('blscfg', () => {
  const entries = (files: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(files).map(([id, text]) => [`/loader/entries/${id}.conf`, text]));

  it('orders entries by name, version and release, newest first', async () => {
    const files = entries({
      'm-5.9.0-1.fc33': bls('5.9'),
      'm-5.10.0-1.fc33': bls('5.10'),
      'm-0-rescue': bls('rescue'),
      'm-5.10.0-1.fc33.x86_64+debug': bls('debug'),
      'z-4.0-1': bls('other'),
    });
    const menu = await menuOf('blscfg\n', files);
    expect(menu.entries.map(({ id }) => id)).toEqual([
      'z-4.0-1',
      'm-5.10.0-1.fc33.x86_64+debug',
      'm-5.10.0-1.fc33',
      'm-5.9.0-1.fc33',
      'm-0-rescue',
    ]);
  });

  it('puts variables into options as they are when it runs, losing a last single character', async () => {
    const text = bls('1').replace('options root=/dev/sda ro', 'options $kernelopts $tuned 3');
    const menu = await menuOf('set kernelopts="root=UUID=x ro"\nblscfg\nset kernelopts=late\n', entries({ 'a-1': text }));
    expect(menu.entries[0]?.args).toBe('root=UUID=x ro');
    const none = await menuOf('set default_kernelopts="quiet splash"\nblscfg\n', entries({ 'a-1': text.replace(/^options.*\n/m, '') }));
    expect(none.entries[0]?.args).toBe('quiet splash');
  });

  it('reads several initrds, with those of $early_initrd first, and stops at an empty line', async () => {
    const menu = await menuOf(
      'set early_initrd="early.img"\nblscfg\n',
      entries({ 'a-2': bls('2', 'initrd /initrd-2\n'), 'a-1': bls('1').replace('initrd', '\ninitrd') }),
    );
    expect(menu.entries.map(({ initrds }) => initrds.map(({ path }) => path))).toEqual([
      ['/early.img', '/initrd', '/initrd-2'],
      ['/early.img'],
    ]);
    expect(menu.warnings.map(({ code, file, line }) => [code, file, line])).toContainEqual([
      'bls.cut-off',
      'msdos1:/loader/entries/a-1.conf',
      4,
    ]);
  });

  it('finds the saved entry, also where its file name was saved', async () => {
    const files = entries({ 'm-2-1': bls('2'), 'm-1-1': bls('1') });
    const chosen = async (saved: string) => {
      const menu = await menuOf('load_env\nset default="$saved_entry"\nblscfg\n', {
        ...files,
        '/grub2/grubenv': `# GRUB Environment Block\nsaved_entry=${saved}\n#####`,
      });
      return menu.entries[menu.default ?? -1]?.id;
    };
    expect(await chosen('m-1-1')).toBe('m-1-1');
    expect(await chosen('m-1-1.conf')).toBe('m-1-1');
    expect(await chosen('gone')).toBe('m-2-1');
    expect(await chosen('1')).toBe('m-1-1');
  });

  it('is told by the place and words of the config', async () => {
    const rules = async (config: string) => (await menuOf(config, entries({ 'm-1-1': bls('1') }))).details?.rules;
    expect(await rules('blscfg\n')).toContain("Red Hat's");
    expect(await rules(`${entry('x')}### BEGIN /etc/grub.d/01_users ###\n`)).toContain('01_users');
    expect(await rules(entry('x'))).toContain("upstream's");
  });
});

describe("other loaders' configs", () => {
  it('are read by their own rules', async () => {
    const menu = await menuOf('legacy_configfile /menu.lst\n', {
      '/menu.lst':
        'default 1\ntimeout 7\ntitle Old\nroot (hd0,0)\nkernel /vmlinuz a\ntitle New\nroot (hd0,0)\nkernel /vmlinuz-2 b\ninitrd /initrd\n',
    });
    expect(menu.entries.map(({ title, args, kernel }) => [title, args, kernel?.path])).toEqual([
      ['Old', 'a', '/vmlinuz'],
      ['New', 'b', '/vmlinuz-2'],
    ]);
    expect([menu.default, menu.timeout]).toEqual([1, 7]);
    const nested = await menuOf(`${entry('own')}menuentry other { syslinux_configfile /isolinux.cfg }\n`, {
      '/isolinux.cfg': 'DEFAULT x\nLABEL x\nKERNEL /vmlinuz-2\nAPPEND initrd=/initrd quiet\n',
    });
    expect(nested.entries.map(({ title, submenus, kernel }) => [title, submenus, kernel?.path])).toEqual([
      ['own title', [], '/vmlinuz'],
      ['x', ['other'], '/vmlinuz-2'],
    ]);
  });
});

describe('a menu', () => {
  it('has entries that do not see what other entries do', async () => {
    const menu = await menuOf(`${entry('a', 'set root=nowhere\nset x=1\nsave_env x\nlinux /none')}${entry('b', 'linux /vmlinuz x=$x')}`);
    expect(menu.entries[1]?.args).toBe('x=');
    expect(menu.entries.map(({ problem, kernel }) => [problem?.code ?? null, kernel?.size])).toEqual([
      ['grub2.no-device', null],
      [null, 6],
    ]);
  });

  it('runs edited commands in the place of an entry', async () => {
    const menu = await menuOf(`set v=main\nexport w\nset w=exported\nsubmenu s {\nset v=sub\n${entry('x')}}\n`);
    const [first] = menu.entries;
    if (first === undefined) throw new Error('no entry');
    const edited = await menu.run('linux /vmlinuz-2 $v $w "$1"\ninitrd /initrd /initrd-2\n', first);
    expect([edited.index, edited.args, edited.kernel?.path, edited.initrds.length]).toEqual([0, 'sub exported "x title"', '/vmlinuz-2', 2]);
    const typed = await menu.run('linux /vmlinuz $v', null);
    expect([typed.index, typed.args]).toEqual([-1, 'main']);
    expect((await menu.run(first.commands, first)).kernel?.path).toBe('/vmlinuz');
  });

  it('tells how its default was chosen', async () => {
    const menu = await readBootMenu(
      memoryGuest([
        [
          {
            name: 'msdos1',
            files: {
              ...KERNELS,
              '/grub2/grub.cfg': `load_env\nset default="\${saved_entry}"\n${entry('a')}${entry('b')}`,
              '/grub2/grubenv': '# GRUB Environment Block\nsaved_entry=b\n',
            },
          },
        ],
      ]),
    );
    const told = explain(menu);
    expect(told.steps).toEqual([
      'msdos1:/grub2/grub.cfg (grub2, boot partition) was read',
      "upstream's rules of GRUB 2 apply: the config has no mark of Red Hat",
      '$default is "b" (set at msdos1:/grub2/grub.cfg:2): it is the id of "b title"',
    ]);
    expect(told.environment).toEqual([{ file: 'msdos1:/grub2/grubenv', name: 'saved_entry', value: 'b' }]);
    expect(told.entry).toMatchObject({
      index: 1,
      isDefault: true,
      files: [{ role: 'kernel', path: '/vmlinuz', size: 6 }, { role: 'initrd' }],
    });
    expect(told.variables).toContainEqual({ name: 'default', value: 'b', file: 'msdos1:/grub2/grub.cfg', line: 2 });
  });

  it('knows who may edit, and who may boot', async () => {
    const menu = await menuOf(
      `set superusers="root, admin"\npassword root secret\npassword_pbkdf2 admin grub.pbkdf2.sha512.1.aa.bb\n${entry('a')}menuentry b --unrestricted { linux /vmlinuz }\nmenuentry c --users "x y" { linux /vmlinuz }\n`,
    );
    expect(menu.access).toEqual({
      superusers: ['root', 'admin'],
      passwords: [
        { user: 'root', scheme: 'plain', secret: 'secret' },
        { user: 'admin', scheme: 'pbkdf2', secret: 'grub.pbkdf2.sha512.1.aa.bb' },
      ],
    });
    expect(menu.entries.map(({ users }) => users)).toEqual([[], null, ['x', 'y']]);
  });

  it.skipIf(skip('archives that GRUB makes', tool('cpio', 'apt-get install cpio')))(
    'packs files that are given a name for the initrd',
    async () => {
      const menu = await menuOf(entry('x', 'linux /vmlinuz\ninitrd /initrd newc:etc/deep/name:/early.img newc:b:/vmlinuz'));
      const [, first, second] = menu.entries[0]?.initrds ?? [];
      if (first === undefined || second === undefined) throw new Error('no initrds');
      const source = await first.open();
      const bytes = await source.read(0, source.size);
      expect([first.part, first.size, second.size]).toEqual(['newc:etc/deep/name', source.size, (await second.open()).size]);
      const listed = spawnSync('cpio', ['-i', '--to-stdout', 'etc/deep/name'], { input: bytes });
      expect(listed.stdout.toString()).toBe('ucode');
      expect(spawnSync('cpio', ['-t'], { input: bytes }).stdout.toString()).toBe('etc\netc/deep\netc/deep/name\n');
    },
  );

  it('takes the kernel of a Xen entry for the kernel', async () => {
    const menu = await menuOf(
      entry(
        'xen',
        'multiboot2 /vmlinuz-2 placeholder dom0_mem=1G\nmodule2 --nounzip /early.img ucode\nmodule2 /vmlinuz placeholder root=/dev/sda ro\nmodule2 --nounzip /initrd',
      ),
    );
    const [xen] = menu.entries;
    expect([
      xen?.kind,
      xen?.args,
      xen?.kernel?.path,
      xen?.initrds.map(({ path }) => path),
      xen?.hypervisor?.path,
      xen?.hypervisor?.args,
    ]).toEqual(['xen', 'root=/dev/sda ro', '/vmlinuz', ['/initrd'], '/vmlinuz-2', 'dom0_mem=1G']);
  });

  it('takes what follows a menu that a config opens for granted', async () => {
    const menu = await menuOf('extract_entries_source /other.cfg\nextract_entries_configfile /third.cfg\n', {
      '/other.cfg': `echo no\nset default=1\n${entry('taken')}`,
      '/third.cfg': entry('third'),
    });
    expect(menu.entries.map(({ id }) => id)).toEqual(['third']);
    const listed = await menuOf(`extract_entries_source /other.cfg\n${entry('own')}`, {
      '/other.cfg': `echo no\nset default=1\n${entry('taken')}`,
    });
    expect([listed.entries.map(({ id }) => id), listed.default]).toEqual([['taken', 'own'], 0]);
    expect(listed.warnings.map(({ code }) => code)).toContain('grub2.extractor');
  });
});
