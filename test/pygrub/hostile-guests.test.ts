/** Advisories about filesystem readers and the domain builder, and the words about kernels, through the whole program. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ascii, ce, entry, er, IsoImage, join, nm, ROOT, record, sp } from '../fs-readers/iso9660/image.js';
import { changeSuperblock, sample } from '../fs-readers/xfs/images.js';
import { LINUX_NOTES, makeBzImage, makeElf, NOTE } from '../kernel/make-elf.js';
import { root, skip, tool } from '../support/requirements.js';
import { ext4, LAUNCHER, type PygrubRun, runPygrub, scratch, UID } from './images.js';

const RUNAS = `--runas=${UID}`;
const LIMIT = { prefix: ['timeout', '-k', '1', '100'] };

let images = 0;
function imageOf(bytes: Uint8Array): string {
  const path = scratch(`hostile${++images}`);
  writeFileSync(path, bytes);
  return path;
}

/** A guest whose only entry boots these bytes, with further files. */
function guestOf(kernel: Uint8Array, files: Readonly<Record<string, string>> = {}): string {
  const disk = ext4({ '/boot/grub/grub.cfg': "menuentry 'x' {\n linux /boot/k ro\n}\n", '/boot/k': 'x', ...files }, 32);
  const file = imageOf(kernel);
  for (const command of ['rm /boot/k', `write ${file} /boot/k`]) {
    const run = spawnSync('debugfs', ['-w', '-R', command, disk], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`debugfs ${command}: ${run.stderr}`);
  }
  return disk;
}

function failed(run: PygrubRun): void {
  expect([run.status, run.stdout, run.left]).toEqual([1, '', {}]);
  expect(run.stderr).toMatch(/(^|\n)RuntimeError: [^\n]*\n$/);
  expect(run.stderr).not.toContain('internal error');
}

describe.skipIf(skip('hostile guests', root(), tool('mke2fs', 'apt-get install e2fsprogs')))('a hostile guest', () => {
  it('XSA-497: five crafted discs, one for each finding, and circles, end in an error', () => {
    const lie = record({ name: ascii('A.;1') });
    lie[32] = 200;
    const longUse = join([nm('good'), entry('XX', undefined, ascii('abcd'))]);
    longUse[11] = 0;
    const inRoot = (systemUse: Uint8Array) => record({ name: ascii('A.;1'), extent: 30, size: 5, systemUse });
    for (const found of [
      record({ name: ascii('A.;1'), length: 20 }),
      lie,
      inRoot(longUse),
      inRoot(Uint8Array.of(...ascii('NM'), 4, 1)),
      inRoot(join([nm('good'), ce(25, 3000, 10)])),
      inRoot(join([nm('x', 1), ce(25, 0, 28)])),
    ]) {
      const image = new IsoImage();
      image.directory(ROOT, [found], join([sp(), er()]));
      image.write(25, ce(25, 0, 28));
      for (const more of [[], [RUNAS]]) failed(runPygrub(LAUNCHER, ['-q', ...more], imageOf(image.bytes), LIMIT));
    }
  });

  it('XSA-443: fields of an XFS superblock that lie end in an error, with right checksums as well', () => {
    for (const fields of [
      { blocklog: 0 },
      { blocklog: 32 },
      { blocklog: 255 },
      { agblklog: 0 },
      { agblklog: 32 },
      { agblklog: 255 },
      { inodelog: 0 },
      { inodelog: 64 },
      { dirblklog: 200 },
      { agblocks: 0 },
      { agblocks: 0xffffffff },
    ]) {
      const bytes = sample();
      changeSuperblock(bytes, fields);
      failed(runPygrub(LAUNCHER, ['-q', RUNAS], imageOf(bytes), LIMIT));
    }
  });

  it('XSA-25, XSA-55: kernels that lie about their payload, or swell without end, are handed out plain by nobody', () => {
    const elf = makeElf();
    const good = makeBzImage(gzipSync(elf), elf.length);
    const handed = runPygrub(LAUNCHER, ['-q', '--decompress'], guestOf(good));
    expect([handed.status, handed.left]).toEqual([0, { boot_kernel: Buffer.from(elf).toString('latin1') }]);
    const bomb = gzipSync(new Uint8Array(200 * 1024 * 1024));
    const cut = good.slice(0, good.length - 60);
    for (const kernel of [makeBzImage(bomb, elf.length), makeBzImage(bomb, 0xffffffff), bomb, cut, ascii('kernel '.repeat(99))]) {
      failed(runPygrub(LAUNCHER, ['-q', '--decompress', RUNAS], guestOf(kernel), LIMIT));
    }
  });

  it('CVE-2012-2625: a full output directory is a failure that leaves nothing', (context) => {
    const out = scratch('small');
    mkdirSync(out);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', out]).status !== 0)
      return context.skip('tmpfs cannot be mounted here');
    try {
      const disk = ext4({ '/boot/grub/grub.cfg': "menuentry 'x' {\n linux /boot/k\n}\n", '/boot/k': 'k'.repeat(500_000) });
      for (const more of [[], [RUNAS]]) {
        const run = runPygrub(LAUNCHER, ['-q', ...more, `--output-directory=${out}`], disk);
        failed(run);
        expect(run.stderr).toMatch(/RuntimeError: .*(no space|ENOSPC)/i);
        expect(readdirSync(out)).toEqual([]);
      }
    } finally {
      spawnSync('umount', [out]);
    }
  });
});

