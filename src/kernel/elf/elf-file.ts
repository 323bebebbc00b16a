/** An ELF program's headers, with every number from them checked before it is used (what XSA-55 was about). */
import { corrupt, limitReached, unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type ProgramBytes, readExactly } from '../program-bytes.js';
import {
  ELF_IDENT,
  ELF32_HEADER,
  ELF32_PROGRAM_HEADER,
  ELF32_SECTION_HEADER,
  ELF64_HEADER,
  ELF64_PROGRAM_HEADER,
  ELF64_SECTION_HEADER,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
} from './layout.js';

/** A 64-bit address: JavaScript's numbers cannot hold a kernel's. */
export type Address = bigint;

/** A program header. */
export interface Segment {
  readonly type: number;
  readonly flags: number;
  /** Place in the file; null where it is impossible. */
  readonly offset: number | null;
  readonly fileSize: number | null;
  readonly physicalAddress: Address;
  readonly memorySize: Address;
}

/** A section header. */
export interface Section {
  /** Offset of its name in the section name table. */
  readonly name: number;
  readonly type: number;
  readonly offset: number | null;
  readonly size: number | null;
}

/** The ELF header. */
export interface ElfHeader {
  readonly bits: 32 | 64;
  readonly machine: number;
  readonly entry: Address;
  readonly programHeaders: { readonly offset: number | null; readonly entrySize: number; readonly count: number };
  readonly sectionHeaders: { readonly offset: number | null; readonly entrySize: number; readonly count: number };
  readonly sectionNames: number;
}

function address(value: { readonly high: number; readonly low: number }): Address {
  return (BigInt(value.high) << 32n) | BigInt(value.low);
}

/**
 * Decodes the header.
 * @param head the first bytes of the program, 64 where it has them
 * @throws TygrubError corrupt `elf.…`, unsupported for big-endian programs
 */
export function decodeElfHeader(head: Uint8Array): ElfHeader {
  const ident = ELF_IDENT.decode(head);
  if (ident.EI_DATA === ELFDATA2MSB) throw unsupported('elf.big-endian', 'the program is for a big-endian machine');
  if (ident.EI_DATA !== ELFDATA2LSB) throw corrupt('elf.data', `the ELF header has data encoding ${ident.EI_DATA}`, { offset: 5 });
  if (ident.EI_CLASS === ELFCLASS64) {
    const header = ELF64_HEADER.decode(head);
    return { bits: 64, entry: address(header.e_entry), ...common(header) };
  }
  if (ident.EI_CLASS !== ELFCLASS32) throw corrupt('elf.class', `the ELF header has class ${ident.EI_CLASS}`, { offset: 4 });
  const header = ELF32_HEADER.decode(head);
  return { bits: 32, entry: BigInt(header.e_entry), ...common(header) };
}

function common(header: {
  readonly e_machine: number;
  readonly e_phoff: number | null;
  readonly e_shoff: number | null;
  readonly e_phentsize: number;
  readonly e_phnum: number;
  readonly e_shentsize: number;
  readonly e_shnum: number;
  readonly e_shstrndx: number;
}) {
  return {
    machine: header.e_machine,
    programHeaders: { offset: header.e_phoff, entrySize: header.e_phentsize, count: header.e_phnum },
    sectionHeaders: { offset: header.e_shoff, entrySize: header.e_shentsize, count: header.e_shnum },
    sectionNames: header.e_shstrndx,
  };
}

async function readTable(
  program: ProgramBytes,
  table: ElfHeader['programHeaders'],
  size: number,
  limits: Limits,
  what: string,
): Promise<Uint8Array> {
  if (table.count === 0 || table.offset === 0) return new Uint8Array(0);
  if (table.offset === null) throw corrupt('elf.table-offset', `the ${what} lie at an impossible place`);
  if (table.entrySize !== size) throw corrupt('elf.entry-size', `the ${what} have ${table.entrySize} bytes each, ${size} are right`);
  if (table.count > limits.elfHeaders) throw limitReached('elfHeaders', `the program has ${table.count} ${what}`);
  return readExactly(program, table.offset, table.count * size, `the table of ${what}`);
}

/**
 * Checks that the section headers lie inside the program, where its size is known: Xen asks that of all kernels. They are at
 * the end, and what a program that is cut off lacks.
 * @throws TygrubError corrupt `kernel.truncated`
 */
export function checkSectionTable(program: ProgramBytes, { sectionHeaders: { offset, entrySize, count } }: ElfHeader): void {
  if (program.size === null || (offset !== null && offset + entrySize * count <= program.size)) return;
  throw corrupt('kernel.truncated', 'the table of section headers lies past the end of the program', offset === null ? {} : { offset });
}

/** Reads the program headers. @throws TygrubError corrupt, limit `elfHeaders` */
export async function readSegments(program: ProgramBytes, header: ElfHeader, limits: Limits): Promise<Segment[]> {
  const row = header.bits === 64 ? ELF64_PROGRAM_HEADER : ELF32_PROGRAM_HEADER;
  const table = await readTable(program, header.programHeaders, row.size, limits, 'program headers');
  const segments: Segment[] = [];
  for (let at = 0; at < table.length; at += row.size) {
    if (header.bits === 64) {
      const s = ELF64_PROGRAM_HEADER.decode(table, at);
      segments.push({
        type: s.p_type,
        flags: s.p_flags,
        offset: s.p_offset,
        fileSize: s.p_filesz,
        physicalAddress: address(s.p_paddr),
        memorySize: address(s.p_memsz),
      });
    } else {
      const s = ELF32_PROGRAM_HEADER.decode(table, at);
      segments.push({
        type: s.p_type,
        flags: s.p_flags,
        offset: s.p_offset,
        fileSize: s.p_filesz,
        physicalAddress: BigInt(s.p_paddr),
        memorySize: BigInt(s.p_memsz),
      });
    }
  }
  return segments;
}

/** Reads the section headers; none where the program has no table. @throws TygrubError corrupt, limit `elfHeaders` */
export async function readSections(program: ProgramBytes, header: ElfHeader, limits: Limits): Promise<Section[]> {
  const row = header.bits === 64 ? ELF64_SECTION_HEADER : ELF32_SECTION_HEADER;
  const table = await readTable(program, header.sectionHeaders, row.size, limits, 'section headers');
  const sections: Section[] = [];
  for (let at = 0; at < table.length; at += row.size) {
    const s = row.decode(table, at);
    sections.push({ name: s.sh_name, type: s.sh_type, offset: s.sh_offset, size: s.sh_size });
  }
  return sections;
}
