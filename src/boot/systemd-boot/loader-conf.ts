/** systemd-boot's loader.conf(5), as far as it decides what boots. */
import { keyValues } from './key-values.js';

/** A glob for the default entry, with its line. */
export interface DefaultPattern {
  readonly pattern: string;
  readonly line: number;
}

/** What loader.conf says. */
export interface LoaderConf {
  readonly default: DefaultPattern | null;
  /** As `default`, but never an entry whose tries are used up. */
  readonly preferred: DefaultPattern | null;
  /** Seconds; null where nothing is set or the menu waits for ever. */
  readonly timeout: number | null;
}

/** Names that `timeout` takes beside numbers, with their seconds. */
const TIMEOUTS: ReadonlyMap<string, number | null> = new Map([
  ['menu-force', null],
  ['menu-hidden', 0],
  ['menu-disabled', 0],
]);

/** Reads a loader.conf; of keys that are there twice the last one counts. */
export function parseLoaderConf(text: string): LoaderConf {
  let byDefault: DefaultPattern | null = null;
  let preferred: DefaultPattern | null = null;
  let timeout: number | null = null;
  for (const { key, value, line } of keyValues(text)) {
    if (key === 'default') byDefault = { pattern: value, line };
    else if (key === 'preferred') preferred = { pattern: value, line };
    else if (key === 'timeout') {
      const named = TIMEOUTS.get(value);
      const seconds = Number.parseInt(value, 10);
      if (named !== undefined) timeout = named;
      else if (seconds >= 0) timeout = seconds;
    }
  }
  return { default: byDefault, preferred, timeout };
}
