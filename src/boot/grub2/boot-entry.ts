/** What an entry loaded, as an entry of the boot menu. */
import { notFound, type Problem } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import { missingFile } from '../assemble.js';
import type { BootEntry, BootFile, Hypervisor } from '../menu.js';
import { commandLine } from './command-line.js';
import type { EntryRun } from './entry-run.js';
import { openFile } from './files.js';
import type { EntryDefinition, Loaded, LoadedFile, LoadedImage, Machine } from './machine.js';
import { archiveSize, newcArchive } from './new-c-archive.js';

/** Where an entry stands in the whole menu. */
export interface EntryPosition {
  readonly index: number;
  readonly submenus: readonly string[];
  readonly submenuIds: readonly string[];
  readonly path: readonly number[];
}

/** The entry's commands with its parameters set, as GRUB shows them for editing. */
export function entryCommands(definition: EntryDefinition): string {
  const params = definition.args.map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(' ');
  const body = definition.source.text.replace(/^\n/, '');
  return `setparams ${params}\n${body.endsWith('\n') ? body : `${body}\n`}`;
}

/** The entry as it came out of its run. */
export function bootEntry(definition: EntryDefinition, run: EntryRun, position: EntryPosition): BootEntry {
  const { machine } = run;
  if (definition.foreign !== undefined) {
    const { foreign } = definition;
    const submenuIds = [...position.submenuIds, ...(foreign.submenuIds ?? foreign.submenus)];
    return { ...foreign, ...position, submenus: [...position.submenus, ...foreign.submenus], submenuIds };
  }
  const loaded = machine.loaded ?? machine.attempted;
  const base = {
    index: position.index,
    id: definition.id,
    title: definition.title,
    submenus: position.submenus,
    submenuIds: position.submenuIds,
    path: position.path,
    commands: entryCommands(definition),
    users: definition.users,
    guess: false,
  };
  const nothing = { kind: 'other' as const, args: '', kernel: null, initrds: [], hypervisor: null };
  if (loaded !== null && loaded.efi !== null) {
    const { kernel, initrds, args } = loaded.efi;
    return { ...base, kind: 'linux', args, kernel, initrds, hypervisor: null, problem: run.problem ?? missingFile([kernel, ...initrds]) };
  }
  if (loaded === null || loaded.kind === 'other') {
    const problem = run.problem ?? loaded?.image.file.problem ?? (loaded === null && machine.ended === null ? LOADS_NOTHING : null);
    return { ...base, ...nothing, problem };
  }
  if (loaded.kind === 'linux') {
    const { file } = loaded.image;
    return {
      ...base,
      kind: 'linux',
      args: argsOf(machine, loaded.image),
      kernel: bootFile(machine, file),
      initrds: loaded.initrds.map((initrd) => bootFile(machine, initrd)),
      hypervisor: null,
      problem: run.problem ?? file.problem ?? firstProblem(loaded.initrds),
    };
  }
  return { ...base, ...multiboot(machine, loaded, run.problem) };
}

const LOADS_NOTHING: Problem = { code: 'grub2.loads-nothing', message: 'the entry loads no kernel' };

function firstProblem(files: readonly LoadedFile[]): Problem | null {
  return files.find((file) => file.problem !== null)?.problem ?? null;
}

/** A hypervisor: its first module is the kernel, what follows are initrds. Modules that stay packed are no kernels. */
function multiboot(machine: Machine, loaded: Loaded, problem: Problem | null) {
  const { image, modules } = loaded;
  const first = modules.findIndex((module) => module.unzip);
  const kernel = modules[first];
  const hypervisor: Hypervisor = { ...bootFile(machine, image.file), args: argsOf(machine, image) };
  if (kernel === undefined) return { kind: 'other' as const, args: '', kernel: null, initrds: [], hypervisor: null, problem };
  const initrds = modules.slice(first + 1).map((module) => module.file);
  return {
    kind: 'xen' as const,
    args: argsOf(machine, kernel),
    kernel: bootFile(machine, kernel.file),
    initrds: initrds.map((initrd) => bootFile(machine, initrd)),
    hypervisor,
    problem: problem ?? image.file.problem ?? kernel.file.problem ?? firstProblem(initrds),
  };
}

/** `placeholder` is what Debian's scripts put where the file's name would be. */
function argsOf(machine: Machine, image: LoadedImage): string {
  const args = image.args[0] === 'placeholder' ? image.args.slice(1) : image.args;
  return commandLine(args, machine.surroundings.flavour === 'redhat');
}

function bootFile(machine: Machine, file: LoadedFile): BootFile {
  const content = async (): Promise<ByteSource> => {
    const { files } = machine.surroundings;
    if (file.volume !== null && file.path.startsWith('/')) return files.open(file.volume, file.path);
    const opened = await openFile(machine, `(${file.device})${file.path}`);
    if (opened.ok) return opened.source;
    throw notFound(opened.problem.code, opened.problem.message);
  };
  const { archivePath } = file;
  const place = { volume: file.volume?.name ?? file.device, path: file.path };
  if (archivePath === null) return { ...place, part: null, size: file.size, open: content };
  const size = file.size === null ? null : archiveSize(archivePath, file.size);
  return { ...place, part: `newc:${archivePath}`, size, open: async () => newcArchive(archivePath, await content()) };
}
