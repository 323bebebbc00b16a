/** Names for what people find in a kernel's place. */
import { decodeLatin1 } from '../../bytes/text.js';
import { isZero } from '../../bytes/uuid.js';

/** One kind of thing that is no kernel, told from its first bytes. */
interface OtherThing {
  readonly name: string;
  readonly at: number;
  readonly magic: string;
}

const OTHERS: readonly OtherThing[] = [
  { name: 'a shell script or another script', at: 0, magic: '#!' },
  { name: 'a cpio archive (an initrd?)', at: 0, magic: '070701' },
  { name: 'a cpio archive (an initrd?)', at: 0, magic: '070702' },
  { name: 'a cpio archive (an initrd?)', at: 0, magic: '070707' },
  { name: 'a squashfs image', at: 0, magic: 'hsqs' },
  { name: 'a U-Boot image (uImage)', at: 0, magic: '\x27\x05\x19\x56' },
  { name: 'a device tree or a U-Boot FIT image', at: 0, magic: '\xd0\x0d\xfe\xed' },
  { name: 'an Android boot image', at: 0, magic: 'ANDROID!' },
  { name: 'a zip archive', at: 0, magic: 'PK\x03\x04' },
  { name: 'a PDF document', at: 0, magic: '%PDF-' },
  { name: 'an SQLite database', at: 0, magic: 'SQLite format 3' },
  { name: 'a VHD', at: 0, magic: 'conectix' },
  { name: 'a qcow2 image', at: 0, magic: 'QFI\xfb' },
  { name: 'a tar archive', at: 257, magic: 'ustar' },
  { name: 'an ISO 9660 image', at: 0x8001, magic: 'CD001' },
  { name: 'a Linux kernel for s390x', at: 0x10008, magic: 'S390EP' },
  { name: 'a Mach-O program', at: 0, magic: '\xcf\xfa\xed\xfe' },
  { name: 'a boot sector of NTFS (Windows)', at: 3, magic: 'NTFS    ' },
];

/** Boot loaders for BIOS, by what they print. */
const LOADERS: readonly (readonly [text: RegExp, name: string])[] = [
  [/\b(?:PXELINUX|ISOLINUX|EXTLINUX|SYSLINUX) \d[\w.]*/, '$& (a boot loader of the SYSLINUX family)'],
  // Its own name is compressed; what its loader says about the network card's is not.
  [/PXE->EB:[\s\S]{0,1000}UNDI API call/, 'iPXE or its ancestor gPXE (a network boot loader)'],
  [/GRUB \0Geom\0/, 'the boot sector of GRUB'],
  [/loading\0\.\0\r\n\0Geom\0Read\0/, "GRUB's core image (a boot loader for BIOS)"],
  [/^\xb8\xff\x4c\xcd\x21/, 'a module of SYSLINUX (COM32)'],
];

/** Bytes in which a loader says its name. */
const LOADER_SEARCH = 8192;

/** The name of a boot loader for BIOS; null for what is none. @param head its first bytes */
export function nameOfLoader(head: Uint8Array): string | null {
  const text = decodeLatin1(head.subarray(0, LOADER_SEARCH));
  for (const [pattern, name] of LOADERS) {
    const match = pattern.exec(text);
    if (match !== null) return name.replace('$&', match[0]);
  }
  return null;
}

/** Bytes that naming takes. */
export const NAMING_SIZE = 0x1000e;

/** Bytes of text that is looked at. */
const TEXT = 512;

/**
 * Says in a few words what a program is that is no kernel.
 * @param head its first bytes, `NAMING_SIZE` where it has them
 * @param size bytes of the whole; null where that is not known
 */
export function nameOfOther(head: Uint8Array, size: number | null): string {
  if (head.length === 0) return 'an empty file';
  const text = decodeLatin1(head);
  for (const { name, at, magic } of OTHERS) if (text.startsWith(magic, at)) return name;
  const start = text.slice(0, TEXT);
  const trimmed = start.trimStart().toLowerCase();
  if (trimmed.startsWith('<!doctype html') || trimmed.startsWith('<html')) return 'an HTML page (a failed download?)';
  if (trimmed.startsWith('<?xml')) return 'an XML document';
  if (trimmed.startsWith('{') && /^[\x09\x0a\x0d\x20-\x7e]*$/.test(start)) return 'a JSON document';
  if (text.includes('BOOTMGR') && head[0] === 0xe9) return "Windows' boot manager for BIOS";
  if (isZero(head)) return size === head.length || size === null ? 'nothing but zeros' : 'zeros at its beginning';
  if (/^[\x09\x0a\x0d\x20-\x7e]*$/.test(start)) return 'a text file';
  const loader = nameOfLoader(head);
  if (loader !== null) return loader;
  if (head[510] === 0x55 && head[511] === 0xaa) return 'a boot sector';
  return `unknown data beginning with ${[...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
}
