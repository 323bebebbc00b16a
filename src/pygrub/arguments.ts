/**
 * pygrub's command line, as Python's `getopt.gnu_getopt` reads it: options and image in any order, `--name=value` and
 * `--name value`, long names shortened to any unambiguous beginning, the last of several values wins.
 */
import minimist from 'minimist';
import { TygrubError, usageError } from '../errors.js';
import type { BootWish } from '../kernel/index.js';
import { parseXenVersion, type XenVersion } from '../kernel/xen/versions.js';
import { OPTIONS } from './option-table.js';
import type { OutputFormat } from './result.js';

/** Long options without a value, and their letters. */
const FLAGS = new Map(OPTIONS.filter(({ value }) => value === null).map(({ name, letter }) => [name, letter ?? '']));

/** Long options with a value. */
const VALUES = OPTIONS.filter(({ value }) => value !== null).map(({ name }) => name);

/** Long options that pygrub does not have. */
const NEW = new Set(OPTIONS.filter(({ isNew }) => isNew === true).map(({ name }) => name));

/** What pygrub was asked for. */
export interface Arguments {
  readonly image: string;
  readonly interactive: boolean;
  readonly listEntries: boolean;
  readonly notReally: boolean;
  readonly isConfig: boolean;
  readonly debug: boolean;
  /** Null for standard output. */
  readonly output: string | null;
  readonly format: OutputFormat;
  /** Null where none was given. */
  readonly outputDirectory: string | null;
  readonly offset: number | null;
  /** Null for the user that runs it; never 0. */
  readonly runAs: number | null;
  readonly domid: number | null;
  readonly entry: string | null;
  readonly kernel: string | null;
  readonly ramdisk: string | null;
  /** Added to the entry's; empty for none. */
  readonly args: string;
  /** Hand out the plain kernel. */
  readonly decompress: boolean;
  /** How the guest is to start. */
  readonly boot: BootWish['boot'];
  /** Where; null for any Xen. */
  readonly xen: XenVersion | null;
  /** A kernel that cannot start like that is a failure. */
  readonly strict: boolean;
}

/** A command line that asks for the usage text, or that is wrong in a way that pygrub answers with it. */
export class UsageRequest extends Error {
  /**
   * @param status the exit status
   * @param answer what pygrub says on standard output; null for nothing
   */
  constructor(
    readonly status: 0 | 1,
    message: string,
    readonly answer: string | null = null,
  ) {
    super(message);
  }
}

/** The usage text, without a newline at its end. */
export function usage(program: string): string {
  return (
    `Usage: ${program} [-q|--quiet] [-i|--interactive] [-l|--list-entries] [-n|--not-really] [--output=] [--kernel=] [--ramdisk=] ` +
    '[--args=] [--entry=] [--output-directory=] [--output-format=sxp|simple|simple0] [--runas=] [--domid=] [--offset=] ' +
    '[--decompress] [--xen=] [--boot=pv|pvh|any] [--strict] <image>'
  );
}

