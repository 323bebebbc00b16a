/** What an ELF kernel can do under Xen. */
import { corrupt } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type Address, checkSectionTable, decodeElfHeader, type ElfHeader } from '../elf/elf-file.js';
import { ELF64_HEADER } from '../elf/layout.js';
import { isElf } from '../elf/magic.js';
import type { XenSupport } from '../kernel-info.js';
import type { ProgramBytes } from '../program-bytes.js';
import { pvGuestType, pvhProblem, pvProblem, type XenKernel } from './decision.js';
import { readXenNotes } from './read-xen-kernel.js';
import { emptyNotes } from './xen-notes.js';

function text(address: Address | null): string | null {
  return address === null ? null : `0x${address.toString(16)}`;
}

/**
 * Reads an ELF kernel's headers and notes and decides as Xen would.
 * @param program the ELF, plain or coming out of a decompressor
 * @throws TygrubError corrupt (`kernel.not-elf` when it is none), unsupported, limit
 */
export async function readXenSupport(
  program: ProgramBytes,
  limits: Limits,
): Promise<{ readonly support: XenSupport; readonly header: ElfHeader; readonly release: string | null }> {
  const head = await program.readUpTo(0, ELF64_HEADER.size);
  if (!isElf(head)) throw corrupt('kernel.not-elf', 'what the kernel decompresses to is no ELF program');
  const header = decodeElfHeader(head);
  const { source, notes, segments, release } = await readXenNotes(program, header, limits);
  checkSectionTable(program, header);
  const kernel: XenKernel = { header, segments, notes, isLegacy: source === 'guest-section' };
  const pv = pvProblem(kernel);
  const pvh = pvhProblem(kernel);
  const known = notes ?? emptyNotes();
  const support: XenSupport = {
    source,
    pv: pv === null,
    pvProblem: pv,
    pvh: pvh === null,
    pvhProblem: pvh,
    bits: header.bits,
    guestType: pv === null ? pvGuestType(kernel) : null,
    pae: known.pae,
    guestOs: known.guestOs,
    guestVersion: known.guestVersion,
    xenVersion: known.xenVersion,
    loader: known.loader,
    features: { supported: [...known.supported].sort(), required: [...known.required].sort() },
    entry: text(known.entry),
    hypercallPage: text(known.hypercallPage),
    virtBase: text(known.virtBase),
    paddrOffset: text(known.paddrOffset),
    hvStartLow: text(known.hvStartLow),
    initP2m: text(known.initP2m),
    physEntry: known.physEntry === null ? null : `0x${known.physEntry.toString(16)}`,
  };
  return { support, header, release };
}
