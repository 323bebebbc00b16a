/**
 * Unified kernel images in GRUB's menu: `uki` of GRUB 2.14, `chainloader`, and `blscfg` by upstream's rules. What is expected is
 * what GRUB's own code does (grub-core/commands/blsuki.c); no GRUB 2.14 is asked here.
 */
import { describe, expect, it } from 'vitest';
import { defaultOf, menuOf, summary } from '../support/read-config.js';
import { makePe, makeUki } from '../support/uki.js';

const CONFIG = '/boot/grub/grub.cfg';

/** A kernel by its setup header alone. */
function bzImage(): Uint8Array {
  const bytes = new Uint8Array(1024);
  bytes.set(new TextEncoder().encode('HdrS'), 0x202);
  return bytes;
}

const lines = (menu: Awaited<ReturnType<typeof menuOf>>): string[] => menu.entries.map((entry) => `${entry.id}: ${summary(entry)}`);

describe('uki', () => {
  const images = {
    '/EFI/Linux/a-1.9.efi': makeUki({ cmdline: 'root=/dev/a ro' }),
    '/EFI/Linux/a-1.10.efi': makeUki({ cmdline: 'root=/dev/b "x y"\n' }),
    '/EFI/Linux/untitled.efi': makePe([
      ['.linux', 'k'],
      ['.osrel', 'ID=x\n'],
    ]),
    '/EFI/Linux/other.efi': makePe([['.text', 'x']]),
    '/EFI/Linux/README': 'x',
  };

  it('makes an entry of each image that has a PRETTY_NAME, the newest name first', async () => {
    const menu = await menuOf('grub2', CONFIG, { ...images, [CONFIG]: 'uki\n' });
    expect(lines(menu)).toEqual([
      'a-1.10.efi: whole:/EFI/Linux/a-1.10.efi [/EFI/Linux/a-1.10.efi#.ucode /EFI/Linux/a-1.10.efi#.initrd] root=/dev/b x y',
      'a-1.9.efi: whole:/EFI/Linux/a-1.9.efi [/EFI/Linux/a-1.9.efi#.ucode /EFI/Linux/a-1.9.efi#.initrd] root=/dev/a ro',
    ]);
    expect(menu.entries.map(({ title }) => title)).toEqual(['Test OS', 'Test OS']);
    expect(defaultOf(menu)?.kernel).toMatchObject({ part: '.linux' });
    expect(menu.warnings.map(({ file }) => file).sort()).toEqual(['whole:/EFI/Linux/other.efi', 'whole:/EFI/Linux/untitled.efi']);
  });

  it.each([
    ['uki -d', ['a-1.10.efi']],
    ['uki -n', ['a-1.9.efi']],
    ['uki -e a-1.9.efi', ['a-1.9.efi']],
    ['uki --path /EFI/Linux/a-1.9.efi', ['a-1.9.efi']],
    ['uki --path /nothing', []],
    ['uki --path /nothing -f', ['a-1.10.efi', 'a-1.9.efi']],
    ['uki surplus', []],
    ['uki; uki', ['a-1.10.efi', 'a-1.9.efi', 'a-1.10.efi', 'a-1.9.efi']],
  ])('takes its options: %s', async (command, ids) => {
    const rest = 'menuentry last { linux /k }\n';
    const menu = await menuOf('grub2', CONFIG, { ...images, '/k': 'k', [CONFIG]: `default=a-1.10.efi\n${command}\n${rest}` });
    expect(menu.entries.map(({ id }) => id)).toEqual([...ids, 'last']);
  });
});

