/** Finds what a kernel tells Xen: notes of segments, else notes of sections, else the `__xen_guest` section. */
import { decodeLatin1, untilNul } from '../../bytes/text.js';
import { corrupt, limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type ElfHeader, readSections, readSegments, type Section, type Segment } from '../elf/elf-file.js';
import { PT_NOTE, SHT_NOTE } from '../elf/layout.js';
import { type ElfNote, readNotes } from '../elf/notes.js';
import { type ProgramBytes, readExactly } from '../program-bytes.js';
import { LINUX_BUILD_SALT, LINUX_NOTE_OWNER } from './note-types.js';
import { gatherXenNotes, parseGuestSection, type XenNotes } from './xen-notes.js';

/** Where Xen finds the notes. */
export type NoteSource = 'segment' | 'section' | 'guest-section' | 'none';

/** What was found. */
export interface FoundNotes {
  readonly source: NoteSource;
  readonly notes: XenNotes | null;
  readonly segments: readonly Segment[];
  /** The release that Linux's own notes tell; null where they do not. */
  readonly release: string | null;
}

const GUEST_SECTION = '__xen_guest';

/**
 * Reads the notes of an ELF kernel, no further into it than they lie.
 * @throws TygrubError corrupt, limit
 */
export async function readXenNotes(program: ProgramBytes, header: ElfHeader, limits: Limits): Promise<FoundNotes> {
  const segments = await readSegments(program, header, limits);
  // Some linkers leave the offset of a note segment at 0; Xen looks at the sections then, and so does this.
  const ranges = segments
    .filter((segment) => segment.type === PT_NOTE && segment.offset !== 0)
    .map((segment) => ({ offset: segment.offset, size: segment.fileSize }));
  const ofSegments = await readNotes(program, ranges, limits);
  const fromSegments = gatherXenNotes(ofSegments);
  if (fromSegments !== null) return { source: 'segment', notes: fromSegments, segments, release: linuxRelease(ofSegments) };

  const sections = await readSections(program, header, limits);
  const ofSections = await readNotes(
    program,
    sections.filter((section) => section.type === SHT_NOTE),
    limits,
  );
  const release = linuxRelease([...ofSegments, ...ofSections]);
  const fromSections = gatherXenNotes(ofSections);
  if (fromSections !== null) return { source: 'section', notes: fromSections, segments, release };

  const guest = await findGuestSection(program, header, sections, limits);
  if (guest === null) return { source: 'none', notes: null, segments, release };
  return { source: 'guest-section', notes: parseGuestSection(guest), segments, release };
}

function linuxRelease(notes: readonly ElfNote[]): string | null {
  const salt = notes.find((note) => note.name === LINUX_NOTE_OWNER && note.type === LINUX_BUILD_SALT);
  const text = salt === undefined ? '' : decodeLatin1(untilNul(salt.descriptor));
  return text === '' ? null : text;
}

/** The contents of the section `__xen_guest`; null where there is none. */
async function findGuestSection(
  program: ProgramBytes,
  header: ElfHeader,
  sections: readonly Section[],
  limits: Limits,
): Promise<Uint8Array | null> {
  const names = sections[header.sectionNames];
  if (names === undefined) return null;
  const table = await sectionContent(program, names, limits);
  for (const section of sections) {
    // Only as much of a name as decides: a table without NULs must not be scanned again for each section.
    const name = table.subarray(section.name, section.name + GUEST_SECTION.length + 1);
    if (decodeLatin1(untilNul(name)) === GUEST_SECTION) return sectionContent(program, section, limits);
  }
  return null;
}

async function sectionContent(program: ProgramBytes, section: Section, limits: Limits): Promise<Uint8Array> {
  if (section.offset === null || section.size === null) throw corrupt('elf.section-place', 'a section lies at an impossible place');
  if (section.size > limits.elfNotesSize) throw limitReached('elfNotesSize', `a section of the program has ${section.size} bytes`);
  return (await readExactly(program, section.offset, section.size, 'a section')).slice();
}
