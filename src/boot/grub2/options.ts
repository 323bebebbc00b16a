/** Options of GRUB's extended commands (`--set=root`, `-s root`), as its argument parser takes them. */

/** One option of a command. */
export interface OptionSpec {
  /** Without the dashes; empty where there is only a letter. */
  readonly long: string;
  readonly short?: string;
  /** `optional`: the value may be left out. */
  readonly value: 'none' | 'required' | 'optional';
}

/** What the arguments came to. */
export type ParsedOptions =
  | {
      readonly ok: true;
      /** Values by the option's long name (its letter where it has none), in order; empty where none was given. */
      readonly options: ReadonlyMap<string, readonly string[]>;
      /** Options whose value was left out: `--set` and `--set=` are not the same. */
      readonly bare: ReadonlySet<string>;
      readonly rest: readonly string[];
    }
  | { readonly ok: false; readonly message: string };

/**
 * Takes the options out of the arguments; they may stand anywhere before `--`.
 * @param passUnknown commands that take an unknown option for an argument
 */
export function parseOptions(specs: readonly OptionSpec[], args: readonly string[], passUnknown = false): ParsedOptions {
  const options = new Map<string, string[]>();
  const rest: string[] = [];
  const bare = new Set<string>();
  const add = (spec: OptionSpec, value: string | null): void => {
    const key = spec.long === '' ? (spec.short ?? '') : spec.long;
    const values = options.get(key) ?? [];
    values.push(value ?? '');
    if (value === null) bare.add(key);
    options.set(key, values);
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--') {
      rest.push(...args.slice(i + 1));
      break;
    }
    if (!arg.startsWith('-') || arg.length < 2) {
      rest.push(arg);
      continue;
    }
    let spec: OptionSpec | undefined;
    let value: string | null = null;
    const next = args[i + 1];
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      const name = arg.slice(2, equals < 0 ? undefined : equals);
      spec = specs.find((s) => s.long === name && name !== '');
      if (equals >= 0) value = arg.slice(equals + 1);
      else if (spec !== undefined && spec.value !== 'none' && next !== undefined && !next.startsWith('-')) {
        value = next;
        i += 1;
      }
    } else {
      const letters = [...arg.slice(1)];
      const found = letters.map((letter) => specs.find((s) => s.short === letter));
      if (found.every((s) => s !== undefined)) {
        for (const s of found.slice(0, -1)) add(s, null);
        spec = found[found.length - 1];
      }
      if (
        spec !== undefined &&
        spec.value !== 'none' &&
        next !== undefined &&
        (spec.value === 'required' || next.length < 2 || !next.startsWith('-'))
      ) {
        value = next;
        i += 1;
      }
    }
    if (spec === undefined) {
      if (!passUnknown) return { ok: false, message: `unknown option ${arg}` };
      rest.push(arg);
      continue;
    }
    if (spec.value === 'required' && value === null) return { ok: false, message: `the option ${arg} needs a value` };
    add(spec, value);
  }
  return { ok: true, options, bare, rest };
}
