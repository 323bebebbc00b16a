import { EntryList, numberEntry, requireEntries, WarningList } from '../assemble.js';
import type { BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import type { BootEntry, BootMenu } from '../menu.js';
import { runLegacyScript } from './entry.js';
import { commandLines } from './lines.js';
import { LegacyMenuReader, loaded } from './menu.js';

/** Reads a config. @throws TygrubError as `BootDialect.read` */
export async function readGrubLegacy(config: FoundConfig, files: GuestFiles, _options: BootOptions): Promise<BootMenu> {
  const { volume, path } = config;
  const list = new EntryList(files.limits);
  const warnings = new WarningList(files.limits);
  const reader = new LegacyMenuReader(files, list, warnings);
  const root = { volume, device: volume.name };
  const menu = await reader.read({ root, path, submenus: [], position: [] });
  requireEntries(list, warnings, 'grub-legacy', `${volume.name}:${path}`);
  return {
    config: { dialect: 'grub-legacy', volume: volume.name, path },
    timeout: menu.config.timeout,
    default: menu.default,
    entries: list.entries,
    warnings: warnings.warnings,
    explanation: reader.explanation,
    access: reader.access,
    run: (commands, like) => run(commands, like, files, (like === null ? undefined : reader.roots[like.index]) ?? root),
  };
}

async function run(
  commands: string,
  like: BootEntry | null,
  files: GuestFiles,
  root: LegacyMenuReader['roots'][number],
): Promise<BootEntry> {
  const script = await runLegacyScript(commandLines(commands), root, files);
  const draft = {
    title: like?.title ?? 'entered',
    submenus: like?.submenus ?? [],
    path: like?.path ?? [],
    users: like?.users ?? null,
    commands,
    ...loaded(script),
  };
  return numberEntry(draft, like?.index ?? -1);
}
