import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { ELF64_HEADER, ELF64_PROGRAM_HEADER } from '../../src/kernel/elf/layout.js';
import { canBoot, identifyKernel, parseXenVersion, plainKernel, shortForm } from '../../src/kernel/index.js';
import { withLimits } from '../../src/limits.js';
import { MemorySource } from '../../src/source/memory.js';
import { gather } from '../codec/tools.js';
import { type ElfSpec, LINUX_NOTES, makeBzImage, makeElf, NOTE, type NoteSpec, noteBytes } from './make-elf.js';

provideNodeCodecs();

const identify = (bytes: Uint8Array) => identifyKernel(new MemorySource(bytes));
const elf = (spec: ElfSpec = {}) => identify(makeElf(spec));
const without = (...types: number[]): NoteSpec[] => LINUX_NOTES.filter((note) => !types.includes(note.type));
const withNote = (type: number, value: NoteSpec['value']): NoteSpec[] => [...without(type), { type, value }];

describe('what a kernel can do under Xen', () => {
  it('is PV and PVH for a Linux with both', async () => {
    const info = await elf();
    expect(info.xen).toMatchObject({ pv: true, pvh: true, bits: 64, guestType: 'xen-3.0-x86_64', source: 'segment' });
    expect(info.xen).toMatchObject({ entry: '0xffffffff81000180', physEntry: '0x1000150', virtBase: '0xffffffff80000000' });
    expect(info.xen?.features).toEqual({ supported: ['pae_pgdir_above_4gb', 'writable_page_tables'], required: ['writable_page_tables'] });
  });

  it('is PVH only where the PV entry is missing and the ELF entry is no virtual address', async () => {
    const info = await elf({ notes: without(NOTE.ENTRY) });
    expect(info.xen).toMatchObject({ pv: false, pvh: true, pvProblem: { code: 'xen.no-pv' } });
  });

  it('is PV only without PHYS32_ENTRY', async () => {
    const info = await elf({ notes: without(NOTE.PHYS32) });
    expect(info.xen).toMatchObject({ pv: true, pvh: false, pvhProblem: { code: 'xen.no-pvh' } });
  });

  it('is nothing without notes', async () => {
    const info = await elf({ notes: [{ name: 'GNU', type: 3, value: 'id' }] });
    expect(info.xen).toMatchObject({ pv: false, pvh: false, source: 'none', pvProblem: { code: 'xen.no-notes' } });
  });

  it('comes from note sections where no segment has notes', async () => {
    expect((await elf({ place: 'section' })).xen).toMatchObject({ source: 'section', pv: true, pvh: true });
  });

  it('comes from the __xen_guest section of old kernels, which are never PVH', async () => {
    const guest =
      'GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0,VIRT_ENTRY=0xffffffff81000000,HYPERCALL_PAGE=0x2,FEATURES=writable_page_tables,PAE=yes[extended-cr3],LOADER=generic';
    expect((await elf({ place: { guest } })).xen).toMatchObject({
      source: 'guest-section',
      pv: true,
      pvh: false,
      hypercallPage: '0xffffffff80002000',
      pae: 'extended-cr3',
    });
  });

  const refusals: readonly [string, ElfSpec, string][] = [
    ['another interface version', { notes: withNote(NOTE.XEN_VERSION, 'xen-2.0') }, 'xen.interface-version'],
    [
      'neither the generic loader nor Linux',
      { notes: [...without(NOTE.LOADER, NOTE.GUEST_OS), { type: NOTE.GUEST_OS, value: 'plan9' }] },
      'xen.loader',
    ],
    ['an entry outside of its memory', { notes: withNote(NOTE.ENTRY, 0xffffffff90000000n) }, 'xen.entry-address'],
    ['a memory map inside of itself', { notes: withNote(NOTE.INIT_P2M, 0xffffffff81000000n) }, 'xen.p2m-address'],
    ['an offset without a base', { notes: without(NOTE.VIRT_BASE) }, 'xen.paddr-offset'],
    ['an unknown required feature', { notes: withNote(NOTE.FEATURES, '!teleportation') }, 'xen.required-feature'],
    ['dom0 as the only use', { notes: withNote(NOTE.FEATURES, '!dom0') }, 'xen.dom0-only'],
    ['another machine', { machine: 183 }, 'xen.machine'],
  ];
  for (const [what, spec, code] of refusals) {
    it(`is no PV with ${what}`, async () => {
      expect((await elf(spec)).xen).toMatchObject({ pv: false, pvProblem: { code } });
    });
  }

  it('takes any other guest with the generic loader', async () => {
    const info = await elf({ notes: withNote(NOTE.GUEST_OS, 'NetBSD') });
    expect(info).toMatchObject({ os: 'netbsd', xen: { pv: true } });
  });

  it('wraps addresses as Xen does', async () => {
    const info = await elf({ physicalStart: 0xfffffffffffff000n, memorySize: 0x2000n });
    expect(info.xen).toMatchObject({ pv: false, pvh: false });
  });
});

