/** From a config to the boot menu: runs the config, lists every entry of every submenu, resolves the default. */
import { limitReached } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import type { AccessControl, BootEntry, BootMenu } from '../menu.js';
import { bootEntry } from './boot-entry.js';
import { userNames } from './commands/menu-entries.js';
import { type ConfigContext, menuOfContext, runConfigFile } from './config-file.js';
import { type EntryRun, runEntry } from './entry-run.js';
import { defaultEntry, detailsOf } from './explained-default.js';
import { type EntryDefinition, Machine, type OpenedMenu } from './machine.js';
import { parseUnsigned } from './numbers.js';
import { ScriptText } from './script-text.js';
import type { Surroundings } from './surroundings.js';
import { Variables } from './variables.js';

/** An entry of a menu, with what became of it. */
export interface ListedEntry {
  readonly definition: EntryDefinition;
  readonly run: EntryRun;
  /** Null where the entry opens a menu. */
  readonly entry: BootEntry | null;
  readonly submenu: ListedMenu | null;
}

export interface ListedMenu {
  readonly opened: OpenedMenu;
  readonly entries: readonly ListedEntry[];
}

/** What GRUB knows when it starts to read its config. */
export interface StartingPoint {
  readonly volume: GuestVolume;
  readonly path: string;
  /** `grub_platform`: `pc`, `efi`, `xen` ... */
  readonly platform: string;
  /** Variables that another loader or script set before. */
  readonly variables?: Readonly<Record<string, string>>;
}

const FEATURES = (
  'feature_chainloader_bpb feature_ntldr feature_platform_search_hint feature_default_font_path feature_all_video_module ' +
  'feature_menuentry_id feature_menuentry_options feature_200_final feature_nativedisk_cmd feature_timeout_style ' +
  'feature_search_cryptodisk_only'
).split(' ');

/** Variables as GRUB sets them before it reads its config; all but `check_signatures` are exported. */
export function startingVariables(start: StartingPoint): Variables {
  const variables = new Variables();
  const device = start.volume.grubName;
  const directory = start.path.slice(0, start.path.lastIndexOf('/'));
  const prefix = `(${device})${directory}`;
  const values: [string, string][] = [
    ['prefix', prefix],
    ['root', device],
    ['grub_cpu', start.platform === 'pc' ? 'i386' : 'x86_64'],
    ['grub_platform', start.platform],
    ['pager', ''],
    ['color_normal', 'light-gray/black'],
    ['color_highlight', 'black/light-gray'],
    ['locale_dir', `${prefix}/locale`],
    ['secondary_locale_dir', ''],
    // A config on an ESP is read by a GRUB that the firmware started from there.
    ...(directory.toLowerCase().startsWith('/efi/')
      ? [['cmdpath', prefix] as [string, string], ['fw_path', prefix] as [string, string]]
      : []),
    ...FEATURES.map((name): [string, string] => [name, 'y']),
  ];
  for (const [name, value] of values) {
    variables.set(name, value, null);
    variables.export(name, null);
  }
  for (const [name, value] of Object.entries(start.variables ?? {})) {
    variables.set(name, value, null);
    variables.export(name, null);
  }
  variables.set('check_signatures', 'no', null);
  variables.set('?', '0', null);
  variables.export('?', null);
  return variables;
}

/**
 * Runs the main config.
 * @throws TygrubError limit when it reaches a bound
 */
export async function runMainConfig(surroundings: Surroundings, start: StartingPoint): Promise<ConfigContext> {
  const machine = new Machine(surroundings, startingVariables(start));
  return { machine, read: await runConfigFile(machine, `(${start.volume.grubName})${start.path}`) };
}

/**
 * Reads the menu that a config makes; null when it makes none.
 * @param rules whose rules apply and why, for explaining
 * @throws TygrubError limit when a bound is reached
 */
export async function readMenu(surroundings: Surroundings, start: StartingPoint, rules = ''): Promise<BootMenu | null> {
  const opened = menuOfContext(await runMainConfig(surroundings, start));
  return opened === null ? null : menuOf(opened, start, rules);
}

