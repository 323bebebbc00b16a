/** What all dialects share when they make a menu out of what they read: numbering, bounds, missing files. */
import { decodeLatin1, decodeUtf8 } from '../bytes/text.js';
import { limitReached, notFound, type Problem } from '../errors.js';
import type { GuestVolume } from '../guest/guest.js';
import type { Limits } from '../limits.js';
import type { FoundConfig, GuestFiles } from './dialect.js';
import type { BootEntry, BootFile, ConfigWarning, Hypervisor } from './menu.js';

/** An entry as a dialect knows it, before it has a number; what is left out is empty. */
export interface EntryDraft {
  readonly title: string;
  readonly id?: string | null;
  readonly submenus?: readonly string[];
  readonly path: readonly number[];
  readonly args?: string;
  readonly kernel?: BootFile | null;
  readonly initrds?: readonly BootFile[];
  readonly hypervisor?: Hypervisor | null;
  /** Why it cannot boot as its loader would see it; a file that is not there is found by `numberEntry`. */
  readonly problem?: Problem | null;
  readonly commands: string;
  readonly users?: readonly string[] | null;
  readonly guess?: boolean;
}

/** Makes an entry of a draft: its kind follows from what it loads, a missing file is its problem. */
export function numberEntry(draft: EntryDraft, index: number): BootEntry {
  const { kernel = null, hypervisor = null, initrds = [] } = draft;
  return {
    index,
    id: draft.id ?? null,
    title: draft.title,
    submenus: draft.submenus ?? [],
    path: draft.path,
    kind: kernel === null ? 'other' : hypervisor !== null ? 'xen' : 'linux',
    args: draft.args ?? '',
    kernel,
    initrds,
    hypervisor,
    problem: draft.problem ?? missingFile([hypervisor, kernel, ...initrds]),
    commands: draft.commands,
    users: draft.users ?? null,
    guess: draft.guess ?? false,
  };
}

/** The first file that is not there, as a problem. */
export function missingFile(files: readonly (BootFile | null)[]): Problem | null {
  const file = files.find((f) => f !== null && f.size === null);
  if (file === undefined || file === null) return null;
  const part = file.part === null ? '' : ` (section ${file.part})`;
  return { code: 'boot.file-not-found', message: `${file.volume}:${file.path}${part} does not exist` };
}

/** The entries of a menu while it is read, counted against `menuEntries`. */
export class EntryList {
  readonly entries: BootEntry[] = [];

  constructor(private readonly limits: Limits) {}

  /** @throws TygrubError limit `menuEntries` */
  add(draft: EntryDraft): BootEntry {
    if (this.entries.length >= this.limits.menuEntries) {
      throw limitReached('menuEntries', `the boot menu has more than ${this.limits.menuEntries} entries`);
    }
    const entry = numberEntry(draft, this.entries.length);
    this.entries.push(entry);
    return entry;
  }
}

/** The warnings of a menu while it is read, counted against `configWarnings`. */
export class WarningList {
  readonly warnings: ConfigWarning[] = [];

  constructor(private readonly limits: Limits) {}

  /** Keeps a warning; of those above the bound only their existence is told. */
  add(code: string, message: string, file: string | null, line: number | null = null): void {
    if (this.warnings.length < this.limits.configWarnings) this.warnings.push({ code, message, file, line });
    else if (this.warnings.length === this.limits.configWarnings) {
      this.warnings.push({ code: 'boot.more-warnings', message: 'there are more warnings (limit configWarnings)', file: null, line: null });
    }
  }
}

/**
 * Refuses a config without entries, so that the search for one goes on.
 * @throws TygrubError not-found `DIALECT.no-entries` with what was odd about it
 */
export function requireEntries(list: EntryList, warnings: WarningList, dialect: string, place: string): void {
  if (list.entries.length > 0) return;
  const attempts = warnings.warnings.slice(0, 10).map(({ file, line, message }) => {
    const where = [file, line].filter((part) => part !== null).join(':');
    return where === '' ? message : `${where}: ${message}`;
  });
  throw notFound(`${dialect}.no-entries`, `${place} has no entries`, { attempts });
}

/** Counts the lines and commands of a menu against `scriptSteps`, all its files together. */
export class StepCounter {
  private steps = 0;

  constructor(private readonly limits: Limits) {}

  /** @throws TygrubError limit `scriptSteps` */
  step(): void {
    this.steps += 1;
    if (this.steps > this.limits.scriptSteps) {
      throw limitReached('scriptSteps', `the boot configuration has more than ${this.limits.scriptSteps} lines`);
    }
  }
}

/**
 * Checks how many files an entry names, before they are looked up.
 * @throws TygrubError limit `entryFiles`
 */
export function checkFileCount(count: number, limits: Limits): void {
  if (count > limits.entryFiles) throw limitReached('entryFiles', `an entry of the boot menu loads ${count} files`);
}

/** The text of a config file: UTF-8 where it is that, else ISO 8859-1; a byte order mark is dropped. */
export function configText(data: Uint8Array): string {
  const text = decodeUtf8(data) ?? decodeLatin1(data);
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** A file on a device that the guest does not have: listed, never opened. */
export function fileWithoutVolume(device: string, path: string): BootFile {
  return {
    volume: device,
    path,
    part: null,
    size: null,
    open: async () => {
      throw notFound('boot.no-device', `${path} cannot be opened: there is no device ${device}`);
    },
  };
}

/** A boot file where the device is known, else one that cannot be opened. */
export async function fileOn(files: GuestFiles, volume: GuestVolume | null, device: string, path: string): Promise<BootFile> {
  return volume === null ? fileWithoutVolume(device, path) : files.bootFile(volume, path);
}

/** Directories below which each vendor has one of its own: on an ESP, and where it is mounted. */
const VENDOR_PLACES = ['/EFI', '/boot/efi/EFI'];

/** The paths that a file has in the vendors' directories of an ESP, sorted; bounded by `entryFiles`. */
export async function vendorPaths(files: GuestFiles, volume: GuestVolume, name: string): Promise<string[]> {
  const paths: string[] = [];
  for (const place of VENDOR_PLACES) {
    const vendors = (await files.list(volume, place)).sort().slice(0, files.limits.entryFiles);
    paths.push(...vendors.map((vendor) => `${place}/${vendor}/${name}`));
  }
  return paths;
}

/** The configs among some paths that are regular files; a file that is there under two names counts once. */
export async function existingConfigs(files: GuestFiles, volume: GuestVolume, paths: readonly string[]): Promise<FoundConfig[]> {
  const found: FoundConfig[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    const node = await files.stat(volume, path);
    if (node?.type !== 'f' || seen.has(node.id)) continue;
    seen.add(node.id);
    found.push({ volume, path });
  }
  return found;
}

/** The directory of an absolute path, without a slash at its end: `''` for the root. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last name of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * A path of a config made absolute: relative ones start in `directory`; `.`, doubled slashes and `..` vanish. (The names
 * are taken as text; loaders do not follow links here either.)
 */
export function absolutePath(path: string, directory: string): string {
  const names: string[] = [];
  for (const name of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}

/** Text without one pair of double quotes around it. */
export function withoutQuotes(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
