/** Where boot configurations are looked for, in the order in which the guest's firmware would come to them. */
import { type ErrorKind, notFound, type Problem, problemOf, usageError } from '../errors.js';
import type { Guest, GuestVolume } from '../guest/guest.js';
import { type BootDialect, type BootOptions, type FoundConfig, GuestFiles } from './dialect.js';
import type { BootMenu } from './menu.js';

/** A boot configuration of the guest, for `inspect`. */
export interface ConfigCandidate {
  /** Name of the dialect that would read it. */
  readonly dialect: string;
  /** Name of the volume. */
  readonly volume: string;
  readonly path: string;
  /** The menu comes from it. */
  readonly chosen: boolean;
  /** Why it stands where it does, and why it was chosen. */
  readonly reason: string;
  /** Whose rules it was read by and why, where its dialect has several; null also for those that nobody read. */
  readonly rules: string | null;
  /** Why it could not be used; null also for those that nobody had to read. */
  readonly problem: Problem | null;
}

/** What a search came to. */
export interface SearchResult {
  readonly menu: BootMenu | null;
  /** In the order in which they were tried; after the one that was chosen only where all were asked for. */
  readonly configs: readonly ConfigCandidate[];
  /** What was tried in vain: volumes without a filesystem, configs that could not be read. */
  readonly attempts: readonly Attempt[];
}

/** A place that was looked at in vain. */
export interface Attempt {
  /** The place and what was wrong there, on one line. */
  readonly message: string;
  /** Absent where nothing failed: there simply is nothing. */
  readonly kind?: ErrorKind;
}

/** A config before it is tried. */
interface Candidate {
  readonly dialect: BootDialect;
  readonly config: FoundConfig;
  readonly reason: string;
  /** Compared from left to right; the lowest is tried first. */
  readonly rank: readonly number[];
}

/** Partition types of the EFI system partition, in GPT and MBR. */
const ESP_TYPES: ReadonlySet<string> = new Set(['c12a7328-f81f-11d2-ba4b-00a0c93ec93b', '0xef']);

function isEsp(volume: GuestVolume): boolean {
  return ESP_TYPES.has(volume.volume.type ?? '');
}

/** Where on a volume a config lies: the root of a boot partition, below /boot, or a copy of an ESP's files. */
function placeOf(path: string): { readonly order: number; readonly name: string } {
  const lower = path.toLowerCase();
  if (lower.startsWith('/boot/efi/')) return { order: 2, name: 'below the mount point of an EFI system partition' };
  if (lower.startsWith('/boot/') || lower.startsWith('/etc/') || lower.startsWith('/@/') || lower.startsWith('/root/')) {
    return { order: 1, name: 'root filesystem' };
  }
  return { order: 0, name: 'boot partition' };
}

/**
 * Finds the boot configurations and reads the first one that makes a menu.
 * @param dialects in the order in which a volume is asked for them
 * @param all look at every volume, also after a menu was found
 */
export async function searchConfigs(
  guest: Guest,
  dialects: readonly BootDialect[],
  options: BootOptions,
  all: boolean,
): Promise<SearchResult> {
  const files = new GuestFiles(guest, guest.limits);
  const attempts: Attempt[] = [];
  const tried: { candidate: Candidate; problem: Problem | null }[] = [];
  let menu: BootMenu | null = null;
  let chosen: Candidate | null = null;
  // The firmware comes to an ESP before anything else; other volumes are opened only where that led nowhere.
  for (const stage of [guest.volumes.filter(isEsp), guest.volumes.filter((volume) => !isEsp(volume))]) {
    if (menu !== null && !all) break;
    for (const candidate of await candidatesOf(files, stage, dialects, attempts)) {
      if (menu !== null) {
        if (all) tried.push({ candidate, problem: null });
        continue;
      }
      const { dialect, config } = candidate;
      try {
        menu = await dialect.read(config, files, options);
        chosen = candidate;
        tried.push({ candidate, problem: null });
      } catch (error) {
        const problem = problemOf(error);
        tried.push({ candidate, problem });
        attempts.push(attemptAt(`${config.volume.name}:${config.path}`, problem));
      }
    }
  }
  const failures = tried.filter((row) => row.problem !== null).length;
  const explained = menu === null || chosen === null ? menu : withExplanation(menu, chosen, failures);
  return { menu: explained, configs: tried.map((row) => described(row.candidate, row.problem, menu, chosen)), attempts };
}

function attemptAt(place: string, { message, kind }: { readonly message: string; readonly kind?: ErrorKind }): Attempt {
  return { message: `${place}: ${message}`, ...(kind === undefined ? {} : { kind }) };
}

