/** Recognises what is no bzImage: other kernels, what kernels are packed in, and what is no kernel at all. */
import { readPe, sectionSource } from '../boot/uki/index.js';
import { decodeLatin1, untilNul } from '../bytes/text.js';
import type { Limits } from '../limits.js';
import { COMPRESSIONS, type CompressionKind, compressionOf, decompressed, startsWith } from './compression.js';
import { DecompressedBytes } from './decompressed-bytes.js';
import { decodeElfHeader } from './elf/elf-file.js';
import { ELF_MACHINES } from './elf/layout.js';
import { isElf } from './elf/magic.js';
import { contains, findLinuxVersion } from './image/banner.js';
import { nameOfEfiProgram } from './image/efi-program.js';
import { ARM_ZIMAGE, ARM_ZIMAGE_MAGIC, ARM64_IMAGE, ARM64_MAGIC, EFI_ZBOOT, EFI_ZBOOT_TYPE, RISCV_MAGIC } from './image/layout.js';
import { MULTIBOOT_SEARCH, multibootVersions } from './image/multiboot.js';
import { NAMING_SIZE, nameOfLoader, nameOfOther } from './image/not-a-kernel.js';
import type { KernelInfo, Wrapper } from './kernel-info.js';
import { type Context, type Look, NOTHING, problemInside } from './look.js';
import { describeLinux, osOfElfText, osOfNotes } from './operating-system.js';
import { type ProgramBytes, plainBytes } from './program-bytes.js';
import { partOf } from './program-part.js';
import { readXenSupport } from './xen/support.js';

/** Wrappers in wrappers that are opened: a compressed file with a zboot program in it is two. */
const MAX_WRAPPERS = 4;

/** What Xen prints when it starts, and how far into a multiboot program it is looked for. */
const XEN_BANNER = 'Xen version %d.%d';
const XEN_SEARCH = 16 * 1024 * 1024;

/** What recognises a form of program by its first bytes and reads it; null for "not mine". */
type Reader = (program: ProgramBytes, head: Uint8Array, context: Context) => Promise<Look | null>;

/** Looks at a program that is no bzImage. @param head its first bytes */
export async function lookAtOther(program: ProgramBytes, head: Uint8Array, context: Context): Promise<Look> {
  for (const reader of READERS) {
    const found = await reader(program, head, context);
    if (found !== null) return found;
  }
  const description = nameOfOther(await program.readUpTo(0, NAMING_SIZE), program.size);
  return { info: { ...NOTHING, description, wrappers: context.wrappers }, plain: null };
}

function elfProgram(architecture: string | null, multiboot: readonly number[]): string {
  const kind = multiboot.length === 0 ? 'an ELF program' : `an ELF program for multiboot ${multiboot.join(' and ')}`;
  return architecture === null ? kind : `${kind}${multiboot.length === 0 ? ' for' : ' on'} ${architecture}`;
}

const elf: Reader = async (program, head, context) => {
  if (!isElf(head)) return null;
  const multiboot = multibootVersions(await program.readUpTo(0, MULTIBOOT_SEARCH));
  let info: KernelInfo = { ...NOTHING, format: 'elf', wrappers: context.wrappers, multiboot, description: elfProgram(null, multiboot) };
  try {
    const header = decodeElfHeader(head);
    const architecture = ELF_MACHINES.get(header.machine) ?? null;
    info = { ...info, architecture, description: elfProgram(architecture, multiboot) };
    if (context.depth !== 'notes') return { info, plain: program };
    const { support, release } = await readXenSupport(program, context.limits);
    const isXen = support.guestOs === '' && multiboot.length > 0 && (await isXenItself(program));
    // A Linux for another machine has none of Xen's notes, but its own.
    const os = isXen ? 'xen' : (osOfNotes(support) ?? (release === null ? await osOfText(program, context) : 'linux'));
    if (os === null) return { info: { ...info, xen: support }, plain: program };
    return {
      info: {
        ...info,
        xen: support,
        os,
        release,
        description: describeLinux(os, null, `ELF${architecture === null ? '' : ` for ${architecture}`}`),
      },
      plain: program,
    };
  } catch (error) {
    return { info: { ...info, problem: problemInside(error) }, plain: program };
  }
};

/** Xen for ARM wears the same headers as Linux. */
async function isXenItself(program: ProgramBytes): Promise<boolean> {
  return contains(program.stream(), XEN_BANNER, XEN_SEARCH);
}

/** A program that nothing else names, by its texts. What comes out of a decompressor is not unpacked once more for that. */
async function osOfText(program: ProgramBytes, context: Context): Promise<string | null> {
  return program.source === null ? null : osOfElfText(await program.readUpTo(0, context.limits.nameSearch));
}

