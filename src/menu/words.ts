/** What the menu says about entries, in words. */
import type { BootEntry, BootFile } from '../boot/index.js';
import type { EntryDetails } from './state.js';

/** A size for people: `8.2 MiB`; `missing` for a file that is not there. */
export function sizeText(size: number | null): string {
  if (size === null) return 'missing';
  if (size < 1024) return `${size} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = size / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** The same in as few characters as say it: `8.2M`. */
function shortSize(size: number | null): string {
  return sizeText(size).replace(' ', '').replace('iB', '');
}

/** Where a file is: `msdos1:/boot/vmlinuz`. */
export function placeOf(file: BootFile): string {
  return `${file.volume}:${file.path}${file.part === null ? '' : ` (${file.part})`}`;
}

/** One line about an entry: why it cannot boot, or what it boots: version, files and sizes. */
export function entrySummary(entry: BootEntry, details: EntryDetails | undefined): string {
  const problem = whyNot(entry);
  if (problem !== null || entry.kernel === null) return `Cannot boot: ${problem ?? ''}`;
  const warning = details?.warnings[0];
  if (warning !== undefined) return `Warning: ${warning}`;
  const files = [...(entry.hypervisor === null ? [] : [entry.hypervisor]), entry.kernel, ...entry.initrds];
  const short = details?.short ?? null;
  return short === null ? fileList(files) : `${short}: ${nameList(files, details?.version ?? null)}`;
}

/** Files by their names alone, without the version that was told already. */
function nameList(files: readonly BootFile[], version: string | null): string {
  const words = files.map(({ path, size }) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return `${version === null ? name : name.replace(`-${version}`, '')} ${shortSize(size)}`;
  });
  return words.join(' + ');
}

/** Files with their sizes; a file beside the one before it by its name alone: a row must hold kernel and initrd. */
function fileList(files: readonly BootFile[]): string {
  let folder: string | null = null;
  const words: string[] = [];
  for (const { path, size } of files) {
    const slash = path.lastIndexOf('/') + 1;
    words.push(`${path.slice(0, slash) === folder ? path.slice(slash) : path} ${shortSize(size)}`);
    folder = path.slice(0, slash);
  }
  return words.join(' + ');
}

/** Why an entry cannot boot, or null when nothing is known against it. */
export function whyNot(entry: BootEntry): string | null {
  if (entry.problem !== null) return entry.problem.message;
  if (entry.kernel === null) return 'it loads no kernel';
  return entry.kernel.size === 0 ? `${placeOf(entry.kernel)} is empty` : null;
}
