/** The commands that read configs of other boot loaders: GRUB legacy's menu.lst and syslinux's. */
import { TygrubError } from '../../../errors.js';
import type { BootDialect } from '../../dialect.js';
import { GRUB_LEGACY } from '../../grub-legacy/index.js';
import type { BootMenu } from '../../menu.js';
import { SYSLINUX } from '../../syslinux/index.js';
import { openFile } from '../files.js';
import type { Machine } from '../machine.js';
import { ScriptText } from '../script-text.js';
import { Status } from '../status.js';
import type { Command } from './command.js';
import { readsFile } from './configs.js';
import { addEntry } from './menu-entries.js';

/** Reads the file; null with a warning where it cannot be used. @throws TygrubError limit */
async function readOther(machine: Machine, dialect: BootDialect, file: string): Promise<BootMenu | null> {
  const { surroundings } = machine;
  const opened = await openFile(machine, file);
  const volume = opened.name?.device?.volume ?? null;
  if (!opened.ok || volume === null) {
    machine.fail(Status.FILE_NOT_FOUND, 'grub2.config-missing', opened.ok ? `${file} is on no filesystem` : opened.problem.message);
    return null;
  }
  surroundings.budget.include();
  try {
    return await dialect.read({ volume, path: opened.name.path }, surroundings.files, {});
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    machine.fail(Status.BAD_FILE_TYPE, error.code, error.summary);
    return null;
  }
}

/** Puts the entries of another loader's menu into the running menu. */
function addEntries(machine: Machine, menu: BootMenu): void {
  for (const entry of menu.entries) {
    addEntry(machine, {
      title: entry.title,
      id: entry.id ?? entry.title,
      args: [entry.title],
      source: ScriptText.ofString(entry.commands, menu.config === null ? null : `${menu.config.volume}:${menu.config.path}`, 1),
      submenu: false,
      users: entry.users,
      place: machine.place,
      foreign: entry,
    });
  }
  for (const { code, message, file, line } of menu.warnings)
    machine.surroundings.warn(code, message, file === null ? null : { file, line: line ?? 1 });
}

/** The other menu's own default and timeout; its numbers start after what was in the menu before. */
function setChoice(machine: Machine, menu: BootMenu, before: number): void {
  if (menu.default !== null) machine.set('default', String(before + menu.default));
  if (menu.timeout !== null) machine.set('timeout', String(Math.round(menu.timeout)));
}

/** Into the running menu; `extract_*` leaves default and timeout alone. */
function sourceOf(dialect: BootDialect, extracting: boolean): Command {
  return readsFile(async (machine, file) => {
    const menu = await readOther(machine, dialect, file);
    if (menu === null) return Status.FILE_NOT_FOUND;
    const before = machine.menu.length;
    addEntries(machine, menu);
    if (!extracting) setChoice(machine, menu, before);
    return Status.OK;
  });
}

/** As a menu of its own, which takes over. */
function configfileOf(dialect: BootDialect): Command {
  return readsFile(async (machine, file) => {
    const menu = await readOther(machine, dialect, file);
    if (menu === null) return Status.FILE_NOT_FOUND;
    const inner = machine.fork();
    inner.variables = machine.variables.context(machine.surroundings.flavour === 'redhat');
    inner.menu = [];
    addEntries(inner, menu);
    setChoice(inner, menu, 0);
    const volume = machine.surroundings.files.guest.volumes.find((candidate) => candidate.name === menu.config?.volume);
    const config = volume === undefined || menu.config === null ? null : { volume, path: menu.config.path };
    machine.ended = { kind: 'menu', menu: { machine: inner, definitions: inner.menu, config } };
    return Status.OK;
  });
}

export const OTHER_LOADER_COMMANDS: readonly (readonly [string, Command])[] = [
  ['legacy_source', sourceOf(GRUB_LEGACY, false)],
  ['legacy_configfile', configfileOf(GRUB_LEGACY)],
  ['extract_legacy_entries_source', sourceOf(GRUB_LEGACY, true)],
  ['extract_legacy_entries_configfile', configfileOf(GRUB_LEGACY)],
  ['syslinux_source', sourceOf(SYSLINUX, false)],
  ['syslinux_configfile', configfileOf(SYSLINUX)],
  ['extract_syslinux_entries_source', sourceOf(SYSLINUX, true)],
  ['extract_syslinux_entries_configfile', configfileOf(SYSLINUX)],
];
