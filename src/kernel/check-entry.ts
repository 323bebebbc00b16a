/** What the kernel and the initrds of a boot entry are, and whether the entry can start as a guest of Xen. */
import { GuestFiles } from '../boot/dialect.js';
import type { BootEntry, BootFile } from '../boot/index.js';
import { type Problem, TygrubError } from '../errors.js';
import type { Guest, GuestVolume } from '../guest/guest.js';
import { type BootWish, canBoot } from './can-boot.js';
import { identifyKernel } from './identify.js';
import { type InitrdInfo, identifyInitrd } from './initrd/index.js';
import { initrdProblem, type KernelConfig, parseKernelConfig, xenModes } from './kernel-config.js';
import type { KernelInfo } from './kernel-info.js';

/** How closely an entry is looked at. */
export interface EntryCheckOptions extends BootWish {
  /**
   * `header` and `notes` as for `identifyKernel`. `config`: the header, and the notes only where the kernel's configuration
   * beside it does not already say that it can start: unpacking a kernel costs more than extracting it.
   */
  readonly depth: 'header' | 'config' | 'notes';
}

/** What was found. */
export interface EntryCheck {
  /** Null where the entry has no kernel that can be opened (which is the entry's own problem). */
  readonly kernel: KernelInfo | null;
  readonly initrds: readonly InitrdInfo[];
  /** Why the entry cannot start as wished. */
  readonly problem: Problem | null;
}

/**
 * Looks at the kernel and the initrds of an entry.
 * @throws TygrubError io; whatever is wrong on the disk is told in the result
 */
export async function checkEntry(guest: Guest, entry: BootEntry, options: EntryCheckOptions): Promise<EntryCheck> {
  const { limits } = guest;
  if (entry.kernel === null) return { kernel: null, initrds: [], problem: null };
  const kernelFile = entry.kernel;
  const look = (depth: 'header' | 'notes') => attempt(async () => identifyKernel(await kernelFile.open(), { limits, depth }));
  let found = await look(options.depth === 'notes' ? 'notes' : 'header');
  if (found.value === null) return { kernel: null, initrds: [], problem: found.problem };
  let config: KernelConfig | null | undefined;
  if (options.depth === 'config') {
    config = await kernelConfig(guest, kernelFile, found.value);
    if (config === null || !startsBy(config, options)) found = await look('notes');
    if (found.value === null) return { kernel: null, initrds: [], problem: found.problem };
  }
  const kernel = found.value;
  let problem = canBoot(kernel, options);
  const initrds: InitrdInfo[] = [];
  for (const file of entry.initrds) {
    const initrd = await attempt(async () => identifyInitrd(await file.open(), { limits }));
    problem ??= initrd.problem;
    if (initrd.value === null) continue;
    initrds.push(initrd.value);
    if (initrd.value.truncated === true) problem ??= { code: 'initrd.truncated', message: `the initrd ${file.path} is cut off` };
    problem ??= initrd.value.problem;
  }
  if (problem === null && initrds.some((initrd) => initrd.parts.some((part) => part.compression !== null))) {
    config ??= await kernelConfig(guest, kernelFile, kernel);
    if (config !== null) for (const initrd of initrds) problem ??= initrdProblem(initrd, config);
  }
  return { kernel, initrds, problem };
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

/** The configuration that distributions put beside a kernel; null where there is none that can be read. */
async function kernelConfig(guest: Guest, file: BootFile, kernel: KernelInfo): Promise<KernelConfig | null> {
  const volume: GuestVolume | undefined = guest.volumes.find((item) => item.name === file.volume);
  if (volume === undefined || kernel.release === null || kernel.release.includes('/')) return null;
  const path = `${file.path.slice(0, file.path.lastIndexOf('/') + 1)}config-${kernel.release}`;
  const config = await attempt(async () => parseKernelConfig(await new GuestFiles(guest, guest.limits).readConfig(volume, path)));
  return config.value;
}
