import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { ARM_ZIMAGE, ARM_ZIMAGE_MAGIC, ARM64_IMAGE, ARM64_MAGIC, RISCV_MAGIC } from '../../src/kernel/image/layout.js';
import {
  canBoot,
  identifyInitrd,
  identifyKernel,
  initrdProblem,
  initrdSettings,
  plainKernel,
  readSettings,
  shortForm,
  XEN_SETTINGS,
  xenModes,
} from '../../src/kernel/index.js';
import { LINUX_BUILD_SALT } from '../../src/kernel/xen/note-types.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { CountingSource } from '../../src/source/counting.js';
import { MemorySource } from '../../src/source/memory.js';
import { difference, gather } from '../codec/tools.js';
import { makeCpio } from './make-cpio.js';
import { makeBzImage, makeElf, VERSION } from './make-elf.js';
import { makePe, makeZboot } from './make-pe.js';

provideNodeCodecs();

const identify = (bytes: Uint8Array) => identifyKernel(new MemorySource(bytes));
const text = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const elf = makeElf();
const bzImage = makeBzImage(gzipSync(elf), elf.length, { appendSize: false });

function armImage(): Uint8Array {
  const image = new Uint8Array(8192);
  ARM64_IMAGE.encode(image, { text_offset: 0, image_size: 8192, flags: 10, magic: ARM64_MAGIC });
  image.set(text('Linux version 6.12.0-arm64 (builder@host) (gcc) #1 SMP today\n\0'), 4000);
  return image;
}

describe('forms of kernels', () => {
  it('a bzImage tells its version, protocol and payload', async () => {
    expect(await identify(bzImage)).toMatchObject({
      format: 'bzImage',
      os: 'linux',
      version: VERSION,
      release: '6.1.0-50-amd64',
      architecture: 'x86_64',
      bootProtocol: '2.15',
      payload: { offset: 2048 + 64, compression: 'gzip', uncompressedSize: elf.length },
      problem: null,
    });
  });

  it('a header alone takes a few small reads', async () => {
    const source = new CountingSource(new MemorySource(makeBzImage(new Uint8Array(4_000_000), 4, {})));
    await identifyKernel(source, { depth: 'header' });
    expect(source.reads).toBeLessThanOrEqual(4);
    expect(source.bytesRead).toBeLessThan(8192);
  });

  it('a whole file in gzip is unwrapped', async () => {
    const info = await identify(gzipSync(bzImage));
    expect(info).toMatchObject({ format: 'bzImage', wrappers: [{ kind: 'compressed', compression: 'gzip' }], xen: { pv: true } });
    expect(canBoot(info, { boot: 'pv' })).toBeNull();
  });

  it('a unified kernel image is known by its .linux section, and is nothing that Xen can load', async () => {
    const info = await identify(
      makePe([
        ['.cmdline', text('quiet')],
        ['.linux', bzImage],
      ]),
    );
    expect(info).toMatchObject({ format: 'bzImage', wrappers: [{ kind: 'uki', compression: null }], release: '6.1.0-50-amd64' });
    expect(shortForm(info)).toBe('6.1.0-50-amd64 x86_64 PV PVH uki gzip');
    expect(canBoot(info, { boot: 'pv' })).toMatchObject({ code: 'kernel.wrapper' });
    expect(canBoot(info, { boot: 'pv', decompress: true })).toBeNull();
  });

  it('an EFI zboot image is unpacked', async () => {
    const image = armImage();
    const zboot = makeZboot(gzipSync(image), 'gzip');
    const info = await identify(zboot);
    expect(info).toMatchObject({ format: 'Image', architecture: 'arm64', release: '6.12.0-arm64', wrappers: [{ kind: 'efi-zboot' }] });
    const plain = await plainKernel(new MemorySource(zboot));
    expect(difference(await gather(plain.stream()), image)).toBeNull();
  });

  it('ARM kernels are known by their headers', async () => {
    expect(await identify(armImage())).toMatchObject({ format: 'Image', architecture: 'arm64', os: 'linux', release: '6.12.0-arm64' });
    const zImage = new Uint8Array(4096);
    ARM_ZIMAGE.encode(zImage, { magic: ARM_ZIMAGE_MAGIC });
    expect(await identify(zImage)).toMatchObject({ format: 'zImage', architecture: 'arm' });
    expect(canBoot(await identify(armImage()), { boot: 'any' })).toBeNull();
    expect(canBoot(await identify(armImage()), { boot: 'pv' })).toMatchObject({ code: 'xen.machine' });
  });

  it('Xen for ARM wears the header of Linux, and is no guest', async () => {
    for (const banner of ['Xen version %d.%d%s', '']) {
      const image = new Uint8Array(600_000);
      ARM64_IMAGE.encode(image, { text_offset: 0, image_size: image.length, flags: 10, magic: ARM64_MAGIC });
      image.set(text(banner), 262_140); // across the pieces that are read
      const info = await identify(image);
      expect(info.os).toBe(banner === '' ? 'linux' : 'xen');
      expect(canBoot(info, { boot: 'any' })?.code ?? null).toBe(banner === '' ? null : 'kernel.hypervisor');
    }
  });

  it('the banner of a Linux is found wherever it lies, also where pieces are cut', async () => {
    const banner = text('Linux version 6.12.0-arm64 (builder@host) (gcc) #1 SMP today\n\0');
    const decoys = text('Linux version %s\0Linux version 3 and no more\0');
    for (let place = 262_144 - banner.length - 2; place <= 262_146; place += 7) {
      const image = new Uint8Array(place + banner.length + (place % 2) * 9000);
      ARM64_IMAGE.encode(image, { text_offset: 0, image_size: image.length, flags: 10, magic: ARM64_MAGIC });
      image.set(decoys, 100);
      image.set(banner, place);
      expect((await identify(image)).release).toBe('6.12.0-arm64');
    }
  });

  it('kernels for machines without Xen are told', async () => {
    const image = armImage();
    ARM64_IMAGE.encode(image, { magic: RISCV_MAGIC });
    const riscv = await identify(image);
    expect(riscv).toMatchObject({ format: 'Image', architecture: 'riscv64', os: 'linux' });
    expect(canBoot(riscv, { boot: 'any' })).toMatchObject({ code: 'xen.machine' });
    const salt = { name: 'Linux', type: LINUX_BUILD_SALT, value: '6.1.0-50-powerpc64le' };
    const power = await identify(makeElf({ machine: 21, notes: [salt] }));
    expect(power).toMatchObject({ os: 'linux', release: '6.1.0-50-powerpc64le', description: 'Linux kernel, ELF for ppc64' });
    expect(canBoot(power, { boot: 'any' })).toMatchObject({ code: 'xen.machine' });
    expect((await identify(makeElf({ notes: [] }))).description).toBe('an ELF program for x86_64');
  });

  it('a bzImage of another program is no Linux', async () => {
    const info = await identify(makeBzImage(new Uint8Array(64), 0, { version: 'Memtest86+ v6.10', protocol: 0x0205 }));
    expect(info).toMatchObject({ os: 'memtest86+', payload: null });
    expect(canBoot(info, { boot: 'any' })).toMatchObject({ code: 'kernel.no-linux' });
  });

  it('a plain ELF stays as it is', async () => {
    const plain = await plainKernel(new MemorySource(elf));
    expect(plain.changed).toBe(false);
    expect(difference(await gather(plain.stream()), elf)).toBeNull();
  });
});

