/** Boot loaders and tools out of Debian's packages: what stands in a kernel's place on real disks, by its own name. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { canBoot, identifyKernel } from '../../src/kernel/index.js';
import { HostFileSource } from '../../src/source/host-file.js';
import { temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';
import { debian, packageFile, packages, type Suite, wholePackage } from './debian-packages.js';

provideNodeCodecs();

/** Packages, the files in them by a pattern of their paths, what each is called, the suite where only one has them. */
const PROGRAMS: readonly (readonly [name: string, file: RegExp, description: RegExp, only?: Suite])[] = [
  ['ipxe', /\.efi$/, /^iPXE \(a network boot loader\)$/],
  ['ipxe', /\.lkrn$/, /^iPXE, no Linux kernel, x86 bzImage/],
  ['ipxe', /\.k*pxe$/, /^iPXE or its ancestor gPXE/],
  ['pxelinux', /pxelinux\.0$/, /^PXELINUX 6\.\d+ \(a boot loader of the SYSLINUX family\)$/],
  ['isolinux', /isolinux\.bin$/, /^ISOLINUX 6\.\d+ \(/],
  ['syslinux-efi', /syslinux\.efi$/, /^SYSLINUX for EFI \(a boot loader\)$/],
  ['syslinux-common', /\/memdisk$/, /^SYSLINUX's MEMDISK, no Linux kernel/],
  ['syslinux-common', /\/(menu|vesamenu|chain|mboot|linux)\.c32$/, /^a module of SYSLINUX, ELF for x86_/],
  ['memtest86+', /\.(bin|efi)$/, /^Memtest86\+, no Linux kernel, x86 bzImage, protocol 2\.12/],
  ['refind', /\/refind_x64\.efi$/, /^rEFInd \(an EFI boot manager\)$/],
  ['shim-unsigned', /\/shimx64\.efi$/, /^shim \(an EFI boot loader\)$/],
  ['shim-unsigned', /\/mmx64\.efi$/, /^MokManager/],
  ['shim-unsigned', /\/fbx64\.efi$/, /^shim's fallback program/],
  ['shim-signed', /\.signed$/, /^shim \(an EFI boot loader\)$/],
  ['systemd-boot-efi', /\/systemd-boot.*\.efi$/, /^systemd-boot \(an EFI boot loader\)$/],
  ['systemd-boot-efi', /\/linux.*\.efi\.stub$/, /^systemd's stub for unified kernel images, without a kernel$/],
  ['systemd-boot-efi', /\/addon.*\.efi\.stub$/, /^an add-on for unified kernel images$/, 'trixie'],
  ['grub-efi-amd64-bin', /\/grubx64\.efi$/, /^GRUB \(an EFI boot loader\)$/, 'stable'],
  ['grub-efi-amd64-signed', /\/g.*\.efi\.signed$/, /^GRUB \(an EFI boot loader\)$/],
  ['grub-pc-bin', /\/boot\.img$/, /^the boot sector of GRUB$/],
  ['grub-pc-bin', /\/lnxboot\.img$/, /^GRUB \(a boot loader\), x86 bzImage, protocol 2\.03$/],
  ['grub-pc-bin', /\/kernel\.img$/, /^GRUB \(a boot loader\), ELF for x86_32$/],
  ['fwupd-amd64-signed', /\.efi\.signed$/, /^fwupd/],
  ['efi-shell-x64', /\.efi$/, /^an EFI shell$/, 'trixie'],
];

/** All files of a folder whose path matches. */
function filesOf(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => pattern.test(path));
}

const identify = (path: string) => identifyKernel(HostFileSource.open(path));

for (const suite of ['stable', 'trixie'] as const) {
  const missing = debian() ?? packages(suite, 'memtest86+');
  describe.skipIf(skip(`boot programs (${suite})`, missing))(`boot programs of Debian (${suite}) are called by their own names`, () => {
    for (const [name, file, description, only] of PROGRAMS) {
      if (only !== undefined && only !== suite) continue;
      it(`${name}: ${file.source}`, async () => {
        const folder = wholePackage(name, suite);
        if (folder === null) throw new Error(`${name} cannot be downloaded`);
        const found = filesOf(folder, file);
        expect(found).not.toEqual([]);
        for (const path of found) {
          const info = await identify(path);
          expect(info.description, path).toMatch(description);
          expect(canBoot(info, { boot: 'any' }), path).not.toBeNull();
        }
      });
    }
  });
}

interface CoreImage {
  readonly format: string;
  readonly package: string;
  readonly expected: object;
  /** What Xen says of it; null where it starts. */
  readonly boot: { readonly pv: string | null; readonly pvh: string | null };
}

const NO_KERNEL = { pv: 'kernel.no-kernel', pvh: 'kernel.no-kernel' };
const BIOS = "GRUB's core image (a boot loader for BIOS)";

/** GRUB's images as its own tool makes them; the three for Xen are what pvgrub and PVH guests boot with. */
const CORES: readonly CoreImage[] = [
  { format: 'i386-pc', package: 'grub-pc-bin', expected: { format: 'multiboot', description: BIOS }, boot: NO_KERNEL },
  { format: 'i386-pc-pxe', package: 'grub-pc-bin', expected: { format: 'none', description: BIOS }, boot: NO_KERNEL },
  { format: 'i386-pc-eltorito', package: 'grub-pc-bin', expected: { description: BIOS }, boot: NO_KERNEL },
  {
    format: 'x86_64-efi',
    package: 'grub-efi-amd64-bin',
    expected: { format: 'pe', description: 'GRUB (an EFI boot loader)' },
    boot: NO_KERNEL,
  },
  {
    format: 'x86_64-xen',
    package: 'grub-xen-bin',
    expected: { format: 'elf', os: 'grub', xen: { pv: true, pvh: false, guestType: 'xen-3.0-x86_64' }, problem: null },
    boot: { pv: null, pvh: 'xen.no-pvh' },
  },
  {
    format: 'i386-xen',
    package: 'grub-xen-bin',
    expected: {
      format: 'elf',
      os: 'grub',
      xen: { pv: true, pvh: false, guestType: 'xen-3.0-x86_32p', pae: 'extended-cr3' },
      problem: null,
    },
    boot: { pv: null, pvh: 'xen.no-pvh' },
  },
  {
    format: 'i386-xen_pvh',
    package: 'grub-xen-bin',
    expected: { format: 'elf', os: 'grub', xen: { pv: false, pvh: true, physEntry: '0x100000' }, problem: null },
    boot: { pv: 'xen.loader', pvh: null },
  },
];

const mkimage = tool('grub-mkimage', 'apt-get install grub-common');
const cores = [...new Set(CORES.map((core) => core.package))];
describe.skipIf(skip("GRUB's core images", mkimage, packages('stable', ...cores)))("GRUB's core images", () => {
  const folder = temporaryFolder();
  for (const core of CORES) {
    it(`${core.format}: what it is, and what Xen can do with it`, async () => {
      const modules = packageFile(core.package, `usr/lib/grub/${core.format.replace(/-(pxe|eltorito)$/, '')}`);
      expect(existsSync(modules)).toBe(true);
      const output = join(folder, core.format);
      const args = ['-d', modules, '-O', core.format, '-o', output, '-p', '/boot/grub', 'normal', 'part_gpt', 'ext2'];
      const made = spawnSync('grub-mkimage', args, { encoding: 'utf8' });
      expect(made.stderr).toBe('');
      const info = await identify(output);
      expect(info).toMatchObject(core.expected);
      expect(canBoot(info, { boot: 'pv' })?.code ?? null).toBe(core.boot.pv);
      expect(canBoot(info, { boot: 'pvh' })?.code ?? null).toBe(core.boot.pvh);
    });
  }
});
