/** cpio archives of the "new" format, which initramfs images are (Documentation/driver-api/early-userspace/buffer-format.rst). */
import { ascii, layout } from '../../bytes/layout.js';
import { decodeLatin1, untilNul } from '../../bytes/text.js';
import { corrupt, limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ProgramBytes } from '../program-bytes.js';

const HEADER = layout('cpio header', 110, 'little', {
  c_magic: [0, ascii(6)],
  c_filesize: [54, ascii(8)],
  c_namesize: [94, ascii(8)],
});
const MAGICS = new Set(['070701', '070702']);
const LAST = 'TRAILER!!!';
const ALIGNMENT = 4;
/** Linux's own bound for names in an initramfs (PATH_MAX). */
const MAX_NAME = 4096;
const MICROCODE = 'kernel/x86/microcode/';

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** True when the bytes begin like a cpio archive. */
export function isCpio(head: Uint8Array): boolean {
  return head.length >= 6 && MAGICS.has(decodeLatin1(head.subarray(0, 6)));
}

/** One archive. */
export interface CpioArchive {
  /** Byte offset behind its last entry. */
  readonly end: number;
  readonly entries: number;
  /** It brings microcode, for the kernel to find before it unpacks anything. */
  readonly hasMicrocode: boolean;
  /** It ends before its last entry. */
  readonly isTruncated: boolean;
}

/**
 * Walks an archive's headers to its end.
 * @param start byte offset of the archive
 * @throws TygrubError corrupt when an entry is no entry; limit `cpioEntries`
 */
export async function walkCpio(program: ProgramBytes, start: number, limits: Limits): Promise<CpioArchive> {
  let hasMicrocode = false;
  let at = start;
  for (let entries = 0; ; entries++) {
    if (entries > limits.cpioEntries) throw limitReached('cpioEntries', `the archive has more than ${limits.cpioEntries} entries`);
    const bytes = await program.readUpTo(at, HEADER.size + MAX_NAME);
    const truncated = { end: at, entries, hasMicrocode, isTruncated: true };
    if (bytes.length < HEADER.size) return truncated;
    const header = HEADER.decode(bytes);
    if (!MAGICS.has(header.c_magic)) throw corrupt('cpio.entry', 'an entry of the archive does not begin like one', { offset: at });
    const nameSize = hexNumber(header.c_namesize, at);
    const size = hexNumber(header.c_filesize, at);
    if (nameSize === 0 || nameSize > MAX_NAME)
      throw corrupt('cpio.name', `an entry of the archive has a name of ${nameSize} bytes`, { offset: at });
    const name = decodeLatin1(untilNul(bytes.subarray(HEADER.size, HEADER.size + nameSize)));
    const content = aligned(at + HEADER.size + nameSize);
    const next = aligned(content + size);
    if (name === LAST) return { end: next, entries, hasMicrocode, isTruncated: false };
    if (program.size !== null && content + size > program.size) return truncated;
    hasMicrocode ||= name.startsWith(MICROCODE);
    at = next;
  }
}

/** Bytes that are looked at for zeros at once. */
const PIECE = 4096;

/**
 * Walks archives that follow each other with zeros between them, as Linux unpacks them, and reads the program to its end.
 * @throws TygrubError corrupt when an entry is no entry; limit `cpioEntries`
 */
export async function walkArchives(
  program: ProgramBytes,
  limits: Limits,
): Promise<{ readonly entries: number; readonly isTruncated: boolean }> {
  let entries = 0;
  for (let at = 0; ; ) {
    const archive = await walkCpio(program, at, limits);
    entries += archive.entries;
    if (entries > limits.cpioEntries) throw limitReached('cpioEntries', `the archives have more than ${limits.cpioEntries} entries`);
    if (archive.isTruncated) return { entries, isTruncated: true };
    at = archive.end;
    let piece = await program.readUpTo(at, PIECE);
    for (; piece.length > 0; piece = await program.readUpTo(at, PIECE)) {
      const found = piece.findIndex((byte) => byte !== 0);
      at += found < 0 ? piece.length : found;
      if (found >= 0 && isCpio(await program.readUpTo(at, HEADER.size))) break;
      // Anything else is nothing that Linux unpacks; it is read none the less, for the checksums behind it.
      if (found >= 0) at += PIECE;
    }
    if (piece.length === 0) return { entries, isTruncated: false };
  }
}

function hexNumber(text: string, offset: number): number {
  if (!/^[0-9a-fA-F]{8}$/.test(text)) throw corrupt('cpio.number', 'an entry of the archive has no number where one belongs', { offset });
  return Number.parseInt(text, 16);
}
