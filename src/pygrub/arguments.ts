/**
 * pygrub's command line, as Python's `getopt.gnu_getopt` reads it: options and image in any order, `--name=value` and
 * `--name value`, long names shortened to any unambiguous beginning, the last of several values wins.
 */
import { statSync } from 'node:fs';
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
  /** A directory; null where none was given. */
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
  /** Entries are numbered as pygrub numbers them. */
  readonly pygrubCompat: boolean;
}

/** A command line that asks for the usage text, or that is wrong in a way that pygrub answers with it. */
export class UsageRequest extends Error {
  /**
   * @param status the exit status
   * @param answer what pygrub says on standard output; null for nothing
   * @param showsUsage whether the usage text belongs to the answer
   */
  constructor(
    readonly status: 0 | 1,
    message: string,
    readonly answer: string | null = null,
    readonly showsUsage = true,
  ) {
    super(message);
  }
}

/** What is asked of a kernel. */
export function wishOf({ boot, decompress, xen }: Arguments): BootWish {
  return { boot, decompress, ...(xen === null ? {} : { xenVersion: xen }) };
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
  const values = (name: string): readonly string[] => {
    const found: unknown = parsed[name];
    return (Array.isArray(found) ? found : [found]).filter((one) => typeof one === 'string');
  };
  const value = (name: string): string | null => values(name).at(-1) ?? null;
  // xenopsd splits its arguments at single blanks: two of them make an empty one, which is no image.
  const image = positionals.find((positional) => positional !== '');
  if (image === undefined) throw new UsageRequest(1, 'no disk image was given');
  // A value that is wrong is so although a later one takes its place, and --help ends what comes before the wrong one.
  for (const option of options) check(option);
  const runAs = integer(value('runas'));
  const domid = integer(value('domid'));
  // The last of -q, -i and --entry says whether there is a menu.
  const mode = options.findLast(({ name }) => name === 'quiet' || name === 'interactive' || name === 'entry');
  const interactive = mode === undefined || mode.name === 'interactive';
  const dropped = (runAs !== null && runAs !== 0) || domid !== null;
  if (interactive && dropped) {
    throw usageError('pygrub.runas-menu', 'In order to use --runas, you must also set --entry or -q');
  }
  const xen = value('xen');
  return {
    image,
    interactive,
    listEntries: parsed['list-entries'] === true,
    notReally: parsed['not-really'] === true,
    isConfig: parsed['isconfig'] === true,
    debug: parsed['debug'] === true,
    // `-` takes no file back that was named before it.
    output: values('output').findLast((file) => file !== '-') ?? null,
    format: FORMATS.find((format) => format === value('output-format')) ?? 'sxp',
    outputDirectory: value('output-directory'),
    offset: integer(value('offset')),
    runAs: runAs === 0 ? null : runAs,
    domid,
    entry: value('entry'),
    // An empty path is none.
    kernel: value('kernel') || null,
    ramdisk: value('ramdisk') || null,
    args: value('args') ?? '',
    decompress: parsed['decompress'] === true,
    boot: BOOTS.find((boot) => boot === value('boot')) ?? 'any',
    xen: xen === null ? null : parseXenVersion(xen),
    strict: parsed['strict'] === true,
    pygrubCompat: parsed['pygrub-compat'] === true,
  };
}

const FORMATS: readonly OutputFormat[] = ['sxp', 'simple', 'simple0'];
const BOOTS: readonly BootWish['boot'][] = ['any', 'pv', 'pvh'];

/** Checks one option, in its turn. @throws UsageRequest, also for `--help` */
function check({ name, value }: Option): void {
  const refuse = (answer: string): never => {
    throw new UsageRequest(1, answer, answer);
  };
  switch (name) {
    case 'help':
      throw new UsageRequest(0, '');
    case 'runas':
      return void (integer(value) ?? refuse('runas value must be an integer user id'));
    case 'domid':
      return void (integer(value) ?? refuse('domid value must be an integer'));
    case 'offset':
      return void (integer(value) ?? refuse('offset value must be an integer'));
    case 'output-format':
      return void (FORMATS.find((format) => format === value) ?? refuse(`unknown output format ${value}`));
    case 'output-directory': {
      if (statSync(value ?? '', { throwIfNoEntry: false })?.isDirectory() === true) return;
      const message = `${value} is not an existing directory`;
      throw new UsageRequest(1, message, message, false);
    }
    case 'boot':
      if (BOOTS.every((boot) => boot !== value)) throw new UsageRequest(1, `unknown kind of guest ${value}: pv, pvh or any`);
      return;
    case 'xen':
      try {
        parseXenVersion(value ?? '');
      } catch (error) {
        throw error instanceof TygrubError ? new UsageRequest(1, error.summary) : error;
      }
  }
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

/**
 * An integer as Python's `int` reads it: blanks around it, a sign, single underscores between digits.
 * @returns null for what is none; an inexact or infinite number for one that no disk and no user has
 */
export function integer(text: string | null): number | null {
  const match = /^\s*([+-]?\d+(?:_\d+)*)\s*$/.exec(text ?? '');
  return match === null ? null : Number((match[1] ?? '').replaceAll('_', ''));
}
