/** What is known about a kernel. */
import type { Problem } from '../errors.js';
import type { Compression } from './compression.js';
import type { NoteSource } from './xen/read-xen-kernel.js';
import type { PaeMode } from './xen/xen-notes.js';

/** The form of the program. */
export type KernelFormat =
  /** x86: a setup part with Linux's header, the kernel compressed behind it. */
  | 'bzImage'
  | 'elf'
  /** arm64, and riscv64 which has the same header. */
  | 'Image'
  /** 32-bit ARM. */
  | 'zImage'
  /** A program for EFI that is none of the others. */
  | 'pe'
  /** A multiboot program that is no ELF. */
  | 'multiboot'
  /** No kernel; `description` says what it is. */
  | 'none';

/** What a kernel is packed in, outermost first. */
export interface Wrapper {
  /** `compressed`: the whole file, as `vmlinuz` is on arm64; `efi-zboot`: a program that unpacks itself; `uki`: a section. */
  readonly kind: 'compressed' | 'efi-zboot' | 'uki';
  /** Null for none. */
  readonly compression: Compression | null;
}

/** The compressed kernel in a bzImage. */
export interface KernelPayload {
  /** Byte offset in the bzImage. */
  readonly offset: number;
  /** Bytes, with the size that is appended to all but gzip. */
  readonly size: number;
  /** `none` for an ELF program as it is; null for what nobody knows. */
  readonly compression: Compression | 'none' | null;
  /** Bytes that it becomes, as its last bytes announce; null where it is not compressed. */
  readonly uncompressedSize: number | null;
  /** xz: bytes of dictionary that unpacking it takes, which Xen bounds; null for all others. */
  readonly dictionarySize: number | null;
}

/** What a kernel can do under Xen. Addresses are `0x…` texts: JavaScript's numbers cannot hold them. */
export interface XenSupport {
  /** Where the notes were found. */
  readonly source: NoteSource;
  readonly pv: boolean;
  /** Why not; null when `pv`. */
  readonly pvProblem: Problem | null;
  readonly pvh: boolean;
  readonly pvhProblem: Problem | null;
  readonly bits: 32 | 64;
  /** `xen-3.0-x86_64`, `xen-3.0-x86_32p`: the kind of PV guest, as `xl info` lists them; null where it is none. */
  readonly guestType: string | null;
  readonly pae: PaeMode;
  readonly guestOs: string;
  readonly guestVersion: string;
  readonly xenVersion: string;
  readonly loader: string;
  readonly features: { readonly supported: readonly string[]; readonly required: readonly string[] };
  readonly entry: string | null;
  readonly hypercallPage: string | null;
  readonly virtBase: string | null;
  readonly paddrOffset: string | null;
  readonly hvStartLow: string | null;
  readonly initP2m: string | null;
  readonly physEntry: string | null;
}

/** What is known about a kernel, or about what was given as one. */
export interface KernelInfo {
  readonly format: KernelFormat;
  /** For people: `Linux kernel, x86 bzImage, protocol 2.15`, `an HTML page`. */
  readonly description: string;
  /** `linux`, `xen`, `netbsd`, `freebsd`, `memtest86+` ...; null where nobody knows. */
  readonly os: string | null;
  /** The whole version text: `6.1.0-50-amd64 (debian-kernel@…) #1 SMP …`. */
  readonly version: string | null;
  /** Its first word, what `uname -r` says. */
  readonly release: string | null;
  /** `x86_64`, `x86_32`, `arm64` ...; null where the header does not tell. */
  readonly architecture: string | null;
  readonly wrappers: readonly Wrapper[];
  /** bzImage: the version of the boot protocol, `2.15`. */
  readonly bootProtocol: string | null;
  /** The program is also one for EFI. */
  readonly efiStub: boolean;
  /** Multiboot headers: 1, 2. */
  readonly multiboot: readonly (1 | 2)[];
  readonly payload: KernelPayload | null;
  /** Null where it was not asked for or could not be read. */
  readonly xen: XenSupport | null;
  /** Why a part could not be read. */
  readonly problem: Problem | null;
}
