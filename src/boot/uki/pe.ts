/** Reads the section table of a PE image (an EFI program). */
import { corrupt, limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { SliceSource } from '../../source/slice.js';
import { COFF_HEADER, DOS_HEADER, DOS_MAGIC, MACHINES, PE_SIGNATURE, SECTION_HEADER } from './layout.js';

/** One section. */
export interface PeSection {
  /** Without the NULs at its end. */
  readonly name: string;
  /** Byte offset of its content in the file. */
  readonly offset: number;
  /** Bytes of its content that the file holds: the raw data without the padding to the file's alignment. */
  readonly size: number;
}

/** A PE image. */
export interface PeImage {
  /** `x64`, `aa64` ...; null for a machine that has no name in the boot loader specification. */
  readonly architecture: string | null;
  /** In the order of the table; names may repeat. */
  readonly sections: readonly PeSection[];
}

/**
 * Reads the headers of a PE image.
 * @returns null for what is no PE image at all
 * @throws TygrubError corrupt `pe.…` when the section table is cut off; limit `peSections`
 */
export async function readPe(source: ByteSource, limits: Limits): Promise<PeImage | null> {
  if (source.size < DOS_HEADER.size) return null;
  const dos = DOS_HEADER.decode(await source.read(0, DOS_HEADER.size));
  if (dos.e_magic !== DOS_MAGIC || dos.e_lfanew + COFF_HEADER.size > source.size) return null;
  const coff = COFF_HEADER.decode(await source.read(dos.e_lfanew, COFF_HEADER.size));
  if (coff.Signature !== PE_SIGNATURE) return null;
  const count = coff.NumberOfSections;
  if (count > limits.peSections) throw limitReached('peSections', `the PE image has ${count} sections`, { offset: dos.e_lfanew });
  const start = dos.e_lfanew + COFF_HEADER.size + coff.SizeOfOptionalHeader;
  const length = count * SECTION_HEADER.size;
  if (start + length > source.size) {
    throw corrupt('pe.truncated-section-table', `the section table of the PE image (${count} sections) ends past the file`, {
      offset: start,
    });
  }
  const table = await source.read(start, length);
  const sections: PeSection[] = [];
  for (let i = 0; i < count; i++) {
    const header = SECTION_HEADER.decode(table, i * SECTION_HEADER.size);
    const end = header.Name.indexOf('\0');
    sections.push({
      name: end < 0 ? header.Name : header.Name.slice(0, end),
      offset: header.PointerToRawData,
      // Raw data are padded to the file alignment; a virtual size above them means zeros that the file does not hold.
      size: header.VirtualSize === 0 ? header.SizeOfRawData : Math.min(header.VirtualSize, header.SizeOfRawData),
    });
  }
  return { architecture: MACHINES.get(coff.Machine) ?? null, sections };
}

/**
 * The content of a section.
 * @throws TygrubError corrupt `pe.section-outside-file`
 */
export function sectionSource(source: ByteSource, section: PeSection): ByteSource {
  if (section.offset + section.size > source.size) {
    throw corrupt('pe.section-outside-file', `the section ${section.name} (${section.size} bytes) ends past the file`, {
      offset: section.offset,
    });
  }
  return new SliceSource(source, section.offset, section.size);
}
