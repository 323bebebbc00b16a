/** Damaged configs and images: each dialect answers or throws a TygrubError, and reads a bounded number of files for it. */
import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../src/boot/dialect.js';
import { guessMenu } from '../../src/boot/guess/index.js';
import { BOOT_DIALECTS } from '../../src/boot/index.js';
import type { BootFile } from '../../src/boot/menu.js';
import { encodeUtf8 } from '../../src/bytes/text.js';
import { TygrubError } from '../../src/errors.js';
import { type Guest, GuestVolume } from '../../src/guest/guest.js';
import { withLimits } from '../../src/limits.js';
import { type Files, memoryGuest } from '../support/directory-filesystem.js';
import { damage, mutations, Random, seed } from '../support/mutation.js';
import { makePe, makeUki } from './support/uki.js';

const LIMITS = withLimits({ scriptSteps: 2000, includes: 20, menuEntries: 200, scriptNesting: 8 });

/** Lookups for one menu: every entry may name `entryFiles` files, but a damaged config of this size cannot. */
const LOOKUPS = 5000;

class CountedFiles extends GuestFiles {
  lookups = 0;

  override async stat(...args: Parameters<GuestFiles['stat']>) {
    this.lookups += 1;
    return super.stat(...args);
  }

  override async open(...args: Parameters<GuestFiles['open']>) {
    this.lookups += 1;
    return super.open(...args);
  }
}

const LEGACY = `default saved\nfallback 1 0\ntimeout=5\npassword --md5 $1$x$y\ntitle a\nroot (hd0,0)\nkernel /k ro root=/dev/sda1 \\
 quiet\ninitrd /i /j\ntitle=xen\nkernel (hd0,0)/xen.gz dom0_mem=1G\nmodule /k a\nmodule /i\ntitle more\nconfigfile /boot/grub/other.lst\ntitle f\nfind --set-root /k\nlock\nchainloader +1\n`;
const SYSLINUX = `ui menu.c32\ndefault b x\ntimeout 50\nappend g=1\ninclude more.cfg\nmenu begin t\nmenu title T\nlabel a\nmenu label ^A\nkernel k\nappend initrd=i,j ro\nlabel b\nlinux k\ninitrd i\ntext help\nx\nendtext\nmenu end\nlabel x\ncom32 mboot.c32\nappend k a --- k b --- i\nlabel c\nconfig more.cfg /\nlabel w\ncom32 ifcpu64.c32\nappend a -- b\n`;
const LILO = `default=b\ntimeout=50\nappend="a \\"b\\" \\\\"\nread-only\nimage = /k\nlabel=a\ninitrd=/i\nroot=UUID=12-34\nimage=/k\nlabel="b c"\nalias=b\nliteral="x"\nother=/dev/sda2\nlabel=dos\n`;
const ENTRY = 'title A\nversion 1.2~rc1\nsort-key x\nmachine-id abc\nlinux /k\ninitrd /i\noptions a b\noptions c\narchitecture x64\n';

