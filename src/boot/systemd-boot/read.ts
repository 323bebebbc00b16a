import { configText, EntryList, numberEntry, requireEntries, StepCounter, WarningList } from '../assemble.js';
import type { BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import { compileGlob } from '../glob.js';
import type { BootEntry, BootMenu } from '../menu.js';
import { type BootPartition, bootType1, readPartition, type SystemdEntry } from './entries.js';
import { type DefaultPattern, type LoaderConf, parseLoaderConf } from './loader-conf.js';
import { compareEntries } from './order.js';
import { parseType1 } from './type1.js';

/** Partition types of the EFI system partition and the extended boot loader partition. */
const BOOT_TYPES: ReadonlySet<string> = new Set([
  'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  'bc13c2ff-59e6-4262-a352-b275fd6f7172',
  '0xef',
  '0xea',
]);

/** The directory above `/loader` or `/EFI`. */
function baseOf(path: string): string {
  const lower = path.toLowerCase();
  for (const mark of ['/loader/', '/efi/linux']) {
    const at = `${lower}/`.lastIndexOf(mark);
    if (at >= 0) return path.slice(0, at);
  }
  return '';
}

/** The partition that was found and, where it is a boot partition by its type, the others of its disk. */
function partitionsOf({ volume, path }: FoundConfig, files: GuestFiles): BootPartition[] {
  const partitions: BootPartition[] = [{ volume, base: baseOf(path) }];
  if (volume.disk === null || !BOOT_TYPES.has(volume.volume.type ?? '')) return partitions;
  for (const other of files.guest.disks[volume.disk.index]?.volumes ?? []) {
    if (other !== volume && BOOT_TYPES.has(other.volume.type ?? '')) partitions.push({ volume: other, base: '' });
  }
  return partitions;
}

async function readLoaderConf(partitions: readonly BootPartition[], files: GuestFiles): Promise<{ conf: LoaderConf; path: string | null }> {
  for (const { volume, base } of partitions) {
    const path = `${base}/loader/loader.conf`;
    if ((await files.stat(volume, path))?.type !== 'f') continue;
    return { conf: parseLoaderConf(configText(await files.readConfig(volume, path))), path: `${volume.name}:${path}` };
  }
  return { conf: parseLoaderConf(''), path: null };
}

/** Loaders on the partitions, by the architecture in their names: which machine the disk is for. */
async function architectures(partitions: readonly BootPartition[], files: GuestFiles): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const { volume, base } of partitions) {
    for (const [directory, prefix] of [
      ['/EFI/BOOT', 'boot'],
      ['/EFI/systemd', 'systemd-boot'],
    ] as const) {
      for (const name of await files.list(volume, base + directory)) {
        const lower = name.toLowerCase();
        if (lower.startsWith(prefix) && lower.endsWith('.efi')) found.add(lower.slice(prefix.length, -'.efi'.length));
      }
    }
  }
  return found;
}

/** Reads the entries of a boot partition. @throws TygrubError as `BootDialect.read` */
export async function readSystemdBoot(config: FoundConfig, files: GuestFiles, _options: BootOptions): Promise<BootMenu> {
  const { volume, path } = config;
  const warnings = new WarningList(files.limits);
  const sources = { files, warnings, steps: new StepCounter(files.limits) };
  const partitions: BootPartition[] = [];
  for (const partition of partitionsOf(config, files)) {
    const { filesystem, problem } = await partition.volume.inspect();
    if (filesystem !== null) partitions.push(partition);
    else if (problem !== null) warnings.add(problem.code, problem.message, partition.volume.name);
  }
  const { conf, path: confPath } = await readLoaderConf(partitions, files);
  const machines = await architectures(partitions, files);
  const all: SystemdEntry[] = [];
  for (const partition of partitions) {
    for (const entry of await readPartition(partition, sources)) {
      if (entry.architecture === null || machines.size === 0 || machines.has(entry.architecture)) all.push(entry);
      else warnings.add('systemd-boot.architecture', `${entry.id} is for ${entry.architecture}: it is not shown`, partition.volume.name);
    }
  }
  all.sort(compareEntries);
  const titles = distinctTitles(all);
  const list = new EntryList(files.limits);
  for (const [i, entry] of all.entries()) {
    list.add({ title: titles[i] ?? entry.title, id: entry.id, path: [i], commands: entry.commands, ...entry.draft });
  }
  requireEntries(list, warnings, 'systemd-boot', `${volume.name}:${path}`);
  const explanation: string[] = [];
  return {
    config: { dialect: 'systemd-boot', volume: volume.name, path },
    timeout: conf.timeout,
    default: chooseDefault(conf, confPath, all, list.entries, files, explanation),
    entries: list.entries,
    warnings: warnings.warnings,
    explanation,
    access: null,
    run: (commands, like) => run(commands, like, files, (like === null ? undefined : all[like.index]?.partition) ?? partitions[0]),
  };
}

