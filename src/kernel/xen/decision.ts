/** Xen's own decision whether it can start a kernel, as PV and as PVH guest (libelf-dominfo.c, xg_dom_elfloader.c). */
import type { Problem } from '../../errors.js';
import type { Address, ElfHeader, Segment } from '../elf/elf-file.js';
import { EM_386, EM_X86_64, PF_ANY, PT_LOAD } from '../elf/layout.js';
import type { XenNotes } from './xen-notes.js';

/** What the decision needs. */
export interface XenKernel {
  readonly header: ElfHeader;
  readonly segments: readonly Segment[];
  /** Null where the kernel says nothing to Xen. */
  readonly notes: XenNotes | null;
  /** The notes came from a `__xen_guest` section, which PVH does not know. */
  readonly isLegacy: boolean;
}

/** Arithmetic of addresses wraps around, as it does in Xen. */
function wrapped(value: Address): Address {
  return BigInt.asUintN(64, value);
}

/** The lowest and the highest physical address that the kernel's segments take. */
function physicalRange(segments: readonly Segment[]): { readonly start: Address; readonly end: Address } {
  let start = wrapped(-1n);
  let end = 0n;
  for (const segment of segments) {
    if (segment.type !== PT_LOAD || (segment.flags & PF_ANY) === 0) continue;
    const segmentEnd = wrapped(segment.physicalAddress + segment.memorySize);
    if (segment.physicalAddress < start) start = segment.physicalAddress;
    if (segmentEnd > end) end = segmentEnd;
  }
  return { start, end };
}

function hex(value: Address): string {
  return `0x${value.toString(16)}`;
}

function problem(code: string, message: string): Problem {
  return { code, message };
}

function checkMachine({ header }: XenKernel): Problem | null {
  if (header.machine === EM_386 || header.machine === EM_X86_64) return null;
  return problem('xen.machine', 'the kernel is not for x86');
}

/** What both kinds of guest need: notes, no feature that Xen does not have, and use outside of dom0. */
function checkFeatures(notes: XenNotes): Problem | null {
  if (notes.unknownRequired !== null) {
    return problem('xen.required-feature', `the kernel requires the feature ${notes.unknownRequired}, which Xen does not have`);
  }
  if (notes.required.has('dom0')) return problem('xen.dom0-only', 'the kernel only runs as dom0');
  return null;
}

/** Why the kernel cannot start as PV guest; null when it can. */
export function pvProblem(kernel: XenKernel): Problem | null {
  const { notes, header } = kernel;
  const machine = checkMachine(kernel);
  if (machine !== null) return machine;
  if (notes === null) return problem('xen.no-notes', 'the kernel has no Xen support: it has neither Xen notes nor a __xen_guest section');
  const features = checkFeatures(notes);
  if (features !== null) return features;
  if (!notes.loader.startsWith('generic') && !notes.guestOs.startsWith('linux')) {
    const what =
      notes.loader === '' && notes.guestOs === '' ? 'it names neither' : `it has ${JSON.stringify(notes.loader || notes.guestOs)}`;
    return problem('xen.loader', `the kernel is not built for Xen's generic loader nor is it Linux: ${what}`);
  }
  if (!notes.xenVersion.startsWith('xen-3.0')) {
    const what = notes.xenVersion === '' ? 'no interface' : JSON.stringify(notes.xenVersion);
    return problem('xen.interface-version', `the kernel names ${what} instead of "xen-3.0" as Xen's interface`);
  }
  const misplaced = checkOffset(notes) ?? checkPvAddresses(kernel, notes);
  if (misplaced !== null) return misplaced;
  if (header.machine === EM_386 && notes.pae === 'no') {
    return problem('xen.no-pae', 'the kernel is for 32-bit Xen without PAE, which 64-bit Xen does not run');
  }
  return null;
}

/** What Xen asks of all kernels before it looks at their addresses, also where PVH does not use them. */
function checkOffset(notes: XenNotes): Problem | null {
  if (notes.paddrOffset === null || notes.virtBase !== null) return null;
  return problem('xen.paddr-offset', 'the kernel sets a physical address offset but no virtual base');
}

/** The lowest and the highest virtual address of the kernel as PV guest. */
function virtualRange({ segments, isLegacy }: XenKernel, notes: XenNotes): { readonly start: Address; readonly end: Address } {
  const virtBase = notes.virtBase ?? 0n;
  const offset = wrapped(virtBase - (notes.paddrOffset ?? (isLegacy ? virtBase : 0n)));
  const { start, end } = physicalRange(segments);
  return { start: wrapped(start + offset), end: wrapped(end + offset) };
}

function checkPvAddresses(kernel: XenKernel, notes: XenNotes): Problem | null {
  const { header } = kernel;
  const virtBase = notes.virtBase ?? 0n;
  const { start, end } = virtualRange(kernel, notes);
  const entry = notes.entry ?? header.entry;
  if (start > end || entry < start || entry > end || virtBase > start) {
    // A Linux without PV support has all the other notes: this is where Xen finds out.
    if (notes.entry === null && notes.physEntry !== null) {
      return problem('xen.no-pv', 'the kernel is built without PV support (CONFIG_XEN_PV): it can only start as PVH guest');
    }
    return problem('xen.entry-address', `the kernel's entry ${hex(entry)} is not inside its memory from ${hex(start)} to ${hex(end)}`);
  }
  if (notes.initP2m !== null && notes.initP2m >= start && notes.initP2m < end) {
    return problem('xen.p2m-address', `the kernel wants its memory map at ${hex(notes.initP2m)}, inside itself`);
  }
  return null;
}

/** Why the kernel cannot start as PVH guest; null when it can. */
export function pvhProblem(kernel: XenKernel): Problem | null {
  const { notes } = kernel;
  const machine = checkMachine(kernel);
  if (machine !== null) return machine;
  if (notes === null || kernel.isLegacy) return problem('xen.no-notes', 'the kernel has no Xen support: it has no Xen notes');
  const features = checkFeatures(notes);
  if (features !== null) return features;
  if (notes.physEntry === null) {
    return problem('xen.no-pvh', 'the kernel is built without PVH support (CONFIG_XEN_PVH): it has no PHYS32_ENTRY note');
  }
  const offset = checkOffset(notes);
  if (offset !== null) return offset;
  const { start, end } = physicalRange(kernel.segments);
  const entry = BigInt(notes.physEntry);
  if (start > end || entry < start || entry > end) {
    return problem('xen.entry-address', `the kernel's PVH entry ${hex(entry)} is not inside its memory from ${hex(start)} to ${hex(end)}`);
  }
  return null;
}

/** Xen's name for the kind of PV guest that the kernel is. */
export function pvGuestType({ header, notes }: XenKernel): string | null {
  if (header.machine === EM_X86_64) return 'xen-3.0-x86_64';
  if (header.machine !== EM_386 || notes === null) return null;
  return notes.pae === 'no' ? 'xen-3.0-x86_32' : 'xen-3.0-x86_32p';
}