/** Lists a menu, its submenus and what every entry loads. */
export async function menuOf(opened: OpenedMenu, start: StartingPoint, rules = ''): Promise<BootMenu> {
  const { surroundings } = opened.machine;
  const { listed, entries, origin } = await listEntries(opened);
  const explanation: string[] = rules === '' ? [] : [rules];
  const { ended } = opened.machine;
  const chosen = ended?.kind === 'left' ? null : (defaultEntry(listed, explanation)?.entry?.index ?? null);
  if (ended?.kind === 'left') explanation.push(`the config itself leaves GRUB with ${ended.command}: no entry boots on its own`);
  const { config, machine } = opened;
  const run = async (commands: string, like: BootEntry | null): Promise<BootEntry> => {
    const from = like === null ? undefined : origin.get(like);
    return runCommands(from?.menu ?? opened, from?.definition ?? null, commands, like);
  };
  return {
    config: { dialect: 'grub2', volume: (config?.volume ?? start.volume).name, path: config?.path ?? start.path },
    timeout: timeoutOf(machine),
    default: chosen,
    entries,
    warnings: surroundings.allWarnings(),
    explanation,
    details: detailsOf(opened, rules),
    access: accessOf(machine),
    run,
  };
}

/** A menu with all its submenus, and its entries in order with the menus that they stand in. */
export async function listEntries(opened: OpenedMenu) {
  const entries: BootEntry[] = [];
  const origin = new Map<BootEntry, { menu: OpenedMenu; definition: EntryDefinition }>();
  const listed = await listMenu(opened, { entries, origin, runs: 0, submenus: [], submenuIds: [], path: [], open: [] });
  return { listed, entries, origin };
}

interface Listing {
  readonly entries: BootEntry[];
  readonly origin: Map<BootEntry, { menu: OpenedMenu; definition: EntryDefinition }>;
  /** Entries and submenus that were run. */
  runs: number;
  readonly submenus: readonly string[];
  readonly submenuIds: readonly string[];
  readonly path: readonly number[];
  /** Configs whose menus are open: an entry that opens one of them leads back, not further. */
  readonly open: readonly string[];
}

async function listMenu(opened: OpenedMenu, listing: Listing): Promise<ListedMenu> {
  const { surroundings } = opened.machine;
  const { menuEntries, scriptNesting } = surroundings.limits;
  const open = opened.config === null ? listing.open : [...listing.open, configKey(opened)];
  const entries: ListedEntry[] = [];
  for (const [position, definition] of opened.definitions.entries()) {
    listing.runs += 1;
    if (listing.runs > menuEntries) throw limitReached('menuEntries', `the boot menu has more than ${menuEntries} entries`);
    const path = [...listing.path, position];
    const run = await runEntry(opened.machine, definition, true);
    const leadsBack = run.menu !== null && (open.includes(configKey(run.menu)) || path.length >= scriptNesting);
    if (run.menu !== null && !leadsBack) {
      const inner = {
        ...listing,
        submenus: [...listing.submenus, definition.title],
        submenuIds: [...listing.submenuIds, definition.id],
        path,
        open,
      };
      const submenu = await listMenu(run.menu, inner);
      listing.runs = inner.runs;
      entries.push({ definition, run, entry: null, submenu });
    } else if (definition.submenu && !leadsBack) {
      surroundings.warn('grub2.empty-submenu', `the submenu ${definition.title} has no entries`, definition.place);
      entries.push({ definition, run, entry: null, submenu: null });
    } else {
      const entry = bootEntry(definition, run, {
        index: listing.entries.length,
        submenus: listing.submenus,
        submenuIds: listing.submenuIds,
        path,
      });
      listing.entries.push(entry);
      listing.origin.set(entry, { menu: opened, definition });
      entries.push({ definition, run, entry, submenu: null });
    }
  }
  return { opened, entries };
}

function configKey(opened: OpenedMenu): string {
  return opened.config === null ? '' : `${opened.config.volume.name}:${opened.config.path}`;
}

function timeoutOf(machine: Machine): number | null {
  const text = machine.get('timeout');
  if (text === undefined) return null;
  const number = parseUnsigned(text, 0);
  return number.found && !number.overflow ? number.value : null;
}

function accessOf(machine: Machine): AccessControl | null {
  const superusers = userNames(machine.get('superusers') ?? '');
  return superusers.length === 0 ? null : { superusers, passwords: machine.passwords };
}

/** Runs edited commands in the place of an entry. */
async function runCommands(
  menu: OpenedMenu,
  definition: EntryDefinition | null,
  commands: string,
  like: BootEntry | null,
): Promise<BootEntry> {
  const edited: EntryDefinition = {
    title: definition?.title ?? '',
    id: definition?.id ?? '',
    args: definition?.args ?? [],
    source: ScriptText.ofLines(commands),
    submenu: false,
    users: definition?.users ?? [],
    place: { file: null, line: 1 },
  };
  const run = await runEntry(menu.machine, edited, true);
  const entry = bootEntry(edited, run, {
    index: like?.index ?? -1,
    submenus: like?.submenus ?? [],
    submenuIds: like?.submenuIds ?? [],
    path: like?.path ?? [],
  });
  return { ...entry, commands };
}