describe('things that are no kernel', () => {
  const rows: readonly [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /an empty file/],
    ['zeros', new Uint8Array(10_000), /zeros/],
    ['a failed download', text('\n<!DOCTYPE html>\n<html><title>404</title>'), /an HTML page/],
    ['a script', text('#!/bin/sh\n'), /script/],
    ['a text', text('menuentry "x" {\n}\n'), /a text file/],
    ['an initrd', makeCpio(['init']), /cpio/],
    ["Windows' boot manager", makePe([['.rsrc', Buffer.from('bootmgfw.efi', 'utf16le')]]), /Windows' boot manager/],
    [
      "Windows' loader",
      makePe([['.rsrc', Buffer.concat([new Uint8Array(100_000), Buffer.from('OSLoader.exe', 'utf16le')])]]),
      /Windows' loader/,
    ],
    ['its boot manager for BIOS', Buffer.concat([Uint8Array.of(0xe9, 0xd5, 0x01), text('\0BOOTMGR is missing')]), /boot manager for BIOS/],
    ['a text that names a loader', text('# for SYSLINUX 6.03\nDEFAULT linux\n'), /a text file/],
    ['a module of SYSLINUX 4', Buffer.concat([Uint8Array.of(0xb8, 0xff, 0x4c, 0xcd, 0x21), new Uint8Array(600)]), /COM32/],
    ['GRUB for EFI', makePe([['mods', new Uint8Array(8)]]), /GRUB/],
    ['systemd-boot', makePe([['.sdmagic', text('#### LoaderInfo: systemd-boot 252 ####')]]), /systemd-boot/],
    ['shim', makePe([['.sbat', text('sbat,1,x\nshim,4,UEFI shim,shim,1,https://github.com/rhboot/shim\n')]]), /^shim/],
    ['another EFI program', makePe([['.text', new Uint8Array(8)]]), /an EFI program for x64/],
    ['Linux for s390x', Buffer.concat([new Uint8Array(0x10008).fill(8), text('S390EP\0')]), /Linux kernel for s390x/],
    ['noise', Uint8Array.from({ length: 600 }, (_, i) => (i * 37 + 11) & 0xff), /unknown data/],
  ];
  for (const [what, bytes, name] of rows) {
    it(`are named: ${what}`, async () => {
      const info = await identify(bytes);
      expect(info.description).toMatch(name);
      expect(shortForm(info)).toBe(info.description);
      expect(canBoot(info, { boot: 'any' })).toMatchObject({ code: 'kernel.no-kernel' });
      await expect(plainKernel(new MemorySource(bytes))).rejects.toMatchObject({ code: 'kernel.not-unpackable' });
    });
  }
});

