/** A unified kernel image that the firmware starts itself, without a boot loader: its profiles are the menu. */
import type { GuestVolume } from '../../guest/guest.js';
import type { BootDialect, FoundConfig, GuestFiles } from '../dialect.js';

/** The default paths of the UEFI specification, "Removable Media Boot Behavior". */
const PLACES = ['X64', 'AA64', 'IA32', 'ARM', 'RISCV64', 'LOONGARCH64'].map((machine) => `/EFI/BOOT/BOOT${machine}.EFI`);

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  const found: FoundConfig[] = [];
  for (const path of PLACES) {
    if ((await files.stat(volume, path))?.type !== 'f') continue;
    // Most programs there are boot loaders: only the section table tells.
    const { readUki } = await import('../uki/image.js');
    if ((await readUki(await files.open(volume, path), files.limits, (bytes) => files.count(bytes))) !== null) found.push({ volume, path });
  }
  return found;
}

/** The row of images without a loader in the table of dialects. */
export const UKI: BootDialect = {
  name: 'uki',
  find,
  claims: (path) => path.toLowerCase().endsWith('.efi'),
  read: async (...args) => (await import('./firmware-read.js')).readFirmwareImage(...args),
};