/** systemd-boot tells entries of the same title apart by version, then machine, then file name. */
function distinctTitles(entries: readonly SystemdEntry[]): string[] {
  const titles = entries.map((entry) => entry.title);
  const additions: ((entry: SystemdEntry) => string | null)[] = [(e) => e.version, (e) => e.machineId?.slice(0, 8) ?? null, (e) => e.id];
  for (const addition of additions) {
    const counts = new Map<string, number>();
    for (const [i, title] of titles.entries()) if (entries[i]?.shown) counts.set(title, (counts.get(title) ?? 0) + 1);
    for (const [i, entry] of entries.entries()) {
      const title = entry.shown ? (titles[i] ?? '') : '';
      const more = addition(entry);
      if ((counts.get(title) ?? 0) > 1 && more !== null) titles[i] = `${title} (${more})`;
    }
  }
  return titles;
}

function chooseDefault(
  conf: LoaderConf,
  confPath: string | null,
  all: readonly SystemdEntry[],
  entries: readonly BootEntry[],
  files: GuestFiles,
  explanation: string[],
): number | null {
  // systemd-boot shows no entry whose kernel is missing; where all are, the reason is shown on the one it would take.
  const shown = all.flatMap((entry, i) => (entry.shown ? [i] : []));
  const there = shown.filter((i) => entries[i]?.problem === null);
  const candidates = there.length > 0 ? there : shown;
  const byPattern = (name: string, wanted: DefaultPattern | null, bad: boolean): number | null => {
    if (wanted === null) return null;
    const where = `${name} ${wanted.pattern} (${confPath}, line ${wanted.line})`;
    if (wanted.pattern === '@saved') {
      explanation.push(`${where}: what was booted last is in the firmware's variables, not on the disk`);
      return null;
    }
    const matches = compileGlob(wanted.pattern.toLowerCase(), files.limits);
    const found = candidates.find((i) => matches((all[i]?.id ?? '').toLowerCase()) && (bad || all[i]?.triesLeft !== 0));
    explanation.push(found === undefined ? `${where} fits no entry` : `${where} fits ${all[found]?.id}`);
    return found ?? null;
  };
  const chosen = byPattern('default', conf.default, true) ?? byPattern('preferred', conf.preferred, false);
  if (chosen !== null) return chosen;
  const first = candidates.find((i) => all[i]?.triesLeft !== 0) ?? candidates[0] ?? null;
  if (first !== null) explanation.push(`the first entry in systemd-boot's order is ${all[first]?.id}`);
  return first;
}

async function run(commands: string, like: BootEntry | null, files: GuestFiles, partition: BootPartition | undefined): Promise<BootEntry> {
  const type1 = parseType1(commands);
  const warnings = new WarningList(files.limits);
  const draft = partition === undefined ? null : await bootType1(type1, partition, { files, warnings });
  const empty = { problem: { code: 'systemd-boot.nothing-to-boot', message: 'there is no linux, efi or uki key' } };
  return numberEntry(
    { title: like?.title ?? type1.title ?? 'entered', id: like?.id ?? null, path: like?.path ?? [], commands, ...(draft ?? empty) },
    like?.index ?? -1,
  );
}