describe.skipIf(skip('words about kernels', root(), tool('mke2fs', 'apt-get install e2fsprogs')))('a kernel that cannot start', () => {
  it('is warned about and handed out, and refused with --strict', () => {
    const disk = guestOf(ascii('no kernel at all '.repeat(99)));
    const run = runPygrub(LAUNCHER, ['-q', '--output-format=simple'], disk);
    expect(run.status).toBe(0);
    expect(run.stderr).toMatch(/^pygrub: warning: "x" may not start: [^\n]*\n$/);
    failed(runPygrub(LAUNCHER, ['-q', '--strict'], disk));
    const elf = makeElf();
    const good = runPygrub(LAUNCHER, ['-q', '--strict', '--boot=pv', '--xen=4.17'], guestOf(makeBzImage(gzipSync(elf), elf.length)));
    expect([good.status, good.stderr]).toEqual([0, '']);
  });

  it('is told by its notes where its configuration denies what is wished, or where somebody asks and nothing else tells', () => {
    const pvh = makeElf({ notes: LINUX_NOTES.filter(({ type }) => type !== NOTE.ENTRY) });
    const neither = makeElf({ notes: [] });
    const image = (elf: Uint8Array) => makeBzImage(gzipSync(elf), elf.length, { appendSize: false });
    const beside = (settings: string) => ({ '/boot/config-6.1.0-50-amd64': `CONFIG_64BIT=y\n${settings}\n` });
    const denies = beside('# CONFIG_XEN_PV is not set');
    const words = (disk: string, ...options: string[]) => {
      const run = runPygrub(LAUNCHER, ['-q', ...options], disk);
      expect(run.status).toBe(0);
      return run.stderr.replace(/^pygrub: warning: "x" may not start: /, '');
    };
    expect(words(guestOf(image(neither), denies))).toMatch(/has no Xen support/);
    expect(words(guestOf(image(pvh), denies), '--boot=pv')).toMatch(/without PV support/);
    // The notes decide: a configuration that is wrong accuses nobody.
    for (const boot of ['any', 'pvh']) expect(words(guestOf(image(pvh), denies), `--boot=${boot}`)).toBe('');
    // Nothing is unpacked where the configuration allows the kernel, or where there is none and nobody asks.
    expect(words(guestOf(image(neither), beside('CONFIG_XEN_PV=y\nCONFIG_XEN_PVH=y')), '--boot=pv')).toBe('');
    expect(words(guestOf(image(neither)))).toBe('');
    expect(words(guestOf(image(neither)), '--boot=pvh')).toMatch(/has no Xen support/);
    failed(runPygrub(LAUNCHER, ['-q', '--strict'], guestOf(image(neither))));
  });

  it('is warned about for its initrd: compressed as the kernel cannot unpack it, cut off, or none at all', () => {
    const elf = makeElf();
    const kernel = makeBzImage(gzipSync(elf), elf.length, { appendSize: false });
    const config = 'CONFIG_XEN_PV=y\nCONFIG_BLK_DEV_INITRD=y\n# CONFIG_RD_BZIP2 is not set\n';
    const files = {
      '/boot/grub/grub.cfg': "menuentry 'x' {\n linux /boot/k ro\n initrd /boot/i\n}\n",
      '/boot/config-6.1.0-50-amd64': config,
    };
    for (const [initrd, word] of [
      ['BZh9', /CONFIG_RD_BZIP2/],
      ['070701', /cut off/],
      ['<html>', /HTML/],
    ] as const) {
      const run = runPygrub(LAUNCHER, ['-q'], guestOf(kernel, { ...files, '/boot/i': initrd }));
      expect([run.status, run.stderr]).toEqual([0, expect.stringMatching(word)]);
    }
  });

  it('does not change what pygrub’s shortened options mean, and wrong values are refused', () => {
    const disk = guestOf(makeElf());
    expect(runPygrub(LAUNCHER, ['-q', '--de'], disk).stderr).toContain('pygrub: entry 0');
    for (const wrong of ['--xen=3.4', '--xen=x', '--boot=hvm']) failed({ ...runPygrub(LAUNCHER, ['-q', wrong], disk) });
  });

  it('is asked for by --domid with the user qemu_base plus the number, where the host has that user', () => {
    const disk = guestOf(makeElf());
    const run = runPygrub(LAUNCHER, ['-q', '--domid=7', '--debug'], disk);
    const base = /^qemu_base:[^:]*:(\d+):/m.exec(readFileSync(joinPath('/etc', 'passwd'), 'latin1'))?.[1];
    if (base === undefined)
      expect([run.status, run.stderr]).toEqual([1, expect.stringMatching(/RuntimeError: --domid needs the user qemu_base/)]);
    else expect([run.status, run.stderr]).toEqual([0, expect.stringContaining(`runs as user ${Number(base) + 7}`)]);
  });
});