describe('chainloader', () => {
  const boots = async (command: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> => {
    const menu = await menuOf('grub2', CONFIG, { ...files, [CONFIG]: `menuentry e {\n${command}\n}\n` });
    return `${summary(menu.entries[0])} | ${menu.entries[0]?.problem?.code ?? 'boots'}`;
  };
  const profiles = makePe([
    ['.linux', 'k'],
    ['.cmdline', 'common'],
    ['.profile', 'ID=one\nTITLE=One\n'],
    ['.profile', 'ID=two\nTITLE=Two\n'],
    ['.cmdline', 'second'],
  ]);

  it.each([
    [
      'a unified kernel image with its own arguments',
      'chainloader /u.efi',
      'whole:/u.efi [/u.efi#.ucode /u.efi#.initrd] root=/dev/vda2 ro | boots',
    ],
    ['with other arguments', 'chainloader /u.efi a "b c"', 'whole:/u.efi [/u.efi#.ucode /u.efi#.initrd] a b c | boots'],
    ['a profile', 'chainloader /p.efi @1', 'whole:/p.efi [] second | boots'],
    ['a profile with arguments', 'chainloader --force /p.efi @0 x', 'whole:/p.efi [] x | boots'],
    ['a profile that is not there', 'chainloader /p.efi @7', 'boots nothing | boots'],
    [
      'a kernel that is an EFI program',
      'chainloader /EFI/v root=x initrd=\\\\EFI\\\\i',
      'whole:/EFI/v [/EFI/i] root=x initrd=\\EFI\\i | boots',
    ],
    ['another program', 'chainloader /shim.efi', 'boots nothing | boots'],
    ['a file that is not there', 'chainloader /none.efi', 'boots nothing | grub2.file-missing'],
    ['a device that is not there', 'chainloader (hd9,gpt1)/x.efi', 'boots nothing | grub2.no-device'],
  ])('boots %s', async (_what, command, wanted) => {
    const files = { '/u.efi': makeUki(), '/p.efi': profiles, '/EFI/v': bzImage(), '/EFI/i': 'i', '/shim.efi': makePe([['.text', 'x']]) };
    expect(await boots(command, files)).toBe(wanted);
  });

  it('adds the arguments of add-ons to those that it was given', async () => {
    const files = { '/u.efi': makeUki(), '/u.efi.extra.d/a.addon.efi': makePe([['.cmdline', 'from_addon']]) };
    expect(await boots('chainloader /u.efi own', files)).toContain('own from_addon |');
  });
});

describe("upstream's blscfg", () => {
  const entry = (version: string, more = ''): string => `title T ${version}\nlinux /v-${version}\n${more}options a b\ninitrd /i /j\n`;
  const files = {
    '/v-1.9': 'k',
    '/v-1.10': 'k',
    '/i': 'i',
    '/j': 'j',
    '/loader/entries/m-1.9.conf': entry('1.9'),
    '/loader/entries/m-1.10.conf': entry('1.10'),
    '/boot/loader/entries/x.conf': entry('1.9'),
  };

  it('orders file names by their versions, reads each directory anew and looks nowhere else', async () => {
    const menu = await menuOf('grub2', CONFIG, { ...files, [CONFIG]: 'blscfg\nblscfg -e m-1.9.conf\n' });
    expect(lines(menu)).toEqual([
      'm-1.10: whole:/v-1.10 [/i /j] a b',
      'm-1.9: whole:/v-1.9 [/i /j] a b',
      'm-1.9: whole:/v-1.9 [/i /j] a b',
    ]);
  });

  it('ends a file at a line whose value is blanks', async () => {
    const menu = await menuOf('grub2', CONFIG, {
      '/v-1.9': 'k',
      '/loader/entries/m.conf': entry('1.9', 'version   \n'),
      [CONFIG]: 'blscfg\n',
    });
    expect(lines(menu)).toEqual(['m: whole:/v-1.9 []']);
  });
});

it('names ZFS where a path lies in a dataset', async () => {
  const menu = await menuOf('grub2', CONFIG, {
    [CONFIG]: 'menuentry pve {\nlinux /ROOT/pve-1@/boot/vmlinuz root=ZFS=rpool/ROOT/pve-1\n}\n',
  });
  expect(menu.entries[0]?.problem).toMatchObject({ code: 'grub2.zfs', message: expect.stringContaining('ZFS') });
});