describe('initrds', () => {
  const initrd = (bytes: Uint8Array, verify = false) => identifyInitrd(new MemorySource(bytes), { verify });
  const microcode = makeCpio(['kernel/x86/microcode/GenuineIntel.bin'], new Uint8Array(5000));
  const archive = makeCpio(['init', 'bin/sh', 'etc/fstab'], new Uint8Array(700));

  it('are archives one after the other, the first with microcode', async () => {
    const info = await initrd(Buffer.concat([microcode, new Uint8Array(512), gzipSync(archive)]));
    expect(info).toMatchObject({
      description: 'microcode, then a cpio archive compressed with gzip',
      truncated: null,
      problem: null,
      parts: [
        { kind: 'cpio', compression: null, microcode: true, offset: 0 },
        { kind: 'cpio', compression: 'gzip', microcode: false, offset: microcode.length + 512 },
      ],
    });
  });

  it('are known to be complete when they are unpacked, or where they are not compressed', async () => {
    expect(await initrd(archive)).toMatchObject({ truncated: false, parts: [{ entries: 3 }] });
    expect(await initrd(gzipSync(archive), true)).toMatchObject({ truncated: false, parts: [{ entries: 3 }] });
  });

  it('are seen to be cut off', async () => {
    expect(await initrd(archive.subarray(0, archive.length - 200))).toMatchObject({ truncated: true });
    const packed = gzipSync(archive);
    expect(await initrd(packed.subarray(0, packed.length - 12), true)).toMatchObject({ truncated: true });
    expect(await initrd(gzipSync(archive.subarray(0, 900)), true)).toMatchObject({ truncated: true });
    expect(await initrd(new Uint8Array(0))).toMatchObject({ truncated: true, problem: { code: 'initrd.empty' } });
  });

  it('are told apart from other things', async () => {
    expect(await initrd(text('<html>'))).toMatchObject({ problem: { code: 'initrd.unknown' } });
    expect(await initrd(gzipSync(text('<html>')), true)).toMatchObject({
      parts: [{ kind: 'unknown', compression: 'gzip' }],
      problem: { code: 'initrd.unknown' },
    });
    const romfs = text(`-rom1fs-${'\0'.repeat(5000)}`);
    for (const bytes of [romfs, gzipSync(romfs)]) {
      expect(await initrd(bytes, true)).toMatchObject({ parts: [{ kind: 'filesystem' }], problem: null });
    }
  });

  it('are held against the configuration of the kernel', async () => {
    const held = async (bytes: Uint8Array, config: string) => {
      const info = await initrd(bytes);
      const settings = await readSettings(new MemorySource(text(config)), initrdSettings([info]), DEFAULT_LIMITS);
      return settings === null ? null : initrdProblem(info, settings);
    };
    const config = '# comment\nCONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_XZ=y\n# CONFIG_RD_GZIP is not set\n';
    expect(await held(gzipSync(archive), config)).toMatchObject({ code: 'initrd.compression' });
    expect(await held(archive, config)).toBeNull();
    expect(await held(gzipSync(archive), '# CONFIG_BLK_DEV_INITRD is not set\nCONFIG_RD_GZIP=y\n')).toMatchObject({
      code: 'initrd.no-support',
    });
    for (const none of ['', 'no configuration']) expect(await held(gzipSync(archive), none)).toBeNull();
  });
});

describe('the configuration of a kernel', () => {
  const read = (config: string, names: readonly string[]) => readSettings(new MemorySource(text(config)), names, DEFAULT_LIMITS);

  it('is read to the last setting that is asked for, wherever its pieces are cut', async () => {
    const rest = 'CONFIG_OTHER=m\n'.repeat(3000);
    const source = new CountingSource(new MemorySource(text(`CONFIG_XEN_PV=y\r\n# CONFIG_XEN_PVH is not set\n${rest}`)));
    expect([...((await readSettings(source, ['XEN_PV', 'XEN_PVH'], DEFAULT_LIMITS)) ?? [])]).toEqual([['XEN_PV', 'y']]);
    expect(source.bytesRead).toBeLessThan(40_000);
    for (let shift = 0; shift < 20; shift++) {
      const filling = `#${'x'.repeat(16 * 1024 - shift)}\n`;
      expect((await read(`CONFIG_A=1\n${filling}CONFIG_XEN_PVH=y\n${rest}`, ['XEN_PVH', 'XEN']))?.get('XEN_PVH')).toBe('y');
    }
    expect((await read('CONFIG_A=1\nCONFIG_XEN_PVH=y', ['XEN_PVH']))?.get('XEN_PVH')).toBe('y');
  });

  it('that has only PVH and no Xen does not start under Xen', async () => {
    const config = await read('CONFIG_PVH=y\n# CONFIG_XEN is not set\n', XEN_SETTINGS);
    expect(config).not.toBeNull();
    expect(xenModes(config ?? new Map())).toEqual([]);
    expect(xenModes(new Map([['XEN_PVH', 'y']]))).toEqual(['PVH']);
  });
});
