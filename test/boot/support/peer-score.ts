/** Boot configurations with the answers that other projects' tests expect, and the comparison with what tygrub reads. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { BootEntry, BootMenu } from '../../../src/boot/menu.js';

/** What a peer asserts about one entry; a key that is left out is not asserted. */
export interface ExpectedEntry {
  readonly title?: string;
  readonly id?: string;
  readonly path?: string;
  readonly kernel?: string | null;
  readonly initrd?: readonly string[];
  readonly args?: string;
  readonly args_contain?: readonly string[];
  readonly kind?: string;
  readonly hypervisor?: string | null;
  readonly index?: number;
}

/** What a peer asserts about a config. */
export interface Expectation {
  readonly count?: number | null;
  readonly complete?: boolean;
  readonly ordered?: boolean;
  readonly match?: 'full' | 'basename';
  readonly default?: ExpectedEntry | null;
  readonly entries?: readonly ExpectedEntry[] | null;
  readonly ids_only?: boolean;
  readonly error?: unknown;
}

/** One case. */
export interface PeerCase {
  readonly id: string;
  readonly type: string;
  readonly folder: string;
  readonly config: string;
  readonly context: { readonly cwd?: string };
  readonly expect: Expectation | null;
}

/** The cases of some types, sorted by name. */
export function peerCases(folder: string, types: readonly string[]): PeerCase[] {
  const cases: PeerCase[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (name.includes('.') && !name.includes('-')) continue;
    let text: string;
    try {
      text = readFileSync(join(folder, name, 'case.json'), 'utf8');
    } catch {
      continue; // README, manifest
    }
    const json = JSON.parse(text) as Omit<PeerCase, 'folder'>;
    if (types.includes(json.type)) cases.push({ ...json, context: json.context ?? {}, folder: join(folder, name) });
  }
  return cases;
}

function normalPath(path: string): string {
  const bare = path
    .trim()
    .replace(/^\([^)]*\)/, '')
    .replace(/^\$\{?root\}?/, '');
  return bare.replaceAll('/./', '/').replace(/^\.\//, '').replace(/\/+/g, '/');
}

function samePath(wanted: string, got: string | null, match: string | undefined, base: string): boolean {
  if (got === null) return false;
  const [w, g] = [normalPath(wanted), normalPath(got)];
  if (match === 'basename') return posix.basename(w) === posix.basename(g);
  return w === g || posix.normalize(`${base}/${g}`) === posix.normalize(w) || w.replace(/^\//, '') === g.replace(/^\//, '');
}

function tokens(args: string, type: string): string[] {
  const all = args.split(/\s+/).filter((token) => token !== '');
  return type === 'syslinux' ? all.filter((token) => !/^(initrd|BOOT_IMAGE)=/i.test(token)) : all;
}

function normalTitle(title: string, type: string): string {
  return (type === 'syslinux' ? title.replaceAll('^', '') : title).split(/\s+/).join(' ').trim();
}

/** The keys of an expectation that an entry does not meet. */
export function entryDifferences(want: ExpectedEntry, got: BootEntry, peer: PeerCase, title: boolean): string[] {
  const match = peer.expect?.match;
  const base = peer.context.cwd ?? `/${posix.dirname(peer.config)}`;
  const bad: string[] = [];
  if (want.kernel != null && !samePath(want.kernel, got.kernel?.path ?? null, match, base)) bad.push('kernel');
  if (want.hypervisor != null && !samePath(want.hypervisor, got.hypervisor?.path ?? null, match, base)) bad.push('hypervisor');
  if (want.initrd !== undefined) {
    const initrds = got.initrds.map((file) => file.path);
    const same = initrds.length === want.initrd.length && want.initrd.every((path, i) => samePath(path, initrds[i] ?? null, match, base));
    if (!same) bad.push('initrd');
  }
  const args = tokens(got.args, peer.type);
  if (want.args !== undefined && tokens(want.args, peer.type).join(' ') !== args.join(' ')) bad.push('args');
  if (want.args_contain !== undefined && !want.args_contain.every((token) => args.includes(token))) bad.push('args');
  if (title && want.title !== undefined) {
    const wanted = normalTitle(want.title, peer.type);
    const byId = peer.type === 'syslinux' && wanted === normalTitle(got.id ?? '', peer.type);
    if (wanted !== normalTitle(got.title, peer.type) && !byId) bad.push('title');
  }
  if (title && want.id !== undefined && peer.type !== 'syslinux' && want.id !== got.id && want.id !== `${got.id}.conf`) bad.push('id');
  return bad;
}

/** What of a case is right, and a line for each difference. */
export interface Score {
  readonly default: boolean | null;
  readonly list: boolean | null;
  readonly differences: readonly string[];
}

/** Compares a menu with a peer's expectation by the rules of the score: see the README of the cases. */
export function scoreMenu(menu: BootMenu, peer: PeerCase): Score {
  const { expect } = peer;
  if (expect === null) return { default: null, list: null, differences: [] };
  const differences: string[] = [];
  let right: boolean | null = null;
  if (expect.default != null) {
    const got = menu.default === null ? undefined : menu.entries[menu.default];
    const { index, ...want } = expect.default;
    const byTitle = want.kernel === undefined && want.args === undefined;
    const bad = got === undefined ? ['none'] : entryDifferences(want, got, peer, byTitle);
    if (index !== undefined && Object.keys(want).length === 0 && menu.default !== index) bad.push('index');
    right = bad.length === 0;
    if (!right) differences.push(`default is ${got?.title}: ${bad.join(', ')}`);
  }
  const list = expect.entries == null ? scoreCount(menu, expect) : scoreList(menu, peer, expect.entries, differences);
  return { default: right, list, differences };
}

function scoreCount(menu: BootMenu, expect: Expectation): boolean | null {
  if (expect.count == null) return null;
  return menu.entries.length === expect.count || menu.entries.filter((entry) => entry.kernel !== null).length === expect.count;
}

function scoreList(menu: BootMenu, peer: PeerCase, entries: readonly ExpectedEntry[], differences: string[]): boolean {
  const { expect } = peer;
  const namesOnly = entries.every((e) => !['kernel', 'args', 'initrd', 'hypervisor', 'args_contain'].some((key) => key in e));
  const want = entries.filter((entry) => entry.kind !== 'other');
  const bootable = menu.entries.filter((entry) => entry.kernel !== null || entry.hypervisor !== null);
  const got = expect?.ids_only || (namesOnly && menu.entries.length === want.length) ? menu.entries : bootable;
  const free = [...got];
  let hits = 0;
  for (const wanted of want) {
    const at = free.findIndex((entry) => entryDifferences(wanted, entry, peer, true).length === 0);
    if (at < 0) differences.push(`no entry ${JSON.stringify(wanted)}`);
    else {
      free.splice(at, 1);
      hits += 1;
    }
  }
  if (expect?.complete !== true) return hits === want.length;
  if (got.length !== want.length)
    differences.push(`${got.length} entries, ${want.length} expected: ${free.map((e) => e.title).join('; ')}`);
  if (expect.ordered !== true) return got.length === want.length && hits === want.length;
  const ordered = want.every((wanted, i) => {
    const entry = got[i];
    return entry !== undefined && entryDifferences(wanted, entry, peer, true).length === 0;
  });
  if (!ordered) differences.push(`order: ${got.map((entry) => entry.title).join('; ')}`);
  return ordered && got.length === want.length;
}
