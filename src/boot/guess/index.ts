/** Made-up entries for a disk without any boot configuration: the kernels that lie there, newest first. */
import { problemOf, TygrubError } from '../../errors.js';
import type { GuestVolume } from '../../guest/guest.js';
import { configText, type EntryDraft, EntryList, numberEntry, WarningList } from '../assemble.js';
import type { BootOptions, GuestFiles } from '../dialect.js';
import type { BootEntry, BootMenu } from '../menu.js';
import { readFstab } from '../mounts.js';
import { parseOsRelease } from '../os-release.js';
import { bootType1 } from '../systemd-boot/entries.js';
import { parseType1 } from '../systemd-boot/type1.js';
import { compareKernels, type FoundKernel, findKernels, withoutCopies } from './kernels.js';

/** The system that the kernels probably belong to. */
interface GuessedSystem {
  readonly name: string;
  readonly args: string;
  /** Where the arguments come from, for the explanation. */
  readonly source: string;
}

/** Files in which a root filesystem says what it is and what its kernel is told. */
const OS_RELEASE = ['/etc/os-release', '/usr/lib/os-release'];
const COMMAND_LINES = ['/etc/kernel/cmdline', '/usr/lib/kernel/cmdline'];

async function readText(files: GuestFiles, volume: GuestVolume, paths: readonly string[]): Promise<{ text: string; path: string } | null> {
  for (const path of paths) {
    if ((await files.stat(volume, path))?.type === 'f') return { text: configText(await files.readConfig(volume, path)), path };
  }
  return null;
}

/** What a root filesystem says; null where the volume is none. */
async function readSystem(files: GuestFiles, volume: GuestVolume): Promise<GuessedSystem | null> {
  const release = await readText(files, volume, OS_RELEASE);
  const mounts = await readFstab(files, volume);
  if (release === null && mounts.length === 0) return null;
  const name = parseOsRelease(release?.text ?? '').get('PRETTY_NAME') ?? 'Linux';
  const given = await readText(files, volume, COMMAND_LINES);
  if (given !== null) return { name, args: given.text.split('\n').join(' ').trim(), source: `${volume.name}:${given.path}` };
  const root = mounts.find((mount) => mount.directory === '/');
  if (root !== undefined) return { name, args: `root=${root.spec} ro`, source: `${volume.name}:/etc/fstab` };
  const { filesystem } = await volume.inspect();
  if (filesystem?.uuid) return { name, args: `root=UUID=${filesystem.uuid} ro`, source: `the UUID of ${volume.name}` };
  return { name, args: '', source: 'nothing' };
}

/**
 * Makes a menu of the kernels on all volumes.
 * @returns null where there is no kernel
 * @throws TygrubError limit
 */
export async function guessMenu(files: GuestFiles, options: BootOptions): Promise<BootMenu | null> {
  const all: FoundKernel[] = [];
  const warnings = new WarningList(files.limits);
  let system: GuessedSystem | null = null;
  for (const volume of files.guest.volumes) {
    if ((await volume.inspect()).filesystem === null) continue;
    try {
      all.push(...(await findKernels(files, volume)));
      system ??= await readSystem(files, volume);
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'limit') throw error;
      const { code, message } = problemOf(error);
      warnings.add(code, message, volume.name);
    }
  }
  if (all.length === 0) return null;
  const kernels = withoutCopies(all).sort(compareKernels).slice(0, files.limits.menuEntries);
  const { name, args, source } = system ?? { name: 'Linux', args: '', source: 'nothing' };
  const list = new EntryList(files.limits);
  for (const [i, kernel] of kernels.entries()) list.add(await draftOf(kernel, name, args, i, files));
  const chosen = options.guess === true ? 0 : null;
  return {
    config: null,
    timeout: null,
    default: chosen,
    entries: list.entries,
    warnings: warnings.warnings,
    explanation: [
      'there is no boot configuration: the entries are guesses from the kernels that lie on the disk, newest first',
      `their arguments come from ${source}`,
      chosen === null
        ? 'a guess is never chosen without being asked for (--guess)'
        : 'the newest kernel was chosen because guessing is allowed',
    ],
    access: null,
    run: (commands, like) => run(commands, like, kernels, files),
  };
}

/** The commands of a guess are written as a type 1 entry of the boot loader specification. */
async function draftOf(kernel: FoundKernel, system: string, args: string, index: number, files: GuestFiles): Promise<EntryDraft> {
  const { volume, path, version, initrd } = kernel;
  const lines = [`linux ${path}`, ...(initrd === null ? [] : [`initrd ${initrd}`]), ...(args === '' ? [] : [`options ${args}`])];
  return {
    title: `${system} (${version === '' ? path : version})`,
    path: [index],
    args,
    kernel: await files.bootFile(volume, path),
    initrds: initrd === null ? [] : [await files.bootFile(volume, initrd)],
    commands: lines.join('\n'),
    guess: true,
  };
}

async function run(commands: string, like: BootEntry | null, kernels: readonly FoundKernel[], files: GuestFiles): Promise<BootEntry> {
  const volume = (like === null ? undefined : kernels[like.index]?.volume) ?? kernels[0]?.volume;
  const warnings = new WarningList(files.limits);
  const draft = volume === undefined ? null : await bootType1(parseType1(commands), { volume, base: '' }, { files, warnings });
  const empty = { problem: { code: 'guess.nothing-to-boot', message: 'there is no linux, efi or uki line' } };
  return numberEntry(
    { title: like?.title ?? 'entered', path: like?.path ?? [], commands, guess: like?.guess ?? false, ...(draft ?? empty) },
    like?.index ?? -1,
  );
}
