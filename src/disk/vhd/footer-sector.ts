/** One sector that may hold a footer: what is in it, and whether a footer in it can be read at all. */
import { isZero } from '../../bytes/uuid.js';
import { unsupported } from '../../errors.js';
import { footerChecksumHolds } from './checksum.js';
import { DISK_TYPE_NAMES, DiskType, FOOTER, FOOTER_COOKIE, FORMAT_VERSION, type Footer, KILLED_BYTE, POISON_COOKIE } from './layout.js';

/** What a sector holds where a footer is looked for. */
export type FooterState =
  /** Cookie and checksum are right. */
  | 'valid'
  /** The cookie is right, the checksum is not. */
  | 'bad-checksum'
  /** blktap's mark of a journalled operation under way. */
  | 'poisoned'
  /** blktap's mark of a disk that is open for writing. */
  | 'killed'
  | 'zero'
  /** Anything else. */
  | 'other';

/** A sector where a footer was looked for. */
export interface FooterSector {
  readonly state: FooterState;
  /** Byte offset in the file. */
  readonly offset: number;
  /** Bytes in the file: 512, or 511 for a footer of the old kind. */
  readonly length: number;
  /** The 512 bytes (the byte that an old footer lacks is zero). */
  readonly bytes: Uint8Array;
  /** The decoded footer; null where there is no cookie. */
  readonly footer: Footer | null;
}

/**
 * Looks at a sector.
 * @param stored the bytes in the file, 512 or 511
 * @param offset where they stand in the file
 */
export function inspectFooter(stored: Uint8Array, offset: number): FooterSector {
  const bytes = new Uint8Array(FOOTER.size);
  bytes.set(stored);
  const footer = FOOTER.decode(bytes);
  const place = { offset, length: stored.length, bytes };
  if (footer.cookie === FOOTER_COOKIE) return { ...place, state: footerChecksumHolds(bytes) ? 'valid' : 'bad-checksum', footer };
  if (footer.cookie === POISON_COOKIE) return { ...place, state: 'poisoned', footer };
  if (isZero(stored)) return { ...place, state: 'zero', footer: null };
  if (stored.every((byte) => byte === KILLED_BYTE)) return { ...place, state: 'killed', footer: null };
  return { ...place, state: 'other', footer: null };
}

/** Whether the footer is of a disk with a header, a BAT and a copy of the footer at offset 0. */
export function isSparse(footer: Footer): boolean {
  return footer.diskType === DiskType.dynamic || footer.diskType === DiskType.differencing;
}

/**
 * Refuses footers of versions, types and creators that cannot be read.
 * @throws TygrubError unsupported, naming the feature
 */
export function requireSupported(footer: Footer, offset: number): void {
  if (footer.fileFormatVersion >>> 16 !== FORMAT_VERSION >>> 16) {
    const version = `${footer.fileFormatVersion >>> 16}.${footer.fileFormatVersion & 0xffff}`;
    throw unsupported('vhd.version', `the VHD has the format version ${version}; version 1.0 is read`, { offset });
  }
  if (footer.diskType !== DiskType.fixed && !isSparse(footer)) {
    const name = DISK_TYPE_NAMES.get(footer.diskType) ?? 'unknown';
    throw unsupported('vhd.disk-type', `the VHD has the disk type ${footer.diskType} (${name}); fixed, dynamic and differencing are read`, {
      offset,
    });
  }
  if (isSparse(footer) && footer.creatorApplication === 'tap\0' && footer.creatorVersion === 1) {
    throw unsupported('vhd.tap-0.1', 'the VHD was written by blktap 0.1, whose block bitmaps are little-endian', {
      offset,
      hint: 'convert it with the tools of that time',
    });
  }
}
