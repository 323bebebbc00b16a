/** What a kernel tells Xen about itself, gathered from its notes as Xen's libelf does (libelf-dominfo.c). */
import { decodeLatin1, untilNul } from '../../bytes/text.js';
import type { Address } from '../elf/elf-file.js';
import type { ElfNote } from '../elf/notes.js';
import { KNOWN_REQUIRED_FEATURES, XEN_FEATURES, XEN_NOTE, XEN_NOTE_OWNER } from './note-types.js';

/** How a 32-bit kernel uses page tables with PAE. */
export type PaeMode = 'no' | 'yes' | 'extended-cr3' | 'bimodal';

/** The notes, decoded. Addresses are null where the kernel does not set them. */
export interface XenNotes {
  loader: string;
  guestOs: string;
  guestVersion: string;
  xenVersion: string;
  pae: PaeMode;
  bsdSymtab: boolean;
  virtBase: Address | null;
  entry: Address | null;
  hypercallPage: Address | null;
  paddrOffset: Address | null;
  hvStartLow: Address | null;
  initP2m: Address | null;
  /** PHYS32_ENTRY: where a PVH guest starts. */
  physEntry: number | null;
  unmappedInitrd: boolean;
  readonly supported: Set<string>;
  readonly required: Set<string>;
  /** A feature that is required and that no Xen knows: Xen then refuses the kernel. */
  unknownRequired: string | null;
}

/** Notes of a kernel that has said nothing yet. */
export function emptyNotes(): XenNotes {
  return {
    loader: '',
    guestOs: '',
    guestVersion: '',
    xenVersion: '',
    pae: 'no',
    bsdSymtab: false,
    virtBase: null,
    entry: null,
    hypercallPage: null,
    paddrOffset: null,
    hvStartLow: null,
    initP2m: null,
    physEntry: null,
    unmappedInitrd: false,
    supported: new Set(),
    required: new Set(),
    unknownRequired: null,
  };
}

