/** A directory: entries of 32 bytes, with the parts of a long name before the entry that they belong to. */
import { limitReached } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import {
  ATTR_ARCHIVE,
  ATTR_DIRECTORY,
  ATTR_LONG_NAME,
  ATTR_VOLUME_ID,
  DELETED,
  DIRECTORY_ENTRY,
  type DirectoryRecord,
  LAST_LONG_ENTRY,
  LONG_NAME_ENTRY,
  LONG_NAME_PART,
  LONG_NAME_PARTS,
  UNUSED,
} from './layout.js';
import { longName, shortName, shortNameChecksum } from './names.js';

const SIZE = DIRECTORY_ENTRY.size;
const NAME = DIRECTORY_ENTRY.offsetOf('DIR_Name');
const ATTR = DIRECTORY_ENTRY.offsetOf('DIR_Attr');
const DOT = '.          ';
const DOT_DOT = '..         ';

/** Bytes of a directory that are looked at together: below what passes by the block cache. */
const PIECE = 32 * 1024;

/** A file or directory as its entry has it. */
export interface Slot {
  readonly record: DirectoryRecord;
  /** Byte offset of the entry in the directory. */
  readonly position: number;
  readonly shortName: string;
  /** Null where there is none, or where its checksum belongs to another short name. */
  readonly longName: string | null;
}

/** The bytes of a directory, in pieces of whole entries; unused entries too: Linux does not take them for the end. */
async function* pieces(directory: ByteSource, limits: Limits, what: string): AsyncGenerator<{ piece: Uint8Array; start: number }> {
  if (directory.size > limits.directorySize) {
    throw limitReached('directorySize', `${what} has ${directory.size} bytes, ${limits.directorySize} are read at most`);
  }
  const end = directory.size - (directory.size % SIZE);
  for (let start = 0; start < end; start += PIECE) {
    yield { piece: await directory.read(start, Math.min(PIECE, end - start)), start };
  }
}

/** Collects the parts of a long name; they stand last part first, each with its number and the same checksum. */
class LongNameParts {
  private readonly units = new Uint16Array(LONG_NAME_PARTS * LONG_NAME_PART + 1);
  /** Number of the part that must come next; 0 when the name is complete, null while there is none. */
  private expected: number | null = null;
  private checksum = 0;

  reset(): void {
    this.expected = null;
  }

  add(entry: Uint8Array): void {
    const { LDIR_Ord, LDIR_Chksum, LDIR_Name1, LDIR_Name2, LDIR_Name3 } = LONG_NAME_ENTRY.decode(entry);
    const number = LDIR_Ord & ~LAST_LONG_ENTRY;
    const continues = this.expected !== null && this.expected !== 0 && number === this.expected && LDIR_Chksum === this.checksum;
    if (!continues) {
      // Not the next part of this name: perhaps the first of another.
      this.expected = null;
      if ((LDIR_Ord & LAST_LONG_ENTRY) === 0 || number === 0 || number > LONG_NAME_PARTS) return;
      this.checksum = LDIR_Chksum;
    }
    const at = (number - 1) * LONG_NAME_PART;
    let unit = at;
    for (const text of [LDIR_Name1, LDIR_Name2, LDIR_Name3]) {
      for (let i = 0; i < text.length; i += 2) this.units[unit++] = (text[i] as number) | ((text[i + 1] as number) << 8);
    }
    if ((LDIR_Ord & LAST_LONG_ENTRY) !== 0) this.units[unit] = 0;
    this.expected = number - 1;
  }

  /** The whole name if it belongs to this short name. */
  nameFor(short: Uint8Array): string | null {
    return this.expected === 0 && shortNameChecksum(short) === this.checksum ? longName(this.units) : null;
  }
}

/**
 * The files and directories of a directory, in its order, without `.` and `..`, labels and deleted entries.
 * @throws TygrubError limit directoryEntries, directorySize, and what reading throws
 */
export async function* readSlots(directory: ByteSource, limits: Limits, what: string): AsyncGenerator<Slot> {
  const parts = new LongNameParts();
  let count = 0;
  for await (const { piece, start } of pieces(directory, limits, what)) {
    for (let at = 0; at < piece.length; at += SIZE) {
      const first = piece[at + NAME];
      const attributes = piece[at + ATTR] ?? 0;
      if (attributes === ATTR_LONG_NAME && first !== DELETED) {
        parts.add(piece.subarray(at, at + SIZE));
        continue;
      }
      if (first !== DELETED && first !== UNUSED && (attributes & ATTR_VOLUME_ID) === 0) {
        const record = DIRECTORY_ENTRY.decode(piece, at);
        const padded = String.fromCharCode(...record.DIR_Name);
        const short = shortName(record);
        if (short !== '' && padded !== DOT && padded !== DOT_DOT) {
          count += 1;
          if (count > limits.directoryEntries) {
            throw limitReached('directoryEntries', `${what} has more than ${limits.directoryEntries} names`);
          }
          yield { record, position: start + at, shortName: short, longName: parts.nameFor(record.DIR_Name) };
        }
      }
      parts.reset();
    }
  }
}

/** How many directories a directory holds, `.` and `..` included: Linux's link count. */
export async function countDirectories(directory: ByteSource, limits: Limits, what: string): Promise<number> {
  let count = 0;
  for await (const { piece } of pieces(directory, limits, what)) {
    for (let at = 0; at < piece.length; at += SIZE) {
      const attributes = piece[at + ATTR] ?? 0;
      const first = piece[at + NAME];
      if (first !== DELETED && first !== UNUSED && (attributes & (ATTR_VOLUME_ID | ATTR_DIRECTORY)) === ATTR_DIRECTORY) count += 1;
    }
  }
  return count;
}

/**
 * The volume's label as GRUB finds it: the first entry of the root directory that is a label, before the first entry
 * that never was used.
 * @returns its 11 bytes, null when there is none
 */
export async function readLabel(root: ByteSource, limits: Limits): Promise<Uint8Array | null> {
  for await (const { piece } of pieces(root, limits, 'the root directory')) {
    for (let at = 0; at < piece.length; at += SIZE) {
      const first = piece[at + NAME];
      if (first === UNUSED) return null;
      if (first !== DELETED && ((piece[at + ATTR] ?? 0) & ~ATTR_ARCHIVE) === ATTR_VOLUME_ID) {
        return DIRECTORY_ENTRY.decode(piece, at).DIR_Name;
      }
    }
  }
  return null;
}
