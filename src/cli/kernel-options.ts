/** Options about kernels that several commands share, and what is said about a kernel in lists and in JSON. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BootEntry } from '../boot/index.js';
import { printable } from '../bytes/text.js';
import { type Problem, TygrubError, unsupported } from '../errors.js';
import type { Guest } from '../guest/guest.js';
import type { BootWish, EntryCheck, XenVersion } from '../kernel/index.js';
import { parseXenVersion } from '../kernel/xen/versions.js';
import { warn } from './output.js';

/** Options of commands that look at kernels. */
export interface KernelOptions {
  /** `notes`: of all entries; `header`: only the headers, of all; false: look at no kernel. Undefined: the chosen entry, by its configuration or notes. */
  readonly kernels?: 'notes' | 'header' | false;
  readonly xen?: XenVersion;
  readonly boot?: 'pv' | 'pvh' | 'any';
  readonly strict?: boolean;
  readonly decompress?: boolean;
}

function xenVersion(text: string): XenVersion {
  try {
    return parseXenVersion(text);
  } catch (error) {
    if (error instanceof TygrubError) throw new InvalidArgumentError(error.summary);
    throw error;
  }
}

/** Adds `--xen`, `--boot` and `--strict`. */
export function addBootOptions(command: Command): Command {
  return command
    .option('--xen <version>', "the host's version of Xen, such as 4.17: what it cannot decompress is a problem", xenVersion)
    .addOption(new Option('--boot <kind>', 'the kind of guest that is to start').choices(['pv', 'pvh', 'any']))
    .option('--strict', 'fail when the kernel cannot start like that, instead of warning');
}

/** Adds the options of commands that look at the kernels of a menu. */
export function addKernelOptions(command: Command): Command {
  return addBootOptions(command)
    .addOption(
      new Option(
        '--kernels [how]',
        'look at the kernels of all entries: at their notes for Xen, or only at their headers (default: at the chosen entry, and at its notes where its configuration does not tell)',
      )
        .choices(['notes', 'header'])
        .preset('notes'),
    )
    .option('--no-kernels', 'look at no kernel');
}

/** `--kernels` without a value must not take the image that follows it for one. */
export function spellOutKernels(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, i) => (arg === '--kernels' && (end < 0 || i < end) ? '--kernels=notes' : arg));
}

/** What is asked of a kernel. */
export function bootWish(options: KernelOptions): BootWish {
  return {
    boot: options.boot ?? 'any',
    ...(options.xen === undefined ? {} : { xenVersion: options.xen }),
    ...(options.decompress === undefined ? {} : { decompress: options.decompress }),
  };
}

/**
 * Looks at an entry's kernel as the options say.
 * @param isChosen whether the entry is the one that boots
 * @returns null where the options say not to look
 */
export async function checkKernel(guest: Guest, entry: BootEntry, isChosen: boolean, options: KernelOptions): Promise<EntryCheck | null> {
  const how = options.kernels;
  if (how === false || (how === undefined && !isChosen) || entry.kernel === null || entry.problem !== null) return null;
  const { checkEntry } = await import('../kernel/check-entry.js');
  return checkEntry(guest, entry, { ...bootWish(options), depth: how ?? (options.strict === true ? 'notes' : 'config') });
}

/** The fields about a kernel in JSON: everything, the short form, who said what it can be under Xen, and why it cannot start. */
export function checkJson(check: EntryCheck | null) {
  if (check === null) return {};
  const { short, xenModes, xenFrom, kernel } = check;
  return {
    kernelInfo: kernel === null ? null : { short, xenModes, xenFrom, ...kernel },
    initrdInfo: check.initrds,
    kernelProblem: check.problem,
  };
}

/** Tells the problem of the chosen entry. @throws TygrubError unsupported, with `--strict` */
export function tellProblem(entry: BootEntry, problem: Problem | null, options: KernelOptions & { readonly quiet?: boolean }): void {
  if (problem === null) return;
  const title = JSON.stringify(entry.title);
  if (options.strict === true) {
    throw unsupported(problem.code, `the entry ${title} cannot start: ${problem.message}`, { hint: 'leave out --strict to go on' });
  }
  if (options.quiet !== true) warn(`warning: the entry ${title} may not start: ${printable(problem.message)}`);
}
