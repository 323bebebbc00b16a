import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../../src/boot/dialect.js';
import { SYSTEMD_BOOT } from '../../../src/boot/systemd-boot/index.js';
import { memoryGuest } from '../../support/directory-filesystem.js';
import { defaultOf, menuOf, readConfig, summary } from '../support/read-config.js';
import { makePe, makeUki } from '../support/uki.js';

const ESP = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';
const XBOOTLDR = 'bc13c2ff-59e6-4262-a352-b275fd6f7172';
const CONF = '/loader/loader.conf';

function entry(name: string, lines: string): Record<string, string> {
  return { [`/loader/entries/${name}`]: lines };
}

/** A menu of entries that all boot /k, in the order of their ids. */
async function order(names: Record<string, string>, conf = ''): Promise<(string | null)[]> {
  const files: Record<string, string> = { '/k': 'k', [CONF]: conf };
  for (const [name, lines] of Object.entries(names)) files[`/loader/entries/${name}`] = `linux /k\n${lines}`;
  const menu = await menuOf('systemd-boot', CONF, files);
  return [...menu.entries.map(({ id }) => id), `default ${defaultOf(menu)?.id}`];
}

describe('systemd-boot', () => {
  it('reads a type 1 entry: several initrds, options joined, quotes around a value dropped, slashes of both kinds', async () => {
    const menu = await menuOf('systemd-boot', '/loader/entries', {
      '/a/k': 'k',
      '/i': 'i',
      '/j': 'j',
      ...entry('x.conf', '# comment\ntitle "A title"\n\nlinux a\\k\ninitrd\t/i\ninitrd j\noptions root=x  y="a b" $z\noptions quiet\n'),
    });
    expect(menu.entries.map((e) => [e.id, e.title, summary(e)])).toEqual([
      ['x.conf', 'A title', 'whole:/a/k [/i /j] root=x  y="a b" $z quiet'],
    ]);
    expect(menu.timeout).toBeNull();
    const edited = await menu.run('linux /a/k\noptions single', menu.entries[0] ?? null);
    expect(summary(edited)).toBe('whole:/a/k [] single');
  });

  it.each([
    ['by file name, newest first', { 'a-5.9.conf': '', 'a-5.10.conf': '', 'b.conf': '' }, ['b.conf', 'a-5.10.conf', 'a-5.9.conf']],
    ['entries with a sort key first', { 'z.conf': '', 'a.conf': 'sort-key x\n' }, ['a.conf', 'z.conf']],
    [
      'by sort key, machine and version',
      {
        '1.conf': 'sort-key b\nversion 1\n',
        '2.conf': 'sort-key a\nmachine-id 2\n',
        '3.conf': 'sort-key a\nmachine-id 1\nversion 1.9\n',
        '4.conf': 'sort-key a\nmachine-id 1\nversion 1.10~rc1\n',
      },
      ['4.conf', '3.conf', '2.conf', '1.conf'],
    ],
    ['those without tries left last', { 'c+0-3.conf': '', 'b+1.conf': '', 'a.conf': '' }, ['b.conf', 'a.conf', 'c.conf']],
  ])('sorts %s', async (_what, names, ids) => {
    expect(await order(names)).toEqual([...ids, `default ${ids[0]}`]);
  });

  it.each([
    ['default a*\n', 'a-2.conf'],
    ['default A-1.CONF\n', 'a-1.conf'],
    ['default [b-z].conf\n', 'c.conf'],
    ['default nothing\n', 'c.conf'],
    ['default @saved\n', 'c.conf'],
    ['default a*\ndefault c*\n', 'c.conf'],
    ['preferred bad*\n', 'c.conf'],
    ['default bad*\n', 'bad.conf'],
  ])('chooses by %j', async (conf, id) => {
    const ids = await order({ 'a-1.conf': '', 'a-2.conf': '', 'c.conf': '', 'bad+0-2.conf': '' }, conf);
    expect(ids[ids.length - 1]).toBe(`default ${id}`);
  });

  it.each([
    ['timeout 7\n', 7],
    ['timeout menu-hidden\n', 0],
    ['timeout menu-force\n', null],
    ['timeout x\n', null],
  ])('takes %j for seconds', async (conf, seconds) => {
    expect((await menuOf('systemd-boot', CONF, { [CONF]: conf, ...entry('a.conf', 'linux /k\n') })).timeout).toBe(seconds);
  });

  it('chooses no entry whose kernel is missing while another one is there', async () => {
    const files = { '/k': '', ...entry('b.conf', 'linux /gone\n'), ...entry('a.conf', 'linux /k\n'), ...entry('c.conf', 'title no\n') };
    expect(defaultOf(await menuOf('systemd-boot', '/loader/entries', files))?.id).toBe('a.conf');
    expect(defaultOf(await menuOf('systemd-boot', '/loader/entries', { ...entry('a.conf', 'linux /gone\n') }))?.id).toBe('a.conf');
  });

  it('tells entries of one title apart', async () => {
    const menu = await menuOf('systemd-boot', '/loader/entries', {
      '/k': '',
      ...entry('b.conf', 'title A\nversion 2\nlinux /k\n'),
      ...entry('a.conf', 'title A\nversion 1\nlinux /k\n'),
    });
    expect(menu.entries.map(({ title }) => title)).toEqual(['A (2)', 'A (1)']);
  });

  it('merges both boot partitions, reads loader.conf from the ESP and leaves other machines out', async () => {
    const guest = memoryGuest([
      [
        {
          name: 'gpt1',
          type: 'vfat',
          partitionType: ESP,
          files: { [CONF]: 'default x*\ntimeout 3\n', '/EFI/Linux/u.efi': makeUki(), '/EFI/BOOT/BOOTX64.EFI': makePe([['.text', '']]) },
        },
        {
          name: 'gpt2',
          partitionType: XBOOTLDR,
          files: { '/k': '', ...entry('x.conf', 'linux /k\n'), ...entry('arm.conf', 'architecture AA64\nlinux /k\n') },
        },
        { name: 'gpt3', files: entry('root.conf', 'linux /k\n') },
      ],
    ]);
    const menu = await readConfig(guest, 'systemd-boot', CONF);
    expect(menu.entries.map(({ id }) => id)).toEqual(['u.efi', 'x.conf']);
    expect(menu.entries.map(summary)).toEqual([
      'gpt1:/EFI/Linux/u.efi [/EFI/Linux/u.efi#.ucode /EFI/Linux/u.efi#.initrd] root=/dev/vda2 ro',
      'gpt2:/k []',
    ]);
    expect(defaultOf(menu)?.id).toBe('x.conf');
    expect(menu.warnings.map(({ code }) => code)).toEqual(['systemd-boot.architecture']);
  });

  it('starts unified kernel images from type 1 entries, whose options replace theirs', async () => {
    const menu = await menuOf('systemd-boot', '/loader/entries', {
      '/u.efi': makeUki(),
      '/shell.efi': makePe([['.text', '']]),
      ...entry('c.conf', 'uki /u.efi\n'),
      ...entry('b.conf', 'efi /u.efi\noptions mine\n'),
      ...entry('a.conf', 'efi /shell.efi\n'),
      ...entry('0.conf', 'uki /u.efi\nprofile 4\n'),
    });
    expect(menu.entries.map((e) => [e.id, e.kind, e.args, e.problem?.code ?? null])).toEqual([
      ['0.conf', 'other', '', 'uki.no-profile'],
      ['c.conf', 'linux', 'root=/dev/vda2 ro', null],
      ['b.conf', 'linux', 'mine', null],
      ['a.conf', 'other', '', null],
    ]);
  });

  it('finds its files below /boot of a root filesystem', async () => {
    const guest = memoryGuest([[{ name: 'whole', files: { '/boot/k': '', '/boot/loader/entries/a.conf': 'linux /k\n' } }]]);
    const [volume] = guest.volumes;
    if (volume === undefined) throw new Error('no volume');
    const files = new GuestFiles(guest, guest.limits);
    const [found] = await SYSTEMD_BOOT.find(files, volume);
    expect(found?.path).toBe('/boot/loader/entries');
    expect(summary((await SYSTEMD_BOOT.read({ volume, path: '/boot/loader/entries' }, files, {})).entries[0])).toBe('whole:/boot/k []');
  });

  it('keeps a broken image from hiding the others', async () => {
    const menu = await menuOf('systemd-boot', '/EFI/Linux', { '/EFI/Linux/a.efi': makeUki(), '/EFI/Linux/b.efi': makeUki().slice(0, 200) });
    expect(menu.entries.map(({ id }) => id)).toEqual(['a.efi']);
    expect(menu.warnings.map(({ code }) => code)).toEqual(['pe.truncated-section-table']);
  });
});