/**
 * Reads the command line.
 * @throws UsageRequest; TygrubError usage
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const { options, positionals } = expand(argv);
  const parsed = minimist(
    options.map(({ name, value }) => (value === null ? `--${name}` : `--${name}=${value}`)),
    { boolean: [...FLAGS.keys()], string: VALUES },
  );
  const value = (name: string): string | null => {
    const found: unknown = parsed[name];
    const last: unknown = Array.isArray(found) ? found[found.length - 1] : found;
    return typeof last === 'string' ? last : null;
  };
  // xenopsd splits its arguments at single blanks: two of them make an empty one, which is no image.
  const image = positionals.find((positional) => positional !== '');
  if (image === undefined) throw new UsageRequest(1, 'no disk image was given');
  if (parsed['help'] === true) throw new UsageRequest(0, '');
  const runAs = integer(value('runas'), 'runas value must be an integer user id');
  const domid = integer(value('domid'), 'domid value must be an integer');
  const offset = integer(value('offset'), 'offset value must be an integer');
  const format = value('output-format') ?? 'sxp';
  if (format !== 'sxp' && format !== 'simple' && format !== 'simple0') {
    throw new UsageRequest(1, `unknown output format ${format}`, `unknown output format ${format}`);
  }
  const boot = value('boot') ?? 'any';
  if (boot !== 'pv' && boot !== 'pvh' && boot !== 'any') throw new UsageRequest(1, `unknown kind of guest ${boot}: pv, pvh or any`);
  const output = value('output');
  // The last of -q, -i and --entry says whether there is a menu.
  const mode = options.findLast(({ name }) => name === 'quiet' || name === 'interactive' || name === 'entry');
  const interactive = mode === undefined || mode.name === 'interactive';
  const dropped = (runAs !== null && runAs !== 0) || domid !== null;
  if (interactive && dropped) {
    throw usageError('pygrub.runas-menu', 'In order to use --runas, you must also set --entry or -q');
  }
  return {
    image,
    interactive,
    listEntries: parsed['list-entries'] === true,
    notReally: parsed['not-really'] === true,
    isConfig: parsed['isconfig'] === true,
    debug: parsed['debug'] === true,
    output: output === null || output === '-' ? null : output,
    format,
    outputDirectory: value('output-directory'),
    offset,
    runAs: runAs === 0 ? null : runAs,
    domid,
    entry: value('entry'),
    kernel: value('kernel'),
    ramdisk: value('ramdisk'),
    args: value('args') ?? '',
    decompress: parsed['decompress'] === true,
    boot,
    xen: xenVersion(value('xen')),
    strict: parsed['strict'] === true,
  };
}

interface Option {
  readonly name: string;
  readonly value: string | null;
}

/** Splits the arguments as getopt does; names of options become whole. @throws UsageRequest */
function expand(argv: readonly string[]): { options: readonly Option[]; positionals: readonly string[] } {
  const options: Option[] = [];
  const positionals: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    if (argument === '--') {
      positionals.push(...argv.slice(at + 1));
      break;
    }
    if (argument.startsWith('--')) {
      const equals = argument.indexOf('=');
      const name = wholeName(equals < 0 ? argument.slice(2) : argument.slice(2, equals));
      if (FLAGS.has(name)) {
        if (equals >= 0) throw new UsageRequest(1, `option --${name} must not have an argument`);
        options.push({ name, value: null });
        continue;
      }
      if (equals < 0 && at + 1 >= argv.length) throw new UsageRequest(1, `option --${name} requires argument`);
      options.push({ name, value: equals < 0 ? (argv[++at] ?? '') : argument.slice(equals + 1) });
    } else if (argument.startsWith('-') && argument.length > 1) {
      for (let i = 1; i < argument.length; i++) {
        const option = letterOption(argument.charAt(i));
        options.push(option);
        if (option.name !== 'help') continue;
        // pygrub declares -h so that it takes a value: the rest of the word, or the next argument.
        if (i + 1 === argument.length && ++at >= argv.length) throw new UsageRequest(1, 'option -h requires argument');
        break;
      }
    } else positionals.push(argument);
  }
  return { options, positionals };
}

function letterOption(letter: string): Option {
  for (const [name, short] of FLAGS) if (short === letter) return { name, value: null };
  throw new UsageRequest(1, `option -${letter} not recognized`);
}

/** The long option that a beginning stands for. @throws UsageRequest */
function wholeName(beginning: string): string {
  const all = [...FLAGS.keys(), ...VALUES];
  if (all.includes(beginning)) return beginning;
  const fitting = all.filter((name) => name.startsWith(beginning));
  // What a caller of pygrub shortens must go on meaning the same, whatever was added since.
  const pygrubs = fitting.filter((name) => !NEW.has(name));
  const found = pygrubs.length > 0 ? pygrubs : fitting;
  const [only] = found;
  if (only === undefined || beginning === '') throw new UsageRequest(1, `option --${beginning} not recognized`);
  if (found.length > 1) throw new UsageRequest(1, `option --${beginning} not a unique prefix: ${found.join(', ')}`);
  return only;
}

/** @throws UsageRequest for what is no version of Xen */
function xenVersion(text: string | null): XenVersion | null {
  try {
    return text === null ? null : parseXenVersion(text);
  } catch (error) {
    throw error instanceof TygrubError ? new UsageRequest(1, error.summary) : error;
  }
}

/** An integer as Python's `int` reads it. @throws UsageRequest saying `message` on standard output */
function integer(text: string | null, message: string): number | null {
  if (text === null) return null;
  const digits = text.trim();
  const number = /^[+-]?\d+(_\d+)*$/.test(digits) ? Number(digits.replaceAll('_', '')) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new UsageRequest(1, message, message);
  return number;
}
