/** Type 1 entries of the UAPI group's boot loader specification: one text file for each entry. */
import { keyValues } from './key-values.js';

/** The keys of an entry file; null where the file does not have them. */
export interface Type1 {
  readonly title: string | null;
  readonly version: string | null;
  readonly machineId: string | null;
  readonly sortKey: string | null;
  readonly linux: string | null;
  readonly efi: string | null;
  readonly uki: string | null;
  readonly ukiUrl: string | null;
  /** Which profile of a unified kernel image; 0 where it is not said. */
  readonly profile: number;
  readonly initrds: readonly string[];
  /** All lines joined by a blank; null where there is none. Taken literally: no quotes, no variables. */
  readonly options: string | null;
  readonly architecture: string | null;
}

/** Reads an entry. Keys that boot nothing (devicetree and the like) are left out. */
export function parseType1(text: string): Type1 {
  const single = new Map<string, string>();
  const initrds: string[] = [];
  const options: string[] = [];
  for (const { key, value } of keyValues(text)) {
    if (key === 'initrd') initrds.push(value);
    else if (key === 'options') options.push(value);
    else single.set(key, value);
  }
  const get = (key: string): string | null => single.get(key) ?? null;
  const profile = get('profile') ?? '';
  return {
    title: get('title'),
    version: get('version'),
    machineId: get('machine-id'),
    sortKey: get('sort-key'),
    linux: get('linux'),
    efi: get('efi'),
    uki: get('uki'),
    ukiUrl: get('uki-url'),
    profile: /^\d{1,9}$/.test(profile) ? Number.parseInt(profile, 10) : 0,
    initrds,
    options: options.length === 0 ? null : options.join(' '),
    architecture: get('architecture')?.toLowerCase() ?? null,
  };
}

/** The text of an entry without comments and empty lines: what a person edits. */
export function editableText(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('\n');
}