/** The configs of some volumes in order; what cannot be looked at goes to `attempts`. */
async function candidatesOf(
  files: GuestFiles,
  volumes: readonly GuestVolume[],
  dialects: readonly BootDialect[],
  attempts: Attempt[],
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const volume of volumes) {
    const { filesystem, problem, reason } = await volume.inspect();
    if (filesystem === null) {
      attempts.push(attemptAt(volume.name, problem ?? { message: reason }));
      continue;
    }
    const before = found.length;
    const failures = new Map<string, { readonly problem: Problem; readonly dialects: string[] }>();
    const systemd = isEsp(volume) && (await startsSystemdBoot(files, volume));
    for (const [order, dialect] of dialects.entries()) {
      try {
        const configs = await dialect.find(files, volume);
        const first = systemd && dialect.name === 'systemd-boot';
        for (const [i, config] of configs.entries())
          found.push(candidateOf(dialect, config, first ? -1 : order, files.guest.volumes.indexOf(volume), i));
      } catch (error) {
        const problem = problemOf(error);
        const same = failures.get(problem.message);
        if (same === undefined) failures.set(problem.message, { problem, dialects: [dialect.name] });
        else same.dialects.push(dialect.name);
      }
    }
    for (const { problem, dialects: names } of failures.values()) {
      attempts.push(attemptAt(names.length === dialects.length ? volume.name : `${volume.name}: ${names.join(', ')}`, problem));
    }
    if (found.length === before && failures.size === 0) attempts.push(attemptAt(volume.name, { message: 'no boot configuration' }));
  }
  return found.sort(compareRanks);
}

function candidateOf(dialect: BootDialect, config: FoundConfig, dialectOrder: number, volumeOrder: number, configOrder: number): Candidate {
  const { volume } = config;
  const place = placeOf(config.path);
  const last = dialect.lastResort === true ? 1 : 0;
  if (isEsp(volume)) {
    return { dialect, config, reason: 'EFI system partition', rank: [last, volumeOrder, dialectOrder, configOrder] };
  }
  const { active } = volume.volume;
  const reason = `${active ? 'active partition, ' : ''}${place.name}`;
  return { dialect, config, reason, rank: [last, active ? 0 : 1, place.order, volumeOrder, dialectOrder, configOrder] };
}

function compareRanks(a: Candidate, b: Candidate): number {
  for (const [i, rank] of a.rank.entries()) {
    const difference = rank - (b.rank[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `bootctl install` puts the same program at its own path and at the firmware's default path. */
async function startsSystemdBoot(files: GuestFiles, volume: GuestVolume): Promise<boolean> {
  for (const machine of ['x64', 'aa64', 'ia32', 'arm', 'riscv64']) {
    try {
      const own = await files.stat(volume, `/EFI/systemd/systemd-boot${machine}.efi`);
      const first = await files.stat(volume, `/EFI/BOOT/BOOT${machine.toUpperCase()}.EFI`);
      if (own?.type === 'f' && first?.type === 'f' && own.size === first.size) return true;
    } catch (error) {
      problemOf(error); // a directory that cannot be read: the dialects will say so
    }
  }
  return false;
}

/** The config's place and what was passed over go before what the dialect says about its default. */
function withExplanation(menu: BootMenu, chosen: Candidate, passed: number): BootMenu {
  const { volume, path } = chosen.config;
  const start = `${volume.name}:${path} (${chosen.dialect.name}, ${chosen.reason}) was read`;
  const before = passed === 0 ? '' : `, after ${passed} other ${passed === 1 ? 'config' : 'configs'} that could not be used`;
  const led = menu.config !== null && (menu.config.volume !== volume.name || menu.config.path !== path);
  const lines = [`${start}${before}`, ...(led ? [`it opened ${menu.config?.volume}:${menu.config?.path}, whose menu this is`] : [])];
  return { ...menu, explanation: [...lines, ...menu.explanation] };
}

function described(candidate: Candidate, problem: Problem | null, menu: BootMenu | null, chosen: Candidate | null): ConfigCandidate {
  const { dialect, config, reason } = candidate;
  const row = { dialect: dialect.name, volume: config.volume.name, path: config.path, rules: null, problem };
  const place = menu?.config ?? null;
  const isMenus = place !== null && place.volume === row.volume && place.path === row.path && place.dialect === row.dialect;
  const rules = menu?.details?.rules ?? null;
  if (candidate === chosen) return { ...row, rules, chosen: true, reason: `${reason}: the first that makes a menu` };
  return isMenus && chosen !== null
    ? { ...row, rules, chosen: true, reason: `${reason}: opened by ${chosen.config.volume.name}:${chosen.config.path}` }
    : { ...row, chosen: false, reason };
}

/**
 * Reads the config that somebody named.
 * @param place `VOLUME:PATH`
 * @throws TygrubError usage when it is no such thing; what the dialect throws
 */
export async function readNamedConfig(
  guest: Guest,
  dialects: readonly BootDialect[],
  place: string,
  options: BootOptions,
): Promise<BootMenu> {
  const colon = place.indexOf(':');
  const path = place.slice(colon + 1);
  if (colon < 1 || !path.startsWith('/'))
    throw usageError('boot.config-place', `${place} is no VOLUME:PATH`, { hint: 'write msdos1:/boot/grub/grub.cfg' });
  const volume = await guest.volume(place.slice(0, colon));
  const files = new GuestFiles(guest, guest.limits);
  if ((await files.stat(volume, path)) === null) throw notFound('boot.no-config', `${volume.name} has no ${path}`);
  const dialect = dialects.find((row) => row.claims(path)) ?? dialects[0];
  if (dialect === undefined) throw usageError('boot.no-dialect', 'no dialect is known');
  const menu = await dialect.read({ volume, path }, files, options);
  return { ...menu, explanation: [`${volume.name}:${path} was named and read as ${dialect.name}`, ...menu.explanation] };
}
