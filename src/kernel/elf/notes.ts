/** ELF notes: of program segments, of sections. */
import { decodeLatin1, untilNul } from '../../bytes/text.js';
import { corrupt, limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type ProgramBytes, readExactly } from '../program-bytes.js';
import { ELF_NOTE } from './layout.js';

/** A note. */
export interface ElfNote {
  readonly name: string;
  readonly type: number;
  readonly descriptor: Uint8Array;
}

/** A range of the file that holds notes. */
export interface NoteRange {
  readonly offset: number | null;
  readonly size: number | null;
}

const ALIGNMENT = 4;

/** True for printable text with a NUL behind it. */
function isText(bytes: Uint8Array): boolean {
  return bytes.includes(0) && /^[\x20-\x7e]+$/.test(decodeLatin1(untilNul(bytes)));
}

function padded(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

/**
 * Splits a range into notes. A note that does not fit into the range ends it, as the reader has nothing to go on with. One that
 * is too long by less than a note's header, and whose text ends inside of the range, was counted wrongly and is taken, as Xen
 * takes it: GRUB's 32-bit images for PV guests say "yes" in 12 bytes, of which they have 4.
 */
function splitNotes(bytes: Uint8Array, limits: Limits, before: number): ElfNote[] {
  const notes: ElfNote[] = [];
  for (let at = 0; at + ELF_NOTE.size <= bytes.length; ) {
    const { n_namesz, n_descsz, n_type } = ELF_NOTE.decode(bytes, at);
    const name = at + ELF_NOTE.size;
    const descriptor = name + padded(n_namesz);
    const excess = descriptor + n_descsz - bytes.length;
    if (excess > 0 && (excess >= ELF_NOTE.size || !isText(bytes.subarray(descriptor)))) {
      throw corrupt('elf.note-size', `a note claims ${n_namesz} and ${n_descsz} bytes and does not fit into its segment`);
    }
    if (before + notes.length >= limits.elfNotes) throw limitReached('elfNotes', `the program has more than ${limits.elfNotes} notes`);
    notes.push({
      name: decodeLatin1(untilNul(bytes.subarray(name, name + n_namesz))),
      type: n_type,
      descriptor: bytes.slice(descriptor, descriptor + n_descsz),
    });
    at = descriptor + padded(n_descsz);
  }
  return notes;
}

/**
 * Reads the notes of several ranges, in the order of the ranges; the ranges themselves are read in the order in which they
 * lie in the file, because a decompressor can only go forwards.
 * @throws TygrubError corrupt, limit (`elfNotes`, `elfNotesSize`)
 */
export async function readNotes(program: ProgramBytes, ranges: readonly NoteRange[], limits: Limits): Promise<ElfNote[]> {
  let total = 0;
  const contents = new Map<NoteRange, Uint8Array>();
  for (const range of [...ranges].sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0))) {
    const { offset, size } = range;
    if (offset === null || size === null) throw corrupt('elf.note-place', 'notes lie at an impossible place');
    total += size;
    if (total > limits.elfNotesSize)
      throw limitReached('elfNotesSize', `the notes of the program have more than ${limits.elfNotesSize} bytes`);
    contents.set(range, (await readExactly(program, offset, size, 'a range of notes')).slice());
  }
  const notes: ElfNote[] = [];
  for (const range of ranges) notes.push(...splitNotes(contents.get(range) ?? new Uint8Array(0), limits, notes.length));
  return notes;
}