/** A number of 1, 2, 4 or 8 bytes; of any other size it counts as 0, as in libelf. */
function numeric(descriptor: Uint8Array): Address {
  if (![1, 2, 4, 8].includes(descriptor.length)) return 0n;
  return descriptor.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** Reads the text of FEATURES: names between `|`, those that the kernel cannot do without marked with `!`. */
export function addFeatures(notes: XenNotes, text: string): void {
  for (const part of text.split('|')) {
    const isRequired = part.startsWith('!');
    const name = isRequired ? part.slice(1) : part;
    if (name === '') continue;
    if (isRequired && !KNOWN_REQUIRED_FEATURES.has(name)) notes.unknownRequired ??= name;
    notes.supported.add(name);
    if (isRequired) notes.required.add(name);
  }
}

function addNote(notes: XenNotes, type: number, descriptor: Uint8Array): void {
  const text = (): string => decodeLatin1(untilNul(descriptor));
  const number = (): Address => numeric(descriptor);
  switch (type) {
    case XEN_NOTE.LOADER:
      notes.loader = text();
      break;
    case XEN_NOTE.GUEST_OS:
      notes.guestOs = text();
      break;
    case XEN_NOTE.GUEST_VERSION:
      notes.guestVersion = text();
      break;
    case XEN_NOTE.XEN_VERSION:
      notes.xenVersion = text();
      break;
    case XEN_NOTE.PAE_MODE:
      if (text() === 'yes') notes.pae = 'extended-cr3';
      if (text().includes('bimodal')) notes.pae = 'bimodal';
      break;
    case XEN_NOTE.BSD_SYMTAB:
      notes.bsdSymtab ||= text() === 'yes';
      break;
    case XEN_NOTE.VIRT_BASE:
      notes.virtBase = number();
      break;
    case XEN_NOTE.ENTRY:
      notes.entry = number();
      break;
    case XEN_NOTE.HYPERCALL_PAGE:
      notes.hypercallPage = number();
      break;
    case XEN_NOTE.PADDR_OFFSET:
      notes.paddrOffset = number();
      break;
    case XEN_NOTE.HV_START_LOW:
      notes.hvStartLow = number();
      break;
    case XEN_NOTE.INIT_P2M:
      notes.initP2m = number();
      break;
    case XEN_NOTE.MOD_START_PFN:
      notes.unmappedInitrd = number() !== 0n;
      break;
    case XEN_NOTE.PHYS32_ENTRY:
      notes.physEntry = Number(BigInt.asUintN(32, number()));
      break;
    case XEN_NOTE.FEATURES:
      addFeatures(notes, text());
      break;
    case XEN_NOTE.SUPPORTED_FEATURES:
      addSubmap(notes, numeric(descriptor.subarray(0, 4)));
      break;
    default: // INFO, L1_MFN_VALID, SUSPEND_CANCEL, PHYS32_RELOC and what is newer change nothing here
  }
}

/** SUPPORTED_FEATURES: one bit for each number of a feature. */
function addSubmap(notes: XenNotes, bits: Address): void {
  for (const [number, name] of XEN_FEATURES.entries()) {
    if (name !== null && ((bits >> BigInt(number)) & 1n) === 1n) notes.supported.add(name);
  }
}

/** Gathers Xen's notes from all notes of a kernel; null when there is none of Xen's. */
export function gatherXenNotes(notes: readonly ElfNote[]): XenNotes | null {
  const own = notes.filter((note) => note.name === XEN_NOTE_OWNER);
  if (own.length === 0) return null;
  const gathered = emptyNotes();
  for (const note of own) addNote(gathered, note.type, note.descriptor);
  return gathered;
}

/** A C number of any base, as strtoull reads it; what is no number counts as 0. */
function cNumber(text: string): Address {
  const match = /^\s*(0x[0-9a-f]{1,16}|\d{1,20})/i.exec(text);
  const digits = match?.[1] ?? '0';
  const isOctal = /^0[0-7]+$/.test(digits);
  return BigInt.asUintN(64, BigInt(isOctal ? `0o${digits.slice(1)}` : digits));
}

const PAGE_BITS = 12n;

/**
 * Reads the text of a `__xen_guest` section, which kernels had before notes: `KEY=VALUE` between commas. Names and values
 * longer than libelf keeps are cut as it cuts them.
 */
export function parseGuestSection(section: Uint8Array): XenNotes {
  const notes = emptyNotes();
  for (const part of decodeLatin1(untilNul(section)).split(',')) {
    const equals = part.indexOf('=');
    const key = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1, equals + 1 + 127);
    if (key === 'LOADER') notes.loader = value;
    else if (key === 'GUEST_OS') notes.guestOs = value;
    else if (key === 'GUEST_VER') notes.guestVersion = value;
    else if (key === 'XEN_VER') notes.xenVersion = value;
    else if (key === 'PAE') {
      if (value === 'yes[extended-cr3]') notes.pae = 'extended-cr3';
      else if (value.startsWith('yes')) notes.pae = 'yes';
    } else if (key === 'BSD_SYMTAB') notes.bsdSymtab = true;
    else if (key === 'VIRT_BASE') notes.virtBase = cNumber(value);
    else if (key === 'VIRT_ENTRY') notes.entry = cNumber(value);
    else if (key === 'ELF_PADDR_OFFSET') notes.paddrOffset = cNumber(value);
    else if (key === 'HYPERCALL_PAGE') notes.hypercallPage = BigInt.asUintN(64, cNumber(value) << PAGE_BITS);
    else if (key === 'FEATURES') addFeatures(notes, value);
    if (notes.unknownRequired === null) continue;
    // libelf stops reading here, and its caller goes on with what was read: other than a note, this is no reason to refuse.
    notes.unknownRequired = null;
    break;
  }
  if (notes.virtBase !== null && notes.hypercallPage !== null) {
    notes.hypercallPage = BigInt.asUintN(64, notes.hypercallPage + notes.virtBase);
  }
  return notes;
}
