/**
 * The System Use Sharing Protocol: entries behind a directory record's name, and in the continuation areas that CE
 * entries lead to. Each of its lengths was once believed without a check (XSA-497): all are checked here.
 */
import { corrupt } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { CE, FIXED_PARTS, SP, SP_CHECK, SYSTEM_USE_ENTRY } from './layout.js';

/** A system use entry: its signature and all its bytes, header included. */
export interface SystemUseEntry {
  readonly signature: string;
  readonly bytes: Uint8Array;
}

/** The entries of a record. */
export interface SystemUse {
  readonly entries: readonly SystemUseEntry[];
  /** Why reading stopped before the end: the entries after that are lost. */
  readonly damage: string | null;
}

/** Continuation areas of one record that are followed, as in Linux: each costs a read, and CE can point to itself. */
const MAX_CONTINUATIONS = 32;

/** Where the entries are. */
export interface SystemUsePlace {
  readonly source: ByteSource;
  readonly blockSize: number;
  /** Bytes to leave out at the start of each record's area: what SP said. */
  readonly skip: number;
}

/**
 * Reads the entries of a record.
 * @throws TygrubError corrupt `iso9660.system-use` where Linux takes the record for unreadable: an entry is shorter than
 * its fixed part, or a continuation area is outside of its block
 */
export async function readSystemUse(area: Uint8Array, place: SystemUsePlace, position: number): Promise<SystemUse> {
  const entries: SystemUseEntry[] = [];
  let data = area.subarray(Math.min(place.skip, area.length));
  for (let continuations = 0; ; continuations++) {
    let next: { extent: number; offset: number; size: number } | null = null;
    // One byte of padding may be left at the end.
    while (data.length > 2) {
      const length = data[SYSTEM_USE_ENTRY.offsetOf('length')] ?? 0;
      // A length below 4 would never end, one above what is left would lead out of the record.
      if (length < 3) return { entries, damage: `a system use entry of ${length} bytes` };
      const signature = String.fromCharCode(data[0] ?? 0, data[1] ?? 0);
      const fixed = FIXED_PARTS.get(signature) ?? 0;
      if (fixed > data.length) throw tooShort(signature, data.length, position);
      if (length > data.length) return { entries, damage: `a system use entry of ${length} bytes where ${data.length} are left` };
      if (length < SYSTEM_USE_ENTRY.size) {
        data = data.subarray(length);
        continue;
      }
      const bytes = data.subarray(0, length);
      data = data.subarray(length);
      if (signature === 'ST') break;
      if (length < fixed) return { entries, damage: `a ${signature} entry of ${length} bytes, ${fixed} are the least` };
      if (signature === 'CE') next = CE.decode(bytes);
      else entries.push({ signature, bytes });
    }
    if (next === null || next.extent === 0) return { entries, damage: null };
    if (continuations + 1 >= MAX_CONTINUATIONS) {
      throw corrupt('iso9660.system-use', `a directory record has more than ${MAX_CONTINUATIONS} continuation areas`, { offset: position });
    }
    data = await readContinuation(next, place, position);
  }
}

async function readContinuation(
  { extent, offset, size }: { extent: number; offset: number; size: number },
  { source, blockSize }: SystemUsePlace,
  position: number,
): Promise<Uint8Array> {
  const start = extent * blockSize + offset;
  if (offset > blockSize || size > blockSize - offset || start + size > source.size) {
    throw corrupt(
      'iso9660.system-use',
      `a continuation area of ${size} bytes at byte ${offset} of block ${extent} is not inside its block of ${blockSize} bytes`,
      { offset: position },
    );
  }
  return source.read(start, size);
}

function tooShort(signature: string, left: number, position: number) {
  return corrupt('iso9660.system-use', `a ${signature} entry is cut off: ${left} bytes are left`, { offset: position });
}

/**
 * What the `.` of the root directory says about the protocol.
 * @returns the bytes that SP says are to be left out; null without a valid SP
 */
export function protocolSkip(entries: readonly SystemUseEntry[]): number | null {
  for (const { signature, bytes } of entries) {
    if (signature !== 'SP') continue;
    const { check, skip } = SP.decode(bytes);
    return check[0] === SP_CHECK[0] && check[1] === SP_CHECK[1] ? skip : null;
  }
  return null;
}