const armImage: Reader = async (program, head, context) => {
  const magic = head.length < ARM64_IMAGE.size ? null : ARM64_IMAGE.decode(head).magic;
  const isImage = magic === ARM64_MAGIC || magic === RISCV_MAGIC;
  if (!isImage && (head.length < ARM_ZIMAGE.size || ARM_ZIMAGE.decode(head).magic !== ARM_ZIMAGE_MAGIC)) return null;
  const architecture = magic === ARM64_MAGIC ? 'arm64' : magic === RISCV_MAGIC ? 'riscv64' : 'arm';
  const isDeep = context.depth === 'notes';
  // A zImage unpacks itself: its banner is nowhere to be read.
  const version = isDeep && isImage ? await findLinuxVersion(program.stream()) : null;
  const os = isDeep && version === null && (await isXenItself(program)) ? 'xen' : 'linux';
  const form = isImage ? `${architecture} Image` : 'ARM zImage';
  const info: KernelInfo = {
    ...NOTHING,
    format: isImage ? 'Image' : 'zImage',
    description: describeLinux(os, version, form),
    os,
    version,
    release: version?.split(' ', 1)[0] ?? null,
    architecture,
    wrappers: context.wrappers,
    efiStub: isImage && head[0] === 0x4d && head[1] === 0x5a,
  };
  return { info, plain: program };
};

/** Looks into a wrapper; what cannot be opened is a problem of the whole. */
async function unwrap(wrapper: Wrapper, context: Context, what: string, open: () => ProgramBytes): Promise<Look> {
  const wrappers = [...context.wrappers, wrapper];
  const info: KernelInfo = { ...NOTHING, description: what, wrappers };
  if (wrappers.length > MAX_WRAPPERS) return { info, plain: null };
  let inside: ProgramBytes | null = null;
  try {
    inside = open();
    return await context.look(inside, { ...context, wrappers });
  } catch (error) {
    await inside?.close();
    return { info: { ...info, problem: problemInside(error) }, plain: null };
  }
}

const efiZboot: Reader = async (program, head, context) => {
  if (head.length < EFI_ZBOOT.size) return null;
  const zboot = EFI_ZBOOT.decode(head);
  if (zboot.mz !== 'MZ' || zboot.type !== EFI_ZBOOT_TYPE) return null;
  const name = decodeLatin1(untilNul(Uint8Array.from(zboot.compression, (c) => c.charCodeAt(0))));
  // The build calls zstd at its highest level zstd22, and xz for kernels xzkern.
  const kind = COMPRESSIONS.find((row) => name.startsWith(row.name)) ?? null;
  return unwrap({ kind: 'efi-zboot', compression: kind?.name ?? null }, context, `an EFI zboot image, compressed with ${name}`, () => {
    const packed = partOf(program, zboot.payload_offset, zboot.payload_size);
    return kind === null ? packed : unpacked(packed, kind, context.limits);
  });
};

function unpacked(packed: ProgramBytes, kind: CompressionKind, limits: Limits): ProgramBytes {
  return new DecompressedBytes(() => decompressed(kind, packed.stream(), limits, null), null, limits);
}

const compressedFile: Reader = async (program, head, context) => {
  const kind = compressionOf(head);
  if (kind === null || !startsWith(head, kind.magic)) return null;
  return unwrap({ kind: 'compressed', compression: kind.name }, context, `data compressed with ${kind.name}`, () =>
    unpacked(program, kind, context.limits),
  );
};

/** Programs for EFI: unified kernel images, and others by their names. */
const pe: Reader = async (program, head, context) => {
  const { source } = program;
  if (head[0] !== 0x4d || head[1] !== 0x5a || source === null) return null;
  try {
    const image = await readPe(source, context.limits);
    if (image === null) return null;
    const kernel = image.sections.find((section) => section.name === '.linux');
    if (kernel === undefined) {
      const named = await nameOfEfiProgram(source, image, context.depth === 'notes', context.limits);
      const isXen = named === null && context.depth === 'notes' && (await isXenItself(program));
      const other = `an EFI program${image.architecture === null ? '' : ` for ${image.architecture}`}`;
      const description = isXen ? 'Xen itself, an EFI program' : (named ?? other);
      return { info: { ...NOTHING, format: 'pe', description, efiStub: true, wrappers: context.wrappers }, plain: null };
    }
    return await unwrap({ kind: 'uki', compression: null }, context, 'a unified kernel image', () =>
      plainBytes(sectionSource(source, kernel)),
    );
  } catch (error) {
    const info: KernelInfo = { ...NOTHING, format: 'pe', description: 'a damaged EFI program', wrappers: context.wrappers };
    return { info: { ...info, problem: problemInside(error) }, plain: null };
  }
};

const multibootProgram: Reader = async (program, _head, context) => {
  const start = await program.readUpTo(0, MULTIBOOT_SEARCH);
  const multiboot = multibootVersions(start);
  if (multiboot.length === 0) return null;
  const description = nameOfLoader(start) ?? `a multiboot ${multiboot.join(' and ')} program`;
  return { info: { ...NOTHING, format: 'multiboot', description, multiboot, wrappers: context.wrappers }, plain: null };
};

/** All forms, in the order in which they are tried: arm64 Images are EFI programs as well. */
const READERS: readonly Reader[] = [armImage, elf, efiZboot, compressedFile, pe, multibootProgram];
