import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readBootMenu } from '../../src/boot/index.js';
import { type DescribeOptions, describeEntry, type EntryDetails } from '../../src/menu/index.js';
import { openDisk } from '../../src/open-disk.js';
import { makeCpio } from '../kernel/make-cpio.js';
import { LINUX_NOTES, makeBzImage, makeElf, NOTE } from '../kernel/make-elf.js';
import { temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';

/** A disk with one entry. @param config of the kernel; null for none */
function disk(folder: string, kernel: Uint8Array, config: string | null): string {
  const tree = join(folder, 'tree');
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(join(tree, 'boot', 'grub'), { recursive: true });
  const boot = (name: string): string => join(tree, 'boot', name);
  writeFileSync(boot('vmlinuz-6.1.0-50-amd64'), makeBzImage(gzipSync(kernel), kernel.length, { appendSize: false }));
  writeFileSync(boot('initrd.img-6.1.0-50-amd64'), gzipSync(makeCpio(['init'])));
  if (config !== null) writeFileSync(boot('config-6.1.0-50-amd64'), `CONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_GZIP=y\n${config}\n`);
  const files = 'linux /boot/vmlinuz-6.1.0-50-amd64\ninitrd /boot/initrd.img-6.1.0-50-amd64 /boot/gone';
  writeFileSync(boot('grub/grub.cfg'), `menuentry Linux {\n${files.replace(' /boot/gone', '')}\n}\nmenuentry Gone {\n${files}\n}\n`);
  const image = join(folder, 'disk.img');
  const made = spawnSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', tree, image, '16M'], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return image;
}

describe.skipIf(skip("the menu's line about an entry", tool('mke2fs', 'apt-get install e2fsprogs')))(
  "the menu's line about an entry",
  () => {
    const folder = temporaryFolder();
    const both = makeElf();
    const onlyPvh = makeElf({ notes: LINUX_NOTES.filter((note) => note.type !== NOTE.ENTRY) });
    const described = async (
      image: string,
      options: Partial<DescribeOptions> = {},
      isWanted = (_sofar: number) => true,
    ): Promise<EntryDetails[]> => {
      const guest = await openDisk(image);
      try {
        const { entries } = await readBootMenu(guest);
        const [entry] = entries;
        if (entry === undefined) throw new Error('no entry');
        const all: EntryDetails[] = [];
        const wish = { boot: 'any', kernels: 'notes', ...options } as const;
        for await (const details of describeEntry(guest, entry, wish, () => isWanted(all.length))) all.push(details);
        return all;
      } finally {
        await guest.close();
      }
    };
    const version = '6.1.0-50-amd64';
    const header = { version, short: `${version} x86_64 gzip`, warnings: [] };
    const full = { version, short: `${version} x86_64 PV PVH gzip`, warnings: [], isFinal: true };

    it('comes from the header at once, and then from the notes', async () => {
      expect(await described(disk(folder, both, null))).toEqual([{ ...header, isFinal: false }, full]);
    });

    it('comes from the configuration beside the kernel, where it says that the kernel can start', async () => {
      expect(await described(disk(folder, both, 'CONFIG_XEN_PV=y\nCONFIG_XEN_PVH=y'))).toEqual([full]);
    });

    it('says why the entry may not start as wished', async () => {
      const [first, last] = await described(disk(folder, onlyPvh, null), { boot: 'pv' });
      expect(first).toEqual({ ...header, isFinal: false });
      expect(last).toMatchObject({ short: `${version} x86_64 PVH gzip`, isFinal: true, warnings: [expect.stringContaining('PV')] });
    });

    it('comes from the header alone where nobody wants more', async () => {
      expect(await described(disk(folder, both, null), { kernels: 'header' })).toEqual([{ ...header, isFinal: true }]);
    });

    it('is given up when the person has moved on', async () => {
      const image = disk(folder, both, null);
      expect(await described(image, {}, () => false)).toEqual([]);
      expect(await described(image, {}, (sofar) => sofar === 0)).toEqual([{ ...header, isFinal: false }]);
    });
  },
);
