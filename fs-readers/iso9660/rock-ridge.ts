/** Rock Ridge: names, attributes and links of POSIX in system use entries (IEEE P1282). */
import type { Timestamp } from '../filesystem.js';
import {
  CL,
  ER,
  NM,
  NM_CONTINUE,
  NM_CURRENT,
  NM_PARENT,
  PN,
  PX,
  RR,
  RR_NAME,
  SL,
  SL_COMPONENT,
  SL_CONTINUE,
  SL_CURRENT,
  SL_PARENT,
  SL_ROOT,
  TF,
  TF_ACCESS,
  TF_ATTRIBUTES,
  TF_CREATION,
  TF_LONG_FORM,
  TF_MODIFY,
  ZF,
} from './layout.js';
import type { SystemUse, SystemUseEntry } from './system-use.js';
import { longDate, shortDate } from './timestamp.js';

/** Longest name that Linux takes; pieces that would make it longer are left out. */
const MAX_NAME = 253;

/** True when an ER entry names an extension: what follows in all records is Rock Ridge's. */
export function hasExtension(entries: readonly SystemUseEntry[]): boolean {
  return entries.some(({ signature, bytes }) => signature === 'ER' && ER.decode(bytes).id_length + ER.size <= bytes.length);
}

/** What a record's NM entries say. */
export type RockRidgeName =
  | { readonly kind: 'name'; readonly name: Uint8Array }
  /** No NM: the record's own name counts. */
  | { readonly kind: 'none' }
  /** RE: a directory that was moved here only because trees of ISO 9660 may not be deep; CL shows it where it belongs. */
  | { readonly kind: 'relocated' };

/** The name of a record. A record whose entries are damaged has none, as in Linux. */
export function rockRidgeName({ entries, damage }: SystemUse): RockRidgeName {
  const pieces: number[] = [];
  let full = false;
  for (const { signature, bytes } of entries) {
    if (signature === 'RE') return { kind: 'relocated' };
    if (signature === 'RR' && (RR.decode(bytes).flags & RR_NAME) === 0) return { kind: 'none' };
    if (signature !== 'NM' || full) continue;
    const { flags } = NM.decode(bytes);
    if ((flags & (NM_CURRENT | NM_PARENT)) !== 0 || (flags & ~NM_CONTINUE) !== 0) continue;
    let piece = bytes.subarray(NM.size);
    const nul = piece.indexOf(0);
    if (nul >= 0) piece = piece.subarray(0, nul);
    full = nul >= 0 || pieces.length + piece.length > MAX_NAME;
    if (pieces.length + piece.length <= MAX_NAME) pieces.push(...piece);
  }
  if (damage !== null || pieces.length === 0) return { kind: 'none' };
  return { kind: 'name', name: Uint8Array.from(pieces) };
}

/** What a record's entries say about the file. */
export interface RockRidgeAttributes {
  /** Type and permissions as in `stat`; null without PX. */
  mode: number | null;
  links: number;
  uid: number;
  gid: number;
  mtime?: Timestamp;
  atime?: Timestamp;
  ctime?: Timestamp;
  device?: { readonly major: number; readonly minor: number };
  /** The target of a symbolic link; null without SL. */
  target: Uint8Array | null;
  /** Block of the directory that belongs here (CL). */
  relocated: number | null;
  /** Compressed content (ZF): the algorithm, and bytes when unpacked. */
  compressed: { readonly algorithm: string; readonly size: number } | null;
}

/** Puts the entries of a record together. */
export function rockRidgeAttributes(entries: readonly SystemUseEntry[]): RockRidgeAttributes {
  const out: RockRidgeAttributes = { mode: null, links: 1, uid: 0, gid: 0, target: null, relocated: null, compressed: null };
  const link = new LinkTarget();
  for (const { signature, bytes } of entries) {
    if (signature === 'PX') {
      const { mode, links, uid, gid } = PX.decode(bytes);
      Object.assign(out, { mode, links, uid, gid });
    } else if (signature === 'PN') out.device = deviceNumber(bytes);
    else if (signature === 'TF') readTimes(bytes, out);
    else if (signature === 'SL') link.add(bytes);
    else if (signature === 'CL') out.relocated = CL.decode(bytes).location;
    else if (signature === 'ZF') {
      const { algorithm, size } = ZF.decode(bytes);
      out.compressed = { algorithm, size };
    }
  }
  out.target = link.text();
  return out;
}

/** Some writers keep the whole number in the low half, as the standard says for 32 bits; then the high one is 0. */
function deviceNumber(bytes: Uint8Array): { major: number; minor: number } {
  const { high, low } = PN.decode(bytes);
  return high === 0 && low > 0xff ? { major: low >>> 8, minor: low & 0xff } : { major: high, minor: low };
}

function readTimes(bytes: Uint8Array, out: RockRidgeAttributes): void {
  const { flags } = TF.decode(bytes);
  const long = (flags & TF_LONG_FORM) !== 0;
  const size = long ? 17 : 7;
  let at = TF.size;
  for (const bit of [TF_CREATION, TF_MODIFY, TF_ACCESS, TF_ATTRIBUTES]) {
    if ((flags & bit) === 0) continue;
    if (at + size > bytes.length) return;
    const stamp = bytes.subarray(at, at + size);
    const time = long ? longDate(stamp) : shortDate(stamp);
    if (bit === TF_MODIFY) out.mtime = time;
    else if (bit === TF_ACCESS) out.atime = time;
    else out.ctime = time; // some writers put ctime where the creation belongs
    at += size;
  }
}

const SLASH = 0x2f;
const DOT = 0x2e;

/** A link's target out of SL entries: components, which may go on in the next component or the next entry. */
class LinkTarget {
  private readonly bytes: number[] = [];
  private found = false;

  add(entry: Uint8Array): void {
    this.found = true;
    const goesOn = (SL.decode(entry).flags & SL_CONTINUE) !== 0;
    for (let at = SL.size; at + SL_COMPONENT.size <= entry.length; ) {
      const { flags, length } = SL_COMPONENT.decode(entry, at);
      const text = entry.subarray(at + SL_COMPONENT.size, at + SL_COMPONENT.size + length);
      const kind = flags & ~SL_CONTINUE;
      if (kind === 0) this.bytes.push(...text);
      else if (kind === SL_CURRENT) this.bytes.push(DOT);
      else if (kind === SL_PARENT) this.bytes.push(DOT, DOT);
      else if (kind === SL_ROOT) this.bytes.push(SLASH);
      at += SL_COMPONENT.size + length;
      const more = at + SL_COMPONENT.size <= entry.length || goesOn;
      if (more && kind !== SL_ROOT && (flags & SL_CONTINUE) === 0) this.bytes.push(SLASH);
    }
  }

  text(): Uint8Array | null {
    return this.found ? Uint8Array.from(this.bytes) : null;
  }
}
