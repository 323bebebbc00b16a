/** The menu of a unified kernel image that the firmware starts: its profiles. */
import { notFound } from '../../errors.js';
import { baseName, EntryList, numberEntry, WarningList } from '../assemble.js';
import type { BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import type { BootMenu } from '../menu.js';
import { readUki } from '../uki/image.js';
import { bootType1, ukiEntries } from './entries.js';
import { parseType1 } from './type1.js';

/** The menu of an image. @throws TygrubError not-found when it is none, and as `BootDialect.read` */
export async function readFirmwareImage({ volume, path }: FoundConfig, files: GuestFiles, _options: BootOptions): Promise<BootMenu> {
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
    config: { dialect: 'uki', volume: volume.name, path },
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
