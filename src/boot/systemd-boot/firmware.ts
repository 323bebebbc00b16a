/** A unified kernel image that the firmware starts itself, without a boot loader: its profiles are the menu. */
import { notFound } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import { baseName, EntryList, numberEntry, WarningList } from '../assemble.js';
import type { BootDialect, BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import type { BootMenu } from '../menu.js';
import { readUki } from '../uki/image.js';
import { bootType1, ukiEntries } from './entries.js';
import { parseType1 } from './type1.js';

/** The default paths of the UEFI specification, "Removable Media Boot Behavior". */
const PLACES = ['X64', 'AA64', 'IA32', 'ARM', 'RISCV64', 'LOONGARCH64'].map((machine) => `/EFI/BOOT/BOOT${machine}.EFI`);

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  const found: FoundConfig[] = [];
  for (const path of PLACES) {
    if ((await files.stat(volume, path))?.type !== 'f') continue;
    // Most programs there are boot loaders: only the section table tells.
    if ((await readUki(await files.open(volume, path), files.limits, (bytes) => files.count(bytes))) !== null) found.push({ volume, path });
  }
  return found;
}

async function read({ volume, path }: FoundConfig, files: GuestFiles, _options: BootOptions): Promise<BootMenu> {
  const uki = await readUki(await files.open(volume, path), files.limits, (bytes) => files.count(bytes));
  if (uki === null) throw notFound('uki.not-unified', `${volume.name}:${path} is no unified kernel image`);
  const warnings = new WarningList(files.limits);
  const partition = { volume, base: '' };
  const list = new EntryList(files.limits);
  const entries = await ukiEntries(uki, partition, path, baseName(path), files, warnings);
  for (const [i, entry] of entries.entries()) {
    list.add({ title: entry.title, id: entry.id, path: [i], commands: entry.commands, ...entry.draft });
  }
  return {
    config: { dialect: UKI.name, volume: volume.name, path },
    timeout: null,
    default: 0,
    entries: list.entries,
    warnings: warnings.warnings,
    explanation: [`${path} is a unified kernel image: the firmware starts its first profile`],
    access: null,
    run: async (commands, like) => {
      const draft = (await bootType1(parseType1(commands), partition, { files, warnings: new WarningList(files.limits) })) ?? {};
      return numberEntry(
        { title: like?.title ?? 'entered', id: like?.id ?? null, path: like?.path ?? [], commands, ...draft },
        like?.index ?? -1,
      );
    },
  };
}

/** The row of images without a loader in the table of dialects. */
export const UKI: BootDialect = { name: 'uki', find, claims: (path) => path.toLowerCase().endsWith('.efi'), read };
