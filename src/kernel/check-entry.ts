/** What the kernel and the initrds of a boot entry are, and whether the entry can start as a guest of Xen. */
import { GuestFiles } from '../boot/dialect.js';
import type { BootEntry, BootFile } from '../boot/index.js';
import { type Problem, TygrubError } from '../errors.js';
import type { Guest, GuestVolume } from '../guest/guest.js';
import { type BootWish, canBoot } from './can-boot.js';
import { identifyKernel } from './identify.js';
import { type InitrdInfo, identifyInitrd } from './initrd/index.js';
import { initrdProblem, initrdSettings, type KernelConfig, readSettings, XEN_SETTINGS, xenModes } from './kernel-config.js';
import type { KernelInfo } from './kernel-info.js';
import { modesOf, shortForm, type XenMode } from './short-form.js';

/** How closely an entry is looked at. */
export interface EntryCheckOptions extends BootWish {
  /**
   * `header` and `notes` as for `identifyKernel`. `config`: the header, and the notes only where the kernel's configuration
   * beside it does not already say that it can start: unpacking a kernel costs more than extracting it. `glance`: as
   * `config`, but a kernel that has no configuration beside it is judged by its header alone.
   */
  readonly depth: 'header' | 'glance' | 'config' | 'notes';
}

/** What was found. */
export interface EntryCheck {
  /** Null where the entry has no kernel that can be opened (which is the entry's own problem). */
  readonly kernel: KernelInfo | null;
  /** The kernel on part of a line, with what its configuration says about Xen where its notes were not read. */
  readonly short: string | null;
  /** What the kernel can be under Xen; null where neither its notes nor its configuration were asked. */
  readonly xenModes: readonly XenMode[] | null;
  /** Who said so. */
  readonly xenFrom: 'notes' | 'config' | null;
  readonly initrds: readonly InitrdInfo[];
  /** Why the entry cannot start as wished. */
  readonly problem: Problem | null;
}

const NO_KERNEL = { kernel: null, short: null, xenModes: null, xenFrom: null, initrds: [] } as const;

/**
 * Looks at the kernel and the initrds of an entry.
 * @throws TygrubError io; whatever is wrong on the disk is told in the result
 */
export async function checkEntry(guest: Guest, entry: BootEntry, options: EntryCheckOptions): Promise<EntryCheck> {
  const { limits } = guest;
  if (entry.kernel === null) return { ...NO_KERNEL, problem: null };
  const file = entry.kernel;
  const look = (depth: 'header' | 'notes') => attempt(async () => identifyKernel(await file.open(), { limits, depth }));
  let found = await look(options.depth === 'notes' ? 'notes' : 'header');
  if (found.value === null) return { ...NO_KERNEL, problem: found.problem };
  const initrds: InitrdInfo[] = [];
  let initrdFailure: Problem | null = null;
  for (const initrd of entry.initrds) {
    const { value, problem } = await attempt(async () => identifyInitrd(await initrd.open(), { limits }));
    if (value !== null) initrds.push(value);
    const truncated = value?.truncated === true ? { code: 'initrd.truncated', message: `the initrd ${initrd.path} is cut off` } : null;
    initrdFailure ??= problem ?? truncated ?? value?.problem ?? null;
  }
  const asksXen = (options.depth === 'config' || options.depth === 'glance') && canBoot(found.value, options) === null;
  const ofInitrds = initrdSettings(initrds);
  const names = [...(asksXen ? XEN_SETTINGS : []), ...ofInitrds];
  const config = names.length === 0 ? null : await kernelConfig(guest, file, found.value, names);
  if (asksXen && (config === null ? options.depth === 'config' : !startsBy(config, options))) {
    found = await look('notes');
    if (found.value === null) return { ...NO_KERNEL, problem: found.problem };
  }
  let problem = canBoot(found.value, options) ?? initrdFailure;
  if (config !== null && ofInitrds.length > 0) for (const initrd of initrds) problem ??= initrdProblem(initrd, config);
  const { xen } = found.value;
  const xenFrom = xen !== null ? 'notes' : asksXen && config !== null ? 'config' : null;
  const modes = xen !== null ? modesOf(xen) : asksXen && config !== null ? xenModes(config) : null;
  return { kernel: found.value, short: shortForm(found.value, modes), xenModes: modes, xenFrom, initrds, problem };
}

/** Whether a kernel's configuration says that it can start as wished. */
function startsBy(config: KernelConfig, wish: BootWish): boolean {
  const modes = xenModes(config);
  if (wish.boot === 'any') return modes.length > 0;
  return modes.includes(wish.boot === 'pv' ? 'PV' : 'PVH');
}

/** The result, or why there is none; failures of the host stay failures. */
async function attempt<T>(work: () => Promise<T>): Promise<{ readonly value: T | null; readonly problem: Problem | null }> {
  try {
    return { value: await work(), problem: null };
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind === 'io') throw error;
    return { value: null, problem: { code: error.code, message: error.summary } };
  }
}

/** Settings of the configuration that distributions put beside a kernel; null where there is none that can be read. */
async function kernelConfig(guest: Guest, file: BootFile, kernel: KernelInfo, names: readonly string[]): Promise<KernelConfig | null> {
  const volume: GuestVolume | undefined = guest.volumes.find((item) => item.name === file.volume);
  const name = file.path.lastIndexOf('/') + 1;
  // Where the header does not tell the release, the name does: `vmlinuz-6.1.0-50-arm64`.
  const release = kernel.release ?? /^[^-]*-(.+)$/.exec(file.path.slice(name))?.[1] ?? '';
  if (volume === undefined || release === '' || release.includes('/')) return null;
  const path = `${file.path.slice(0, name)}config-${release}`;
  const { limits } = guest;
  return (await attempt(async () => readSettings(await new GuestFiles(guest, limits).open(volume, path), names, limits))).value;
}
