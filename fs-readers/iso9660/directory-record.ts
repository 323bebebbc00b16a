/** Directory records: the fixed part, the name, and what is behind it for the System Use Sharing Protocol. */
import { corrupt, limitReached } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { SECTOR } from './descriptor-id.js';
import { DIRECTORY_RECORD, type DirectoryRecordFields, FLAG_ASSOCIATED, FLAG_DIRECTORY, FLAG_MULTI_EXTENT, MAX_RECORD } from './layout.js';

/** A directory record. */
export interface DirectoryRecord {
  readonly fields: DirectoryRecordFields;
  readonly name: Uint8Array;
  /** The bytes behind the name and its padding. */
  readonly systemUse: Uint8Array;
  /** Byte offset of the record in the volume, for messages and identity. */
  readonly position: number;
}

/** The records of one file: several where it has several extents. */
export interface RecordGroup {
  /** The first carries the attributes. */
  readonly records: readonly [DirectoryRecord, ...DirectoryRecord[]];
  /** The last carries the name. */
  readonly last: DirectoryRecord;
}

/**
 * Decodes the record at the start of `data`.
 * @throws TygrubError corrupt `iso9660.record` when it is shorter than its fixed part and name (CVE-2026-42494, -42495)
 */
export function decodeRecord(data: Uint8Array, position: number): DirectoryRecord {
  const length = data[0] ?? 0;
  if (length < DIRECTORY_RECORD.size || length > data.length) {
    throw corrupt(
      'iso9660.record',
      `a directory record says that it has ${length} bytes; ${DIRECTORY_RECORD.size} are the least and ${data.length} are there`,
      {
        offset: position,
      },
    );
  }
  const fields = DIRECTORY_RECORD.decode(data);
  const nameEnd = DIRECTORY_RECORD.size + fields.name_len;
  if (nameEnd > length) {
    throw corrupt('iso9660.record', `a directory record of ${length} bytes says that its name has ${fields.name_len}`, {
      offset: position,
    });
  }
  return {
    fields,
    name: data.slice(DIRECTORY_RECORD.size, nameEnd),
    systemUse: data.slice(Math.min(length, nameEnd + (nameEnd & 1)), length),
    position,
  };
}

/** Reads the record at a byte offset of the volume: the `.` of a directory. */
export async function readRecord(source: ByteSource, position: number): Promise<DirectoryRecord> {
  if (position + DIRECTORY_RECORD.size > source.size) {
    throw corrupt('iso9660.extent', `a directory is said to be at byte ${position} of ${source.size}`, { offset: position });
  }
  return decodeRecord(await source.read(position, Math.min(MAX_RECORD, source.size - position)), position);
}

/** Bytes of a directory that are looked at together: below what passes by the block cache. */
const PIECE = 16 * SECTOR;

/**
 * The records of a directory in order, those of one file together; without `.`, `..` and associated files.
 * @param start byte offset of the directory in the volume
 * @param size bytes of the directory
 * @throws TygrubError corrupt `iso9660.…`, limit directorySize, directoryEntries
 */
export async function* readRecords(source: ByteSource, start: number, size: number, limits: Limits): AsyncGenerator<RecordGroup> {
  if (size > limits.directorySize) {
    throw limitReached('directorySize', `the directory at byte ${start} has ${size} bytes, ${limits.directorySize} are read at most`);
  }
  let piece: Uint8Array = new Uint8Array(0);
  let pieceStart = 0;
  let count = 0;
  let group: DirectoryRecord[] = [];
  for (let at = 0; at < size; ) {
    const left = size - at;
    // A record may not cross sectors, but some discs have such records and Linux reads them.
    if (at + Math.min(left, MAX_RECORD) > pieceStart + piece.length) {
      pieceStart = at - (at % SECTOR);
      piece = await source.read(start + pieceStart, Math.min(PIECE, size - pieceStart));
    }
    const data = piece.subarray(at - pieceStart);
    if (data[0] === 0) {
      at += SECTOR - (at % SECTOR);
      continue;
    }
    const record = decodeRecord(data, start + at);
    at += record.fields.length;
    count += 1;
    if (count > limits.directoryEntries) {
      throw limitReached('directoryEntries', `the directory at byte ${start} has more than ${limits.directoryEntries} records`);
    }
    group.push(record);
    if ((record.fields.flags & FLAG_MULTI_EXTENT) !== 0) continue;
    const [first] = group;
    if (first !== undefined && !isSelfOrParent(record) && (record.fields.flags & FLAG_ASSOCIATED) === 0) {
      yield { records: [first, ...group.slice(1)], last: record };
    }
    group = [];
  }
}

/** The names of a directory itself and its parent are single bytes: 0 and 1. */
function isSelfOrParent({ name }: DirectoryRecord): boolean {
  return name.length === 1 && (name[0] === 0 || name[0] === 1);
}

/** True for a directory's record. */
export function isDirectory({ fields }: DirectoryRecord): boolean {
  return (fields.flags & FLAG_DIRECTORY) !== 0;
}
