/**
 * kboot.conf, as petitboot (and kboot before it) reads it: `name='KERNEL ARGUMENTS'`, with `initrd=` among the arguments.
 */
import type { GuestVolume } from '../../guest/guest.js';
import { configText, EntryList, fileOn, numberEntry, requireEntries, StepCounter, WarningList } from '../assemble.js';
import type { BootOptions, FoundConfig, GuestFiles } from '../dialect.js';
import type { BootEntry, BootFile, BootMenu } from '../menu.js';
import { volumeOfSpec } from '../mounts.js';

/** Names that set something for the whole menu; every other name is an entry. */
const GLOBALS: ReadonlySet<string> = new Set(['boot', 'default', 'initrd', 'message', 'root', 'timeout', 'video']);

/** Arguments that are for the loader and not for the kernel. */
const LOADER_ARGUMENTS: ReadonlySet<string> = new Set(['initrd', 'dtb']);

/** Text without one pair of quotes around it. */
function unquoted(text: string): string {
  const quote = text.charAt(0);
  return text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote) ? text.slice(1, -1) : text;
}

/** A file with or without its device: `/boot/vmlinux`, `sda1:/vmlinux`, `UUID=...:/vmlinux`. */
async function fileOf(name: string, files: GuestFiles, volume: GuestVolume): Promise<BootFile> {
  const slash = name.indexOf('/', name.startsWith('/dev/') ? '/dev/'.length : 0);
  const colon = name.indexOf(':');
  const hasDevice = colon > 0 && (slash < 0 || colon < slash || name.startsWith('/dev/'));
  if (!hasDevice) return files.bootFile(volume, name.startsWith('/') ? name : `/${name}`);
  const device = name.slice(0, colon);
  const path = name.slice(colon + 1);
  const spec = device.startsWith('/') || device.includes('=') ? device : `/dev/${device}`;
  return fileOn(files, await volumeOfSpec(files.guest, spec), device, path.startsWith('/') ? path : `/${path}`);
}

/** What one command (the value of an entry) loads. */
async function load(command: string, globals: ReadonlyMap<string, string>, files: GuestFiles, volume: GuestVolume) {
  const [program = '', ...words] = command.split(/\s+/).filter((word) => word !== '');
  const argument = (name: string): string | undefined => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const initrd = argument('initrd') ?? globals.get('initrd');
  const root = globals.get('root');
  const kept = words.filter((word) => !LOADER_ARGUMENTS.has(word.split('=', 1)[0] ?? ''));
  if (root !== undefined && argument('root') === undefined) kept.unshift(`root=${root}`);
  if (program === '') return { problem: { code: 'kboot.no-kernel', message: 'the entry names no kernel' } };
  return {
    kernel: await fileOf(program, files, volume),
    initrds: initrd === undefined || initrd === '' ? [] : [await fileOf(initrd, files, volume)],
    args: kept.join(' '),
  };
}

/** Reads a config. @throws TygrubError as `BootDialect.read` */
export async function readKboot({ volume, path }: FoundConfig, files: GuestFiles, _options: BootOptions): Promise<BootMenu> {
  const place = `${volume.name}:${path}`;
  const warnings = new WarningList(files.limits);
  const steps = new StepCounter(files.limits);
  const globals = new Map<string, string>();
  const commands: { name: string; command: string }[] = [];
  const text = configText(await files.readConfig(volume, path));
  for (const [number, raw] of text.split('\n').entries()) {
    steps.step();
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(0, equals)).trim();
    if (name === '') {
      warnings.add('kboot.no-name', `the line is no assignment: ${line.slice(0, 60)}`, place, number + 1);
      continue;
    }
    const value = unquoted(line.slice(equals + 1).trim());
    if (GLOBALS.has(name)) globals.set(name, value);
    else commands.push({ name, command: value });
  }
  const list = new EntryList(files.limits);
  for (const [i, { name, command }] of commands.entries()) {
    list.add({ title: name, id: name, path: [i], commands: command, ...(await load(command, globals, files, volume)) });
  }
  requireEntries(list, warnings, 'kboot', place);
  const wanted = globals.get('default');
  const found = list.entries.findIndex((entry) => entry.id === wanted);
  const seconds = Number.parseInt(globals.get('timeout') ?? '', 10);
  return {
    config: { dialect: 'kboot', volume: volume.name, path },
    timeout: seconds >= 0 ? seconds : null,
    default: Math.max(found, 0),
    entries: list.entries,
    warnings: warnings.warnings,
    explanation: [found < 0 ? 'no default is set that names an entry: the first one' : `default=${wanted}`],
    access: null,
    run: (typed, like) => run(typed, like, globals, files, volume),
  };
}

async function run(
  commands: string,
  like: BootEntry | null,
  globals: ReadonlyMap<string, string>,
  files: GuestFiles,
  volume: GuestVolume,
): Promise<BootEntry> {
  const draft = await load(commands.split('\n').join(' '), globals, files, volume);
  return numberEntry(
    { title: like?.title ?? 'entered', id: like?.id ?? null, path: like?.path ?? [], commands, ...draft },
    like?.index ?? -1,
  );
}
