/** GRUB legacy (0.97): menu.lst and grub.conf. Reference: its manual, "Configuration" and "Commands", and stage 2. */
import type { GuestVolume } from '../../guest/guest.js';
import { baseName, EntryList, existingConfigs, numberEntry, requireEntries, vendorPaths, WarningList } from '../assemble.js';
import type { BootDialect, BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import type { BootEntry, BootMenu } from '../menu.js';
import { runLegacyScript } from './entry.js';
import { commandLines } from './lines.js';
import { LegacyMenuReader, loaded } from './menu.js';

/** Where stage 2 is installed to look, and the link that Red Hat keeps in /etc. */
const PLACES = ['/boot/grub/menu.lst', '/boot/grub/grub.conf', '/grub/menu.lst', '/grub/grub.conf', '/etc/grub.conf'];

const NAMES: ReadonlySet<string> = new Set(['menu.lst', 'grub.conf']);

async function find(files: GuestFiles, volume: GuestVolume): Promise<FoundConfig[]> {
  return existingConfigs(files, volume, [...PLACES, ...(await vendorPaths(files, volume, 'grub.conf'))]);
}

async function read(config: FoundConfig, files: GuestFiles, _options: BootOptions): Promise<BootMenu> {
  const { volume, path } = config;
  const list = new EntryList(files.limits);
  const warnings = new WarningList(files.limits);
  const reader = new LegacyMenuReader(files, list, warnings);
  const root = { volume, device: volume.name };
  const menu = await reader.read({ root, path, submenus: [], position: [] });
  requireEntries(list, warnings, GRUB_LEGACY.name, `${volume.name}:${path}`);
  return {
    config: { dialect: GRUB_LEGACY.name, volume: volume.name, path },
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

/** GRUB legacy's row in the table of dialects. */
export const GRUB_LEGACY: BootDialect = { name: 'grub-legacy', find, claims: (path) => NAMES.has(baseName(path)), read };
