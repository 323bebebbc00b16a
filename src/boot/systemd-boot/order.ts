/** The order of systemd-boot's menu, and the boot counters in file names. */
import { compareVersions } from '../version-order.js';

/** What the order looks at. */
export interface Sortable {
  /** File name without counters, with the number of the profile where it is above 0. */
  readonly id: string;
  readonly idWithoutProfile: string;
  readonly profile: number;
  readonly sortKey: string | null;
  readonly machineId: string | null;
  readonly version: string | null;
  /** Null where boots are not counted. */
  readonly triesLeft: number | null;
  readonly triesDone: number | null;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Compares two entries as systemd-boot does: those without tries left last; then those with a sort key, by it, by machine
 * and by version (newest first); all others by file name, newest first.
 * @returns below 0 when `a` comes first
 */
export function compareEntries(a: Sortable, b: Sortable): number {
  const bad = Number(a.triesLeft === 0) - Number(b.triesLeft === 0);
  if (bad !== 0) return bad;
  const keyed = Number(a.sortKey === null) - Number(b.sortKey === null);
  if (keyed !== 0) return keyed;
  if (a.sortKey !== null && b.sortKey !== null) {
    const order =
      compareText(a.sortKey, b.sortKey) ||
      compareText(a.machineId ?? '', b.machineId ?? '') ||
      compareVersions(b.version ?? '', a.version ?? '');
    if (order !== 0) return order;
  }
  return (
    compareVersions(b.idWithoutProfile.toLowerCase(), a.idWithoutProfile.toLowerCase()) ||
    a.profile - b.profile ||
    (b.triesLeft ?? -1) - (a.triesLeft ?? -1) ||
    (a.triesDone ?? -1) - (b.triesDone ?? -1)
  );
}

/** A file name with its counters taken out. */
export interface CountedName {
  readonly name: string;
  readonly triesLeft: number | null;
  readonly triesDone: number | null;
}

/** `name+LEFT-DONE.conf` or `name+LEFT.conf`; any other name counts nothing. */
export function splitCounters(fileName: string): CountedName {
  const dot = fileName.lastIndexOf('.');
  const plus = fileName.lastIndexOf('+', dot);
  const uncounted = { name: fileName, triesLeft: null, triesDone: null };
  if (dot < 0 || plus <= 0) return uncounted;
  const [left = '', done, ...more] = fileName.slice(plus + 1, dot).split('-');
  if (more.length > 0 || !isNumber(left) || (done !== undefined && !isNumber(done))) return uncounted;
  return {
    name: fileName.slice(0, plus) + fileName.slice(dot),
    triesLeft: Number.parseInt(left, 10),
    triesDone: done === undefined ? 0 : Number.parseInt(done, 10),
  };
}

function isNumber(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}
