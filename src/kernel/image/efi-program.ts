/** Names for EFI programs that are no kernels. */

import { type PeImage, sectionSource } from '../../boot/uki/index.js';
import { decodeLatin1, decodeUtf16 } from '../../bytes/text.js';
import { TygrubError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { TextSearch } from './text-search.js';

/** A program, told from text in one of its sections. */
interface KnownProgram {
  readonly section: string;
  readonly text: string;
  readonly name: string;
}

const KNOWN: readonly KnownProgram[] = [
  { section: '.sdmagic', text: '#### LoaderInfo: systemd-boot', name: 'systemd-boot (an EFI boot loader)' },
  { section: '.sdmagic', text: '#### LoaderInfo: systemd-stub', name: "systemd's stub for unified kernel images, without a kernel" },
  { section: '.sdmagic', text: '#### LoaderInfo: systemd-addon', name: 'an add-on for unified kernel images' },
  { section: '.osrel', text: 'systemd-boot', name: 'systemd-boot (an EFI boot loader)' },
  { section: 'mods', text: '', name: 'GRUB (an EFI boot loader)' },
  { section: '.sbat', text: '\nshim,', name: 'shim (an EFI boot loader)' },
  { section: '.sbat', text: '\ngrub,', name: 'GRUB (an EFI boot loader)' },
  { section: '.sbat', text: '\nsystemd-boot,', name: 'systemd-boot (an EFI boot loader)' },
  { section: '.sbat', text: '\nfwupd-efi,', name: 'fwupd (installs firmware from EFI)' },
  { section: '.sbat', text: '\nipxe,', name: 'iPXE (a network boot loader)' },
  { section: '.sbat', text: '\nrefind,', name: 'a part of rEFInd (an EFI boot manager)' },
  { section: '.rsrc', text: 'bootmgfw', name: "Windows' boot manager" },
  { section: '.rsrc', text: 'bootmgr', name: "Windows' boot manager" },
  { section: '.rsrc', text: 'memtest.exe', name: "Windows' memory test" },
  { section: '.rsrc', text: 'osloader.exe', name: "Windows' loader, which its boot manager starts" },
];

/** Programs that are told from text anywhere in them: no section names them, or one that they share with others. */
const BY_TEXT: readonly { readonly text: string; readonly isUtf16: boolean; readonly name: string }[] = [
  { text: 'rEFInd Boot Manager', isUtf16: true, name: 'rEFInd (an EFI boot manager)' },
  { text: '[Enroll MOK]', isUtf16: true, name: "MokManager (shim's manager of keys)" },
  { text: 'FALLBACK_VERBOSE\0', isUtf16: true, name: "shim's fallback program (it restores boot entries)" },
  { text: '\0iPXE> \0', isUtf16: false, name: 'iPXE (a network boot loader)' },
  { text: '\0Syslinux ', isUtf16: false, name: 'SYSLINUX for EFI (a boot loader)' },
  { text: '\0uefishellversion\0', isUtf16: true, name: 'an EFI shell' },
];

/**
 * Says what an EFI program is; null where neither its sections nor, if that is wished, its texts tell.
 * @param isDeep search `limits.nameSearch` bytes of the program where its sections do not tell it from others
 */
export async function nameOfEfiProgram(source: ByteSource, pe: PeImage, isDeep: boolean, limits: Limits): Promise<string | null> {
  const bySection = await nameBySections(source, pe, limits);
  const isShared = bySection === null || SHARED.test(bySection);
  return (isDeep && isShared ? await nameByText(source, limits) : null) ?? bySection;
}

/** Names that stand in the `.sbat` section of all programs of one origin. */
const SHARED = /^shim|^a part of/;

async function nameByText(source: ByteSource, limits: Limits): Promise<string | null> {
  const bytes = await source.read(0, Math.min(source.size, limits.nameSearch));
  const found = BY_TEXT.find(({ text, isUtf16 }) => new TextSearch(isUtf16 ? text.replace(/./gs, '$&\0') : text).find(bytes, 0) >= 0);
  return found?.name ?? null;
}

async function nameBySections(source: ByteSource, pe: PeImage, limits: Limits): Promise<string | null> {
  for (const section of pe.sections) {
    const rows = KNOWN.filter((row) => row.section === section.name);
    if (rows.length === 0) continue;
    let bytes: Uint8Array;
    try {
      bytes = await sectionSource(source, section).read(0, Math.min(section.size, limits.nameSearch));
    } catch (error) {
      if (!(error instanceof TygrubError)) throw error;
      continue; // a section outside of the file names nothing
    }
    const texts = [decodeLatin1(bytes), utf16Parts(bytes)];
    const found = rows.find((row) => texts.some((text) => text.toLowerCase().includes(row.text.toLowerCase())));
    if (found !== undefined) return found.name;
  }
  return null;
}

/** The bytes as UTF-16 text, zeros as spaces: version resources hold many texts one after the other. */
function utf16Parts(bytes: Uint8Array): string {
  const spaced = bytes.slice();
  for (let i = 0; i + 1 < spaced.length; i += 2) if (spaced[i] === 0 && spaced[i + 1] === 0) spaced[i] = 0x20;
  return decodeUtf16(spaced, 'little');
}
