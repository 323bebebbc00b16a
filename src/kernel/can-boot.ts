/** Whether a kernel can start as a guest of Xen, before anybody tries. */
import type { Problem } from '../errors.js';
import type { KernelInfo } from './kernel-info.js';
import {
  decompressedSince,
  formatXenVersion,
  isOlder,
  LARGE_XZ_SINCE,
  PVH_SINCE,
  SMALL_XZ_DICTIONARY,
  type XenVersion,
} from './xen/versions.js';

/** How the guest is to start, and where. */
export interface BootWish {
  /** `any` is content with either. */
  readonly boot: 'pv' | 'pvh' | 'any';
  /** The host's Xen; any version where left out. */
  readonly xenVersion?: XenVersion;
  /** The kernel is handed out decompressed, as the plain ELF: its compression does not count. */
  readonly decompress?: boolean;
}

const HINT_DECOMPRESS = 'hand it out with --decompress';

/**
 * Says why a kernel cannot start as wished.
 * @param info with its notes (`depth: 'notes'`); without them only the form and the compression are judged
 * @returns null when nothing speaks against it
 */
export function canBoot(info: KernelInfo, wish: BootWish): Problem | null {
  if (info.format === 'none' || info.format === 'pe' || info.format === 'multiboot') {
    return { code: 'kernel.no-kernel', message: `it is no kernel that Xen could start: ${info.description}` };
  }
  if (info.os === 'xen') return { code: 'kernel.hypervisor', message: 'it is Xen itself, not a kernel for a guest' };
  return checkForm(info, wish) ?? checkNotes(info, wish);
}

/** The form: what the domain builder can open at all. */
function checkForm(info: KernelInfo, wish: BootWish): Problem | null {
  const { xenVersion } = wish;
  for (const wrapper of wish.decompress === true ? [] : info.wrappers) {
    // The domain builder unpacks a whole file only when it is gzip; a section of a unified image is taken out by tygrub.
    if (wrapper.kind === 'compressed' && wrapper.compression === 'gzip') continue;
    const what =
      wrapper.kind === 'uki'
        ? 'a unified kernel image'
        : wrapper.kind === 'efi-zboot'
          ? 'an EFI zboot image'
          : `a file compressed with ${wrapper.compression}`;
    return { code: 'kernel.wrapper', message: `Xen does not unpack ${what}; ${HINT_DECOMPRESS}` };
  }
  if (info.format === 'bzImage') {
    if (info.os !== 'linux' && info.payload === null) {
      return { code: 'kernel.no-linux', message: `it wears Linux's header but is none: ${info.description}` };
    }
    if (info.payload === null) {
      const why = info.problem?.message ?? `boot protocol ${info.bootProtocol} has no payload, Xen needs 2.08`;
      return { code: 'kernel.no-payload', message: `Xen cannot take the kernel out of the bzImage: ${why}` };
    }
    const { compression } = info.payload;
    if (wish.decompress !== true) {
      if (compression === null) {
        return { code: 'kernel.compression', message: 'the payload of the bzImage is compressed in a way that Xen does not know' };
      }
      const { dictionarySize } = info.payload;
      if (
        dictionarySize !== null &&
        dictionarySize >= SMALL_XZ_DICTIONARY &&
        xenVersion !== undefined &&
        isOlder(xenVersion, LARGE_XZ_SINCE)
      ) {
        return {
          code: 'kernel.xz-dictionary',
          message: `the kernel is compressed with xz and a dictionary of ${dictionarySize / 2 ** 20} MiB, for which Xen ${formatXenVersion(xenVersion)} has not enough memory (Xen ${formatXenVersion(LARGE_XZ_SINCE)} has); ${HINT_DECOMPRESS}`,
        };
      }
      if (compression !== 'none' && xenVersion !== undefined && isOlder(xenVersion, decompressedSince(compression))) {
        return {
          code: 'kernel.compression',
          message: `the kernel is compressed with ${compression}, which Xen ${formatXenVersion(xenVersion)} cannot decompress (Xen ${formatXenVersion(decompressedSince(compression))} can); ${HINT_DECOMPRESS}`,
        };
      }
    }
  }
  return null;
}

/** The notes: what Xen decides by. */
function checkNotes(info: KernelInfo, { boot, xenVersion }: BootWish): Problem | null {
  if (info.format === 'Image' || info.format === 'zImage') {
    if (info.architecture === 'riscv64') return { code: 'xen.machine', message: 'Xen starts no guests on riscv64' };
    // ARM guests have one kind, which toolstacks call pvh; their kernels have no notes.
    return boot === 'pv' ? { code: 'xen.machine', message: `a kernel for ${info.architecture} cannot start as PV guest` } : null;
  }
  if (info.xen === null)
    return info.problem === null ? null : { code: info.problem.code, message: `the kernel cannot be read: ${info.problem.message}` };
  const { pvProblem, pvhProblem } = info.xen;
  const tooOld = xenVersion !== undefined && isOlder(xenVersion, PVH_SINCE);
  const pvh: Problem | null =
    pvhProblem === null && tooOld
      ? {
          code: 'xen.pvh-version',
          message: `Xen ${formatXenVersion(xenVersion)} has no PVH guests of today's kind (Xen ${formatXenVersion(PVH_SINCE)} has)`,
        }
      : pvhProblem;
  if (boot === 'pv') return pvProblem;
  if (boot === 'pvh') return pvh;
  if (pvProblem === null || pvh === null) return null;
  if (pvProblem.code === pvh.code) return pvProblem;
  return { code: pvProblem.code, message: `as PV: ${pvProblem.message}; as PVH: ${pvh.message}` };
}