/** What is damaged, and how it is read. */
const SUBJECTS: readonly { dialect: string; path: string; damaged: string; content: Uint8Array; others?: Files }[] = [
  {
    dialect: 'grub-legacy',
    path: '/boot/grub/menu.lst',
    damaged: '/boot/grub/menu.lst',
    content: encodeUtf8(LEGACY),
    others: { '/boot/grub/other.lst': LEGACY, '/boot/grub/default': '1\n' },
  },
  {
    dialect: 'syslinux',
    path: '/syslinux.cfg',
    damaged: '/syslinux.cfg',
    content: encodeUtf8(SYSLINUX),
    others: { '/more.cfg': 'label q\nkernel k\n' },
  },
  {
    dialect: 'lilo',
    path: '/etc/lilo.conf',
    damaged: '/etc/lilo.conf',
    content: encodeUtf8(LILO),
    others: { '/etc/fstab': '/dev/sda1 / ext4 x\nUUID=1 /boot ext4 x\n' },
  },
  {
    dialect: 'kboot',
    path: '/kboot.conf',
    damaged: '/kboot.conf',
    content: encodeUtf8("default=a\ntimeout=3\nroot=/dev/sda1\na='/k initrd=/i quiet'\nb=sda1:/k\n"),
  },
  {
    dialect: 'systemd-boot',
    path: '/loader/entries',
    damaged: '/loader/entries/a+3-1.conf',
    content: encodeUtf8(ENTRY),
    others: { '/loader/entries/b.conf': ENTRY },
  },
  {
    dialect: 'systemd-boot',
    path: '/loader/loader.conf',
    damaged: '/loader/loader.conf',
    content: encodeUtf8('default a[0-9]*\\*?.conf\ntimeout 3\npreferred *b*\n'),
    others: { '/loader/entries/b.conf': ENTRY },
  },
  {
    dialect: 'systemd-boot',
    path: '/EFI/Linux',
    damaged: '/EFI/Linux/u.efi',
    content: makeUki(),
    others: { '/loader/entries/b.conf': ENTRY },
  },
  {
    dialect: 'uki',
    path: '/u.efi',
    damaged: '/u.efi',
    content: makePe([
      ['.linux', 'k'],
      ['.osrel', 'ID="x"\n'],
      ['.profile', 'ID=a\n'],
      ['.cmdline', 'x'],
      ['.profile', 'TITLE=b\n'],
      ['.initrd', 'i'],
    ]),
  },
];

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
  }
}

/** Opens what a menu names: sections of images may lie outside of them. */
async function touch(file: BootFile | null): Promise<void> {
  if (file === null || file.size === null) return;
  await attempt(async () => {
    const source = await file.open();
    expect(source.size).toBe(file.size);
    await source.read(0, Math.min(source.size, 16));
  });
}

function guestWith(files: Files): Guest {
  return memoryGuest([[{ name: 'msdos1', files }]], [], LIMITS);
}

describe('damaged boot configurations', () => {
  it.each(SUBJECTS)('$dialect: $damaged', async ({ dialect, path, damaged, content, others }) => {
    const random = new Random(seed());
    const row = BOOT_DIALECTS.find((each) => each.name === dialect);
    if (row === undefined) throw new Error(dialect);
    const bytes = content.slice();
    const guest = guestWith({ '/k': 'k', '/i': 'i', '/j': 'j', '/xen.gz': 'x', ...others, [damaged]: bytes });
    const [volume] = guest.volumes;
    if (!(volume instanceof GuestVolume)) throw new Error('no volume');
    for (let i = 0; i < mutations(1500); i++) {
      const change = damage(bytes, random);
      const files = new CountedFiles(guest, LIMITS);
      const what = `${dialect}, seed ${seed()}, case ${i}: ${change.description}`;
      try {
        await attempt(async () => {
          const menu = await row.read({ volume, path }, files, {});
          expect(menu.default === null || menu.entries[menu.default] !== undefined, what).toBe(true);
          for (const entry of menu.entries.slice(0, 20)) {
            await touch(entry.kernel);
            for (const initrd of entry.initrds) await touch(initrd);
            await attempt(async () => expect((await menu.run(entry.commands, entry)).index).toBe(entry.index));
          }
        });
      } catch (error) {
        throw new Error(what, { cause: error });
      } finally {
        change.undo();
      }
      expect(files.lookups, what).toBeLessThan(LOOKUPS);
    }
  });

  it('guesses from damaged fstab and os-release files', async () => {
    const random = new Random(seed());
    const fstab = encodeUtf8('UUID=1234 / ext4 defaults 0 1\nLABEL=b\\040c /boot ext4 defaults 0 2\n');
    const release = encodeUtf8('NAME="A \\"b\\""\nPRETTY_NAME=\'x\'\n# c\nID=x\n');
    const guest = guestWith({ '/boot/vmlinuz-1': 'k', '/boot/vmlinuz-2~rc': 'k', '/etc/fstab': fstab, '/etc/os-release': release });
    for (let i = 0; i < mutations(500); i++) {
      const changes = [damage(fstab, random), damage(release, random)];
      await attempt(async () => expect((await guessMenu(new GuestFiles(guest, LIMITS), {}))?.entries).toHaveLength(2));
      for (const change of changes) change.undo();
    }
  });
});
