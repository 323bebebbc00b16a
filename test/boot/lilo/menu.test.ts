import { describe, expect, it } from 'vitest';
import { memoryGuest } from '../../support/directory-filesystem.js';
import { defaultOf, menuOf, readConfig, summary } from '../support/read-config.js';

const PATH = '/etc/lilo.conf';
const KERNELS = { '/boot/k': 'k', '/boot/l': 'l', '/boot/i': 'i' };

function lilo(text: string) {
  return menuOf('lilo', PATH, { ...KERNELS, [PATH]: text });
}

describe('a LILO config', () => {
  it.each([
    ['image=/boot/k\nread-only\nroot=/dev/sda1\nappend="quiet splash"\n', 'ro root=/dev/sda1 quiet splash'],
    ['read-only\nappend="a b"\nimage=/boot/k\n', 'ro a b'],
    ['append="global"\nimage=/boot/k\nappend="own"\n', 'own'],
    ['append="global"\nimage=/boot/k\naddappend="more"\n', 'global more'],
    ['read-only\nimage=/boot/k\nread-write\n', 'rw'],
    ['image=/boot/k\nroot="UUID=12-34"\nliteral="only this"\n', 'only this'],
    ['image=/boot/k\nroot=LABEL=/\n', 'root=LABEL=/'],
    ['image=/boot/k append="say \\"x\\" and \\\\"\n', 'say "x" and \\'],
    ['image = /boot/k\nappend = "one \\\n    two"\n', 'one  two'],
    ['image=/boot/k # kernel\nappend=a#b\n', 'a#b'],
    ['image\n=\n/boot/k append\n=x\n', 'x'],
    ['image[64bit] = /boot/k\nappend = x\n', 'x'],
  ])('makes a command line of %j', async (text, args) => {
    expect(summary((await lilo(text)).entries[0])).toBe(`whole:/boot/k [] ${args}`);
  });

  it('takes the initrd of the image or the global one', async () => {
    const menu = await lilo('initrd=/boot/i\nimage=/boot/k\nimage=/boot/l\ninitrd=/boot/k\n');
    expect(menu.entries.map(summary)).toEqual(['whole:/boot/k [/boot/i]', 'whole:/boot/l [/boot/k]']);
  });

  it.each([
    ['default=b\n', 'b'],
    ['default=bee\n', 'b'],
    ['default=l\n', 'l'],
    ['default=nowhere\n', 'a'],
    ['', 'a'],
  ])('chooses by %j', async (globals, label) => {
    const menu = await lilo(`${globals}image=/boot/k label=a\nimage=/boot/k label=b alias=bee\nimage=/boot/l\n`);
    expect(defaultOf(menu)?.title).toBe(label);
  });

  it('lists other systems, counts tenths of a second, and knows passwords', async () => {
    const menu = await lilo(
      'timeout=50\npassword=x\nimage=/boot/k\nlabel=a\nimage=/boot/l\nrestricted\nother=/dev/hda2\nlabel=DOS\nbypass\n',
    );
    expect(menu.timeout).toBe(5);
    expect(menu.entries.map((entry) => [entry.title, entry.kind, entry.users])).toEqual([
      ['a', 'linux', []],
      ['l', 'linux', null],
      ['DOS', 'other', null],
    ]);
    expect(menu.access?.superusers).toEqual(['']);
  });

  it('finds files below a mount point on the volume that fstab mounts there', async () => {
    const guest = memoryGuest([
      [
        { name: 'msdos1', files: { '/k': '', '/i': '' }, uuid: 'AB-12' },
        {
          name: 'msdos2',
          files: { [PATH]: 'image=/boot/k initrd=/boot/i\n', '/boot/': '', '/etc/fstab': '# x\nUUID=ab-12 /boot ext2 ro 0 0\n' },
        },
      ],
    ]);
    expect(summary((await readConfig(guest, 'lilo', PATH, 'msdos2')).entries[0])).toBe('msdos1:/k [/i]');
  });

  it('reads an elilo.conf beside its files, with a hypervisor', async () => {
    const path = '/EFI/redhat/elilo.conf';
    const files = { [path]: 'image=vmlinuz\nvmm=xen.gz\nappend="dom0_mem=1G -- ro quiet"\ninitrd=initrd\n' };
    const menu = await menuOf('lilo', path, { ...files, '/EFI/redhat/vmlinuz': '', '/EFI/redhat/xen.gz': '', '/EFI/redhat/initrd': '' });
    expect(summary(menu.entries[0])).toBe('/EFI/redhat/xen.gz {dom0_mem=1G} whole:/EFI/redhat/vmlinuz [/EFI/redhat/initrd] ro quiet');
    expect(menu.entries[0]?.problem).toBeNull();
  });

  it('runs the edited lines of an image with the globals of the config', async () => {
    const menu = await lilo('read-only\nimage=/boot/k\nlabel=a\nappend="x \\"y\\""\n');
    const [entry] = menu.entries;
    expect(entry?.commands).toBe('image = /boot/k\nlabel = a\nappend = "x \\"y\\""');
    expect(summary(await menu.run(entry?.commands ?? '', entry ?? null))).toBe(summary(entry));
    expect(summary(await menu.run('image=/boot/l append=single', null))).toBe('whole:/boot/l [] ro single');
    await expect(menu.run('append=single', null)).rejects.toMatchObject({ code: 'lilo.no-image' });
  });

  it('says where a quote is not closed', async () => {
    await expect(lilo('image=/boot/k\nappend="x\n')).rejects.toMatchObject({ code: 'lilo.unclosed-quote' });
  });
});
