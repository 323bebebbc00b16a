/** Which operating system a kernel is of, from what it says of itself. */
import { decodeLatin1 } from '../bytes/text.js';
import { TextSearch } from './image/text-search.js';
import type { XenSupport } from './kernel-info.js';

/** `RELEASE (WHO@WHERE) #NUMBER …`: what Linux's build puts into a bzImage. */
const LINUX_VERSION = /^\S+ \([^()]{0,200}@[^()]{0,200}\) #/;

/** Programs that wear Linux's header so that Linux's loaders start them, by their version text. */
const OTHERS: readonly (readonly [prefix: string, os: string])[] = [
  ['memtest86+', 'memtest86+'],
  ['memtest86', 'memtest86'],
  ['memdisk', 'memdisk'],
  ['ipxe', 'ipxe'],
  ['gpxe', 'gpxe'],
  ['etherboot', 'etherboot'],
];

/**
 * The system of a bzImage.
 * @param hasPayload whether the header points to a payload that could be a Linux kernel
 */
export function osOfVersion(version: string | null, hasPayload: boolean): string | null {
  const text = (version ?? '').toLowerCase();
  const other = OTHERS.find(([prefix]) => text.startsWith(prefix));
  if (other !== undefined) return other[1];
  return hasPayload || LINUX_VERSION.test(version ?? '') ? 'linux' : null;
}

/** Programs with Linux's header and a version that does not name them, by what their first bytes print when something fails. */
const BY_SETUP: readonly (readonly [text: string, os: string])[] = [
  ['Installation failed - cannot continue', 'ipxe'],
  ['move memory fails', 'grub'],
];

/** The system of a bzImage that its version does not tell; null where its setup does not either. @param head its first bytes */
export function osOfSetup(head: Uint8Array): string | null {
  const text = decodeLatin1(head);
  return BY_SETUP.find(([known]) => text.includes(known))?.[1] ?? null;
}

/** ELF programs without notes, by texts that only they have. */
const BY_ELF_TEXT: readonly (readonly [text: string, os: string])[] = [
  ['\0grub rescue> \0', 'grub'],
  ['\0libcom32.c32\0', 'syslinux'],
  ['\0libutil.c32\0', 'syslinux'],
];

/** The system of an ELF program whose notes do not tell it. @param bytes its first bytes, as many as shall be searched */
export function osOfElfText(bytes: Uint8Array): string | null {
  return BY_ELF_TEXT.find(([text]) => new TextSearch(text).find(bytes, 0) >= 0)?.[1] ?? null;
}

/** The system of an ELF kernel, as its notes name it. */
export function osOfNotes(support: XenSupport): string | null {
  return support.guestOs === '' ? null : support.guestOs.toLowerCase();
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['linux', 'Linux kernel'],
  ['netbsd', 'NetBSD kernel'],
  ['freebsd', 'FreeBSD kernel'],
  ['xen', 'Xen itself'],
  ['memtest86+', 'Memtest86+, no Linux kernel'],
  ['memtest86', 'Memtest86, no Linux kernel'],
  ['memdisk', "SYSLINUX's MEMDISK, no Linux kernel"],
  ['ipxe', 'iPXE, no Linux kernel'],
  ['gpxe', 'gPXE, no Linux kernel'],
  ['grub', 'GRUB (a boot loader)'],
  ['syslinux', 'a module of SYSLINUX'],
]);

/** One phrase for people. */
export function describeLinux(os: string | null, version: string | null, form: string): string {
  const name =
    os === null
      ? version === null
        ? 'no Linux kernel'
        : `no Linux kernel (version ${JSON.stringify(version)})`
      : (NAMES.get(os) ?? `${os} kernel`);
  return `${name}, ${form}`;
}