describe('hostile headers (XSA-55, XSA-25)', () => {
  const damaged = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = makeElf();
    change(bytes);
    return bytes;
  };
  const cases: readonly [string, Uint8Array, string][] = [
    ['program headers past the end', damaged((b) => ELF64_HEADER.encode(b, { e_phoff: 2 ** 40 })), 'kernel.truncated'],
    ['65,535 program headers', damaged((b) => ELF64_HEADER.encode(b, { e_phnum: 0xffff })), 'limit.elfHeaders'],
    ['section headers past the end, as in a program that is cut off', makeElf().subarray(0, -8), 'kernel.truncated'],
    ['program headers of 1 byte', damaged((b) => ELF64_HEADER.encode(b, { e_phentsize: 1 })), 'elf.entry-size'],
    [
      'a note segment of 8 TiB',
      damaged((b) => ELF64_PROGRAM_HEADER.encode(b, { p_filesz: 2 ** 43 }, ELF64_HEADER.size + ELF64_PROGRAM_HEADER.size)),
      'limit.elfNotesSize',
    ],
    [
      'a note segment past the end',
      damaged((b) => ELF64_PROGRAM_HEADER.encode(b, { p_offset: 2 ** 52 }, ELF64_HEADER.size + ELF64_PROGRAM_HEADER.size)),
      'kernel.truncated',
    ],
  ];
  for (const [what, bytes, code] of cases) {
    it(`give a clean problem: ${what}`, async () => {
      expect((await identify(bytes)).problem).toMatchObject({ code });
    });
  }

  it('give a clean problem: a note whose descriptor does not fit', async () => {
    const notes = noteBytes(LINUX_NOTES);
    new DataView(notes.buffer, notes.byteOffset).setUint32(4, 0xfffffff0, true);
    const bytes = makeElf();
    const at = Buffer.from(bytes).indexOf('Xen\0') - 12;
    bytes.set(notes, at);
    expect((await identify(bytes)).problem).toMatchObject({ code: 'elf.note-size' });
  });

  it('take a text that was counted too long by a few bytes, as GRUB counts it, and no number', async () => {
    const counted = async (excess: number, notes: readonly NoteSpec[]) => {
      const bytes = makeElf({ notes });
      const last = notes[notes.length - 1];
      // The last note: its size lies behind the size of its name, 12 bytes and "Xen" before its value.
      const at = Buffer.from(bytes).lastIndexOf('Xen\0') - 8;
      const size = typeof last?.value === 'string' ? last.value.length + 1 : 8;
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, size + excess, true);
      return identify(bytes);
    };
    const pae = { type: NOTE.PAE, value: 'yes' };
    const others = LINUX_NOTES.filter((note) => note.type !== NOTE.PAE);
    expect(await counted(8, [...others, pae])).toMatchObject({ problem: null, xen: { pv: true, pae: 'extended-cr3' } });
    expect((await counted(12, [...others, pae])).problem).toMatchObject({ code: 'elf.note-size' });
    expect((await counted(8, LINUX_NOTES)).problem).toMatchObject({ code: 'elf.note-size' });
  });

  it('end a payload that is not inside the file', async () => {
    const image = makeBzImage(gzipSync(makeElf()), 0, { appendSize: false });
    new DataView(image.buffer).setUint32(0x24c, 0xffffffff, true);
    expect(await identify(image)).toMatchObject({ problem: { code: 'bzimage.payload-place' }, payload: null });
  });

  it('end a bomb at its bound, without its output in memory', async () => {
    const bomb = makeBzImage(gzipSync(new Uint8Array(64 * 1024 * 1024)), 0, { appendSize: false });
    const limits = withLimits({ decompressedSize: 8 * 1024 * 1024 });
    // What it announces is already too much.
    expect((await identifyKernel(new MemorySource(bomb), { limits })).problem).toMatchObject({ code: 'limit.decompressedSize' });
    // A lie about the size does not help it.
    new DataView(bomb.buffer).setUint32(bomb.length - 4, 4096, true);
    const plain = await plainKernel(new MemorySource(bomb), limits);
    await expect(gather(plain.stream())).rejects.toMatchObject({ code: 'limit.decompressedSize' });
  });

  it('end decompressing the same kernel over and over', async () => {
    const image = makeBzImage(gzipSync(makeElf({ place: 'section' })), 0, { appendSize: false });
    const limits = withLimits({ kernelPasses: 0 });
    expect((await identifyKernel(new MemorySource(image), { limits })).problem).toMatchObject({ code: 'limit.kernelPasses' });
  });
});

