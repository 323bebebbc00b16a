/** Small ELF kernels and bzImages, made from the layouts of the specifications, for tests of single rules. */

import { SETUP_HEADER } from '../../src/kernel/bzimage/layout.js';
import { ELF_NOTE, ELF64_HEADER, ELF64_PROGRAM_HEADER, ELF64_SECTION_HEADER } from '../../src/kernel/elf/layout.js';

/** A note to put in. */
export interface NoteSpec {
  readonly name?: string;
  readonly type: number;
  /** A text becomes its bytes and a NUL, a number 8 bytes. */
  readonly value: string | bigint | Uint8Array;
}

/** What a kernel is made of; the defaults are a 64-bit Linux with PV and PVH. */
export interface ElfSpec {
  readonly machine?: number;
  readonly entry?: bigint;
  readonly notes?: readonly NoteSpec[];
  /** `segment`: PT_NOTE; `section`: SHT_NOTE only; `guest`: a `__xen_guest` section with this text. */
  readonly place?: 'segment' | 'section' | { readonly guest: string };
  readonly physicalStart?: bigint;
  readonly memorySize?: bigint;
  /** Bytes of text in front of the notes. */
  readonly textSize?: number;
}

export const NOTE = {
  ENTRY: 1,
  VIRT_BASE: 3,
  PADDR_OFFSET: 4,
  XEN_VERSION: 5,
  GUEST_OS: 6,
  LOADER: 8,
  PAE: 9,
  FEATURES: 10,
  INIT_P2M: 15,
  SUPPORTED: 17,
  PHYS32: 18,
};

/** The notes of a Linux that can do both. */
export const LINUX_NOTES: readonly NoteSpec[] = [
  { type: NOTE.GUEST_OS, value: 'linux' },
  { type: NOTE.XEN_VERSION, value: 'xen-3.0' },
  { type: NOTE.VIRT_BASE, value: 0xffffffff80000000n },
  { type: NOTE.INIT_P2M, value: 0x8000000000n },
  { type: NOTE.ENTRY, value: 0xffffffff81000180n },
  { type: NOTE.FEATURES, value: '!writable_page_tables|pae_pgdir_above_4gb' },
  { type: NOTE.PAE, value: 'yes' },
  { type: NOTE.LOADER, value: 'generic' },
  { type: NOTE.PADDR_OFFSET, value: 0n },
  { type: NOTE.PHYS32, value: 0x1000150n },
];

function halves(value: bigint): { high: number; low: number } {
  return { high: Number((value >> 32n) & 0xffffffffn), low: Number(value & 0xffffffffn) };
}

function descriptor(value: NoteSpec['value']): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(`${value}\0`, 'latin1');
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
}

/** Notes as they lie in a file. */
export function noteBytes(notes: readonly NoteSpec[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name = 'Xen', type, value } of notes) {
    const owner = Buffer.from(`${name}\0`, 'latin1');
    const content = descriptor(value);
    const pad = (n: number): number => Math.ceil(n / 4) * 4;
    const note = new Uint8Array(ELF_NOTE.size + pad(owner.length) + pad(content.length));
    ELF_NOTE.encode(note, { n_namesz: owner.length, n_descsz: content.length, n_type: type });
    note.set(owner, ELF_NOTE.size);
    note.set(content, ELF_NOTE.size + pad(owner.length));
    parts.push(note);
  }
  return Buffer.concat(parts);
}

/** A 64-bit little-endian ELF kernel: header, program headers, text, notes, section headers. */
export function makeElf(spec: ElfSpec = {}): Uint8Array {
  const place = spec.place ?? 'segment';
  const content = typeof place === 'object' ? Buffer.from(`${place.guest}\0`, 'latin1') : noteBytes(spec.notes ?? LINUX_NOTES);
  const names = Buffer.from('\0.note\0__xen_guest\0.shstrtab\0', 'latin1');
  const textSize = spec.textSize ?? 256;
  const segments = place === 'segment' ? 2 : 1;
  const text = ELF64_HEADER.size + segments * ELF64_PROGRAM_HEADER.size;
  const notes = text + textSize;
  const nameTable = notes + content.length;
  const sections = Math.ceil((nameTable + names.length) / 8) * 8;
  const out = new Uint8Array(sections + 3 * ELF64_SECTION_HEADER.size);
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  ELF64_HEADER.encode(out, {
    e_type: 2,
    e_machine: spec.machine ?? 62,
    e_entry: halves(spec.entry ?? 0x1000000n),
    e_phoff: ELF64_HEADER.size,
    e_shoff: sections,
    e_phentsize: ELF64_PROGRAM_HEADER.size,
    e_phnum: segments,
    e_shentsize: ELF64_SECTION_HEADER.size,
    e_shnum: 3,
    e_shstrndx: 2,
  });
  ELF64_PROGRAM_HEADER.encode(
    out,
    {
      p_type: 1,
      p_flags: 7,
      p_offset: text,
      p_paddr: halves(spec.physicalStart ?? 0x1000000n),
      p_filesz: textSize,
      p_memsz: halves(spec.memorySize ?? 0x400000n),
    },
    ELF64_HEADER.size,
  );
  if (place === 'segment') {
    ELF64_PROGRAM_HEADER.encode(
      out,
      { p_type: 4, p_flags: 0, p_offset: notes, p_filesz: content.length },
      ELF64_HEADER.size + ELF64_PROGRAM_HEADER.size,
    );
  }
  out.set(content, notes);
  out.set(names, nameTable);
  const section = typeof place === 'object' ? { sh_name: 7, sh_type: 1 } : { sh_name: 1, sh_type: 7 };
  ELF64_SECTION_HEADER.encode(out, { ...section, sh_offset: notes, sh_size: content.length }, sections + ELF64_SECTION_HEADER.size);
  ELF64_SECTION_HEADER.encode(
    out,
    { sh_name: 19, sh_type: 3, sh_offset: nameTable, sh_size: names.length },
    sections + 2 * ELF64_SECTION_HEADER.size,
  );
  return out;
}

/** What a bzImage's header says. */
export interface BzImageSpec {
  readonly version?: string;
  readonly protocol?: number;
  /** The size is appended, as Linux's build does for all but gzip. */
  readonly appendSize?: boolean;
}

export const VERSION = '6.1.0-50-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)';

/** A bzImage around a payload. @param size bytes that the payload becomes */
export function makeBzImage(payload: Uint8Array, size: number, spec: BzImageSpec = {}): Uint8Array {
  const setup = 4 * 512;
  const offset = 64;
  const trailer = new Uint8Array(spec.appendSize === false ? 0 : 4);
  if (trailer.length > 0) new DataView(trailer.buffer).setUint32(0, size, true);
  const out = new Uint8Array(setup + offset + payload.length + trailer.length);
  SETUP_HEADER.encode(out, {
    setup_sects: 3,
    boot_flag: 0xaa55,
    header: 'HdrS',
    version: spec.protocol ?? 0x020f,
    kernel_version: 0x300,
    xloadflags: 1,
    payload_offset: offset,
    payload_length: payload.length + trailer.length,
  });
  out.set(Buffer.from(spec.version ?? VERSION, 'latin1'), 0x200 + 0x300);
  out.set(payload, setup + offset);
  out.set(trailer, setup + offset + payload.length);
  return out;
}
