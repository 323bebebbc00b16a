/**
 * SYSLINUX, EXTLINUX, ISOLINUX and PXELINUX configurations, and U-Boot's and petitboot's reading of extlinux.conf.
 * Reference: doc/syslinux.txt, doc/menu.txt and com32/elflink/ldlinux/readconfig.c of SYSLINUX 6.
 */
import type { GuestVolume } from '../../guest/guest.js';
import { baseName, directoryOf, existingConfigs, numberEntry, requireEntries, StepCounter, WarningList } from '../assemble.js';
import type { BootDialect, BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import type { BootEntry, BootMenu } from '../menu.js';
import { draftOf, SyslinuxMenuReader } from './menu.js';
import { SyslinuxParser, type SyslinuxSources, splitFirst } from './parser.js';

/** Where the loaders look, extlinux first: an installed system has that one. */
const PLACES = [
  ...['/boot/extlinux/extlinux.conf', '/extlinux/extlinux.conf', '/boot/extlinux.conf', '/extlinux.conf'],
  ...['/boot/syslinux/extlinux.conf', '/boot/syslinux/syslinux.cfg', '/syslinux/syslinux.cfg', '/boot/syslinux.cfg', '/syslinux.cfg'],
  ...['/boot/isolinux/isolinux.cfg', '/isolinux/isolinux.cfg', '/isolinux.cfg', '/boot/isolinux/syslinux.cfg', '/isolinux/syslinux.cfg'],
  ...['/EFI/syslinux/syslx64.cfg', '/EFI/syslinux/syslinux.cfg', '/EFI/BOOT/syslx64.cfg', '/EFI/BOOT/syslinux.cfg'],
];

const NAMES: ReadonlySet<string> = new Set(['extlinux.conf', 'syslinux.cfg', 'isolinux.cfg', 'syslx64.cfg', 'syslia32.cfg']);
const DIRECTORIES: ReadonlySet<string> = new Set(['extlinux', 'syslinux', 'isolinux', 'pxelinux.cfg']);

function claims(path: string): boolean {
  return NAMES.has(baseName(path).toLowerCase()) || DIRECTORIES.has(baseName(directoryOf(path)).toLowerCase());
}

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  return existingConfigs(files, volume, PLACES);
}

/** Relative paths start beside the config; PXELINUX keeps its configs one directory below. */
function workingDirectory(path: string): string {
  const directory = directoryOf(path);
  return baseName(directory) === 'pxelinux.cfg' ? directoryOf(directory) : directory;
}

async function read(config: FoundConfig, files: GuestFiles, _options: BootOptions): Promise<BootMenu> {
  const { volume, path } = config;
  const warnings = new WarningList(files.limits);
  const sources: SyslinuxSources = { files, volume, warnings, steps: new StepCounter(files.limits), includes: 0 };
  const reader = new SyslinuxMenuReader(sources, warnings);
  const directory = workingDirectory(path);
  const main = await reader.read({ path, directory, submenus: [], position: [] });
  const tenths = main.config.timeout > 0 ? main.config.timeout : main.config.totalTimeout;
  requireEntries(reader.list, warnings, SYSLINUX.name, `${volume.name}:${path}`);
  return {
    config: { dialect: SYSLINUX.name, volume: volume.name, path },
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

/** SYSLINUX's row in the table of dialects. */
export const SYSLINUX: BootDialect = { name: 'syslinux', find, claims, read };
