/** Names for EFI programs that are no kernels. */

import { type PeImage, sectionSource } from '../../boot/uki/index.js';
import { decodeLatin1, decodeUtf16 } from '../../bytes/text.js';
import { TygrubError } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';

/** Bytes of a section that are searched for a name. */
const SEARCH = 64 * 1024;

/** A program, told from text in one of its sections. */
interface KnownProgram {
  readonly section: string;
  readonly text: string;
  readonly name: string;
}

const KNOWN: readonly KnownProgram[] = [
  { section: '.sdmagic', text: '#### LoaderInfo: systemd-boot', name: 'systemd-boot (an EFI boot loader)' },
  { section: '.sdmagic', text: '#### LoaderInfo: systemd-stub', name: "systemd's stub for unified kernel images, without a kernel" },
  { section: '.osrel', text: 'systemd-boot', name: 'systemd-boot (an EFI boot loader)' },
  { section: 'mods', text: '', name: 'GRUB (an EFI boot loader)' },
  { section: '.sbat', text: '\nshim,', name: 'shim (an EFI boot loader)' },
  { section: '.sbat', text: '\ngrub,', name: 'GRUB (an EFI boot loader)' },
  { section: '.sbat', text: '\nsystemd-boot,', name: 'systemd-boot (an EFI boot loader)' },
  { section: '.sbat', text: '\nfwupd-efi,', name: 'fwupd (installs firmware from EFI)' },
  { section: '.sbat', text: '\nipxe,', name: 'iPXE (a network boot loader)' },
  { section: '.rsrc', text: 'bootmgfw', name: "Windows' boot manager" },
  { section: '.rsrc', text: 'bootmgr', name: "Windows' boot manager" },
  { section: '.rsrc', text: 'memtest.exe', name: "Windows' memory test" },
];

/** Says what an EFI program is; null where its sections do not tell. */
export async function nameOfEfiProgram(source: ByteSource, pe: PeImage): Promise<string | null> {
  for (const section of pe.sections) {
    const rows = KNOWN.filter((row) => row.section === section.name);
    if (rows.length === 0) continue;
    let bytes: Uint8Array;
    try {
      bytes = await sectionSource(source, section).read(0, Math.min(section.size, SEARCH));
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
