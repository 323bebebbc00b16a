import { baseName, directoryOf, numberEntry, requireEntries, StepCounter, WarningList } from '../assemble.js';
import type { BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import type { BootEntry, BootMenu } from '../menu.js';
import { draftOf, SyslinuxMenuReader } from './menu.js';
import { SyslinuxParser, type SyslinuxSources, splitFirst } from './parser.js';

/** Relative paths start beside the config; PXELINUX keeps its configs one directory below. */
function workingDirectory(path: string): string {
  const directory = directoryOf(path);
  return baseName(directory) === 'pxelinux.cfg' ? directoryOf(directory) : directory;
}

/** Reads a config. @throws TygrubError as `BootDialect.read` */
export async function readSyslinux(config: FoundConfig, files: GuestFiles, _options: BootOptions): Promise<BootMenu> {
  const { volume, path } = config;
  const warnings = new WarningList(files.limits);
  const sources: SyslinuxSources = { files, volume, warnings, steps: new StepCounter(files.limits), includes: 0 };
  const reader = new SyslinuxMenuReader(sources, warnings);
  const directory = workingDirectory(path);
  const main = await reader.read({ path, directory, submenus: [], position: [] });
  const tenths = main.config.timeout > 0 ? main.config.timeout : main.config.totalTimeout;
  requireEntries(reader.list, warnings, 'syslinux', `${volume.name}:${path}`);
  return {
    config: { dialect: 'syslinux', volume: volume.name, path },
    timeout: tenths > 0 ? tenths / 10 : null,
    default: main.boots?.index ?? null,
    entries: reader.list.entries,
    warnings: warnings.warnings,
    explanation: reader.explanation,
    access: reader.access,
    run: (commands, like) =>
      run(commands, like, sources, reader, (like === null ? undefined : reader.directories[like.index]) ?? directory),
  };
}

/** Lines of a label, or a command as it is typed at the `boot:` prompt. */
async function run(
  commands: string,
  like: BootEntry | null,
  shared: SyslinuxSources,
  reader: SyslinuxMenuReader,
  directory: string,
): Promise<BootEntry> {
  const { files } = shared;
  const sources: SyslinuxSources = {
    ...shared,
    steps: new StepCounter(files.limits),
    warnings: new WarningList(files.limits),
    includes: 0,
  };
  const parser = new SyslinuxParser(sources, directory);
  const label = parser.startLabel(like?.id ?? 'entered', 'edited', 0);
  await parser.readText(commands, 'edited');
  parser.finish();
  const typed = commands.split('\n').find((line) => line.trim() !== '');
  const reading = reader.commands(directory);
  let action = await reading.label(label);
  if (!label.explicit && typed !== undefined && label.lines.length <= 1) {
    const { first, rest } = splitFirst(typed.trim());
    action = await reading.command('kernel', first, rest, null);
  }
  const draft = {
    title: like?.title ?? 'entered',
    id: like?.id ?? null,
    submenus: like?.submenus ?? [],
    path: like?.path ?? [],
    users: like?.users ?? null,
    commands,
    ...draftOf(action, false),
  };
  return numberEntry(draft, like?.index ?? -1);
}
