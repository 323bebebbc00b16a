/** Which operating system a kernel is of, from what it says of itself. */
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