describe('whether a kernel can start', () => {
  const image = (payload: Uint8Array) => identify(makeBzImage(payload, makeElf().length, { appendSize: false }));

  it('is told for a kind of guest and a version of Xen', async () => {
    const info = await image(gzipSync(makeElf({ notes: without(NOTE.ENTRY) })));
    expect(shortForm(info)).toBe('6.1.0-50-amd64 x86_64 PVH gzip');
    expect(canBoot(info, { boot: 'any' })).toBeNull();
    expect(canBoot(info, { boot: 'pvh' })).toBeNull();
    expect(canBoot(info, { boot: 'pv' })).toMatchObject({ code: 'xen.no-pv' });
    expect(canBoot(info, { boot: 'any', xenVersion: parseXenVersion('4.9') })).toMatchObject({ code: 'xen.no-pv' });
    expect(canBoot(info, { boot: 'pvh', xenVersion: parseXenVersion('4.9.1') })).toMatchObject({ code: 'xen.pvh-version' });
    expect(canBoot(info, { boot: 'pvh', xenVersion: parseXenVersion('4.17.7') })).toBeNull();
  });

  it('is told of the compression, unless the kernel is handed out decompressed', async () => {
    const info = {
      ...(await image(gzipSync(makeElf()))),
      payload: { offset: 0, size: 8, compression: 'zstd', uncompressedSize: 8, dictionarySize: null },
    } as const;
    expect(canBoot(info, { boot: 'pv', xenVersion: parseXenVersion('4.14') })).toMatchObject({ code: 'kernel.compression' });
    expect(canBoot(info, { boot: 'pv', xenVersion: parseXenVersion('4.14'), decompress: true })).toBeNull();
    expect(canBoot(info, { boot: 'pv', xenVersion: parseXenVersion('4.15') })).toBeNull();
    expect(canBoot(info, { boot: 'pv' })).toBeNull();
  });

  it('is told of the memory that xz takes: Linux 6.12 asks for more than Xen gave before 4.20', async () => {
    const payload = { offset: 0, size: 8, compression: 'xz', uncompressedSize: 8, dictionarySize: 128 * 1024 * 1024 } as const;
    const info = { ...(await image(gzipSync(makeElf()))), payload };
    expect(canBoot(info, { boot: 'pv', xenVersion: parseXenVersion('4.19') })).toMatchObject({ code: 'kernel.xz-dictionary' });
    expect(canBoot(info, { boot: 'pv', xenVersion: parseXenVersion('4.20') })).toBeNull();
  });

  it('is yes for a bzImage whose payload is a plain ELF, which Xen finds where it looks for compressed data', async () => {
    const info = await image(makeElf());
    expect(info).toMatchObject({ payload: { compression: 'none' }, xen: { pv: true } });
    expect(canBoot(info, { boot: 'pv', xenVersion: parseXenVersion('4.2') })).toBeNull();
    expect(canBoot(info, { boot: 'pv', decompress: true })).toBeNull();
  });

  it('refuses versions of Xen that are none', () => {
    for (const text of ['', '4', 'xen', '4.1', '3.4', '4.17x', '99999.1']) expect(() => parseXenVersion(text)).toThrow(/version of Xen/);
    expect(parseXenVersion('4.17-rc1')).toEqual({ major: 4, minor: 17 });
  });
});
