import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { canBoot, identifyKernel, parseXenVersion, plainKernel, shortForm } from '../../src/kernel/index.js';
import { CountingSource } from '../../src/source/counting.js';
import { HostFileSource } from '../../src/source/host-file.js';
import { temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';
import { type Architecture, debian, debianPackage } from './debian-packages.js';

provideNodeCodecs();

/** Xen's notes as readelf shows them: type in hexadecimal to the bytes of the descriptor. */
function readelfNotes(file: string): Map<number, string> {
  const run = spawnSync('readelf', ['-n', '-W', file], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  const notes = new Map<number, string>();
  // readelf gives types below 0x100 of unknown owners names of its own; those are not Xen's, but tell which type it is.
  const names = new Map([
    ['NT_VERSION', 1],
    ['NT_ARCH', 2],
    ['GO BUILDID', 4],
  ]);
  for (const match of run.stdout.matchAll(/^\s+Xen\s+0x[0-9a-f]+\s+(.*?)\s+description data: ([0-9a-f ]+)$/gm)) {
    const what = match[1] ?? '';
    const number = /\((0x[0-9a-f]+)\)/.exec(what)?.[1];
    const type = number === undefined ? [...names].find(([name]) => what.startsWith(name))?.[1] : Number.parseInt(number, 16);
    if (type !== undefined) notes.set(type, (match[2] ?? '').trim());
  }
  return notes;
}

/** A number of a note as `0x…`; null where there is no such note. */
function noteNumber(notes: ReadonlyMap<number, string>, type: number): string | null {
  const bytes = notes.get(type)?.split(' ').reverse().join('');
  return bytes === undefined ? null : `0x${BigInt(`0x${bytes}`).toString(16)}`;
}

const UNPACK: ReadonlyMap<string, readonly string[]> = new Map([
  ['xz', ['xz', '-dc']],
  ['zstd', ['zstd', '-dcq']],
  ['lz4', ['lz4', '-dcq']],
  ['gzip', ['gzip', '-dcq']],
]);

interface Expected {
  readonly package: string;
  readonly architecture: Architecture;
  readonly kernel: RegExp;
  readonly short: RegExp;
}

const KERNELS: readonly Expected[] = [
  { package: 'linux-image-amd64', architecture: 'amd64', kernel: /^vmlinuz-/, short: /^\d\S+-amd64 x86_64 PV PVH (xz|zstd|lz4|gzip)$/ },
  { package: 'linux-image-cloud-amd64', architecture: 'amd64', kernel: /^vmlinuz-/, short: /^\d\S+-cloud-amd64 x86_64 PV PVH \w+$/ },
  { package: 'linux-image-rt-amd64', architecture: 'amd64', kernel: /^vmlinuz-/, short: /^\d\S+-rt-amd64 x86_64 PV PVH \w+$/ },
  { package: 'linux-image-686-pae', architecture: 'i386', kernel: /^vmlinuz-/, short: /^\d\S+-686-pae x86_32 PVH \w+$/ },
];

describe.skipIf(skip('real kernels', tool('readelf', 'apt-get install binutils'), debian()))('real kernels', () => {
  const folder = temporaryFolder();
  const inPackage = (name: string, architecture: Architecture, follow: boolean): string => {
    const found = debianPackage(name, architecture, follow);
    if (found === null) throw new Error(`${name} cannot be downloaded`);
    return found;
  };
  const open = (name: string, architecture: Architecture, place: string, pattern: RegExp, follow = false): HostFileSource => {
    const files = join(inPackage(name, architecture, follow), place);
    return HostFileSource.open(join(files, readdirSync(files).find((file) => pattern.test(file)) ?? 'missing'));
  };

  for (const expected of KERNELS) {
    it(`${expected.package}: the same notes as readelf finds in the unpacked payload`, async () => {
      const source = new CountingSource(open(expected.package, expected.architecture, 'boot', expected.kernel, true));
      const info = await identifyKernel(source);
      expect(shortForm(info)).toMatch(expected.short);
      expect(info).toMatchObject({ format: 'bzImage', os: 'linux', efiStub: true, problem: null });
      expect(source.bytesRead).toBeLessThan(source.size);
      if (info.payload?.compression === 'xz') expect(info.payload.dictionarySize).toBe(32 * 1024 * 1024);
      // The other answer: the payload unpacked with the kernel's usual tools, its notes as readelf shows them.
      const { payload } = info;
      if (payload === null) throw new Error('no payload');
      const packed = await source.read(payload.offset, payload.size);
      const command = UNPACK.get(payload.compression ?? '');
      if (command === undefined) throw new Error(`no tool for ${payload.compression}`);
      // The size that is appended is not the tool's: it is cut off.
      const input = packed.subarray(0, packed.length - (payload.compression === 'gzip' ? 0 : 4));
      const run = spawnSync(command[0] ?? '', command.slice(1), { input, maxBuffer: 1024 * 1024 * 1024 });
      const file = join(folder, expected.package);
      writeFileSync(file, run.stdout);
      expect(run.stdout.length).toBe(payload.uncompressedSize);
      const notes = readelfNotes(file);
      expect(notes.size).toBeGreaterThan(8);
      expect(info.xen).toMatchObject({
        source: 'segment',
        entry: noteNumber(notes, 1),
        virtBase: noteNumber(notes, 3),
        paddrOffset: noteNumber(notes, 4),
        hvStartLow: noteNumber(notes, 12),
        initP2m: noteNumber(notes, 15),
        physEntry: noteNumber(notes, 18),
      });
      const text = (type: number): string =>
        Buffer.from((notes.get(type) ?? '').replaceAll(' ', ''), 'hex')
          .toString('latin1')
          .replace(/\0$/, '');
      expect(info.xen).toMatchObject({ guestOs: text(6), xenVersion: text(5), loader: text(8), guestVersion: text(7) });
      expect(
        text(10)
          .split('|')
          .filter((f) => f.startsWith('!'))
          .map((f) => f.slice(1)),
      ).toEqual(info.xen?.features.required);
      // The plain kernel is what the tool gave, byte for byte, and says the same as the packed one.
      const parts: Uint8Array[] = [];
      for await (const piece of (await plainKernel(source)).stream()) parts.push(piece);
      expect(Buffer.compare(Buffer.concat(parts), run.stdout)).toBe(0);
      const plain = await identifyKernel(HostFileSource.open(file));
      expect(plain.xen).toEqual(info.xen);
      expect(plain.release).toBe(info.release);
      expect(canBoot(info, { boot: 'pvh', xenVersion: parseXenVersion('4.17') })).toBeNull();
      expect(canBoot(info, { boot: 'pv' }) === null).toBe(expected.architecture === 'amd64');
    });
  }

  it('linux-image-arm64: an arm64 Image with its version', async () => {
    const info = await identifyKernel(open('linux-image-arm64', 'arm64', 'boot', /^vmlinuz-/, true));
    expect(info).toMatchObject({ format: 'Image', architecture: 'arm64', os: 'linux', problem: null });
    expect(info.release).toMatch(/^\d\S+-arm64$/);
    expect(canBoot(info, { boot: 'any' })).toBeNull();
  });

  it('xen-hypervisor: a multiboot program that is Xen itself, and no guest', async () => {
    const info = await identifyKernel(open('xen-hypervisor-4.17-amd64', 'amd64', 'boot', /^xen-.*\.gz$/));
    expect(info).toMatchObject({ format: 'elf', os: 'xen', multiboot: [1, 2], wrappers: [{ kind: 'compressed', compression: 'gzip' }] });
    expect(canBoot(info, { boot: 'any' })).toMatchObject({ code: 'kernel.hypervisor' });
    const efi = await identifyKernel(open('xen-hypervisor-4.17-amd64', 'amd64', 'boot', /^xen-.*\.efi$/));
    expect(efi).toMatchObject({ format: 'pe', description: 'Xen itself, an EFI program' });
    const arm = await identifyKernel(open('xen-hypervisor-4.17-arm64', 'arm64', 'boot', /^xen-4\.17-arm64$/));
    expect(arm).toMatchObject({ format: 'Image', os: 'xen' });
  });

  it("memtest86+, iPXE and GRUB's own: Linux's header without a Linux", async () => {
    const rows: readonly [string, string, RegExp, string][] = [
      ['memtest86+', 'boot', /^memtest86\+x64\.bin$/, 'memtest86+'],
      ['ipxe', 'boot', /^ipxe\.lkrn$/, 'ipxe'],
      ['grub-pc-bin', 'usr/lib/grub/i386-pc', /^lnxboot\.img$/, 'grub'],
    ];
    for (const [name, place, pattern, os] of rows) {
      const info = await identifyKernel(open(name, 'amd64', place, pattern));
      expect(info, name).toMatchObject({ format: 'bzImage', os, payload: null });
      expect(canBoot(info, { boot: 'any' }), name).toMatchObject({ code: 'kernel.no-linux' });
    }
    const grub = await identifyKernel(open('grub-pc-bin', 'amd64', 'usr/lib/grub/i386-pc', /^kernel\.img$/));
    expect(grub).toMatchObject({ format: 'elf', xen: { pv: false, pvh: false, source: 'none' } });
    const ipxe = await identifyKernel(open('ipxe', 'amd64', 'boot', /^ipxe\.efi$/));
    expect(ipxe.description).toMatch(/^iPXE/);
  });

  it('a configuration beside the kernel is what distributions put there', () => {
    const files = join(inPackage('linux-image-amd64', 'amd64', true), 'boot');
    const config = readdirSync(files).find((file) => file.startsWith('config-'));
    expect(readFileSync(join(files, config ?? 'missing'), 'latin1')).toMatch(/^CONFIG_XEN_PV=y$/m);
  });
});
