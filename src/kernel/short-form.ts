import type { KernelInfo, XenSupport } from './kernel-info.js';

/** Kinds of guests that kernels are for. */
export type XenMode = 'PV' | 'PVH';

/** The kinds that a kernel's notes name. */
export function modesOf({ pv, pvh }: XenSupport): readonly XenMode[] {
  return [...(pv ? (['PV'] as const) : []), ...(pvh ? (['PVH'] as const) : [])];
}

/**
 * A kernel on part of a line: `6.1.0-50-amd64 x86_64 PV PVH xz`; the description for what is no kernel.
 * @param modes what it can be under Xen, where somebody else than its notes said so
 */
export function shortForm(info: KernelInfo, modes: readonly XenMode[] | null = info.xen === null ? null : modesOf(info.xen)): string {
  if (info.format === 'none' || info.format === 'pe' || info.format === 'multiboot') return info.description;
  if (info.format === 'bzImage' && info.os !== 'linux') return info.description;
  const words: string[] = [info.release ?? info.os ?? info.format];
  if (info.architecture !== null) words.push(info.architecture);
  if (modes !== null && info.os !== 'xen') words.push(...(modes.length === 0 ? ['no Xen'] : modes));
  for (const wrapper of info.wrappers) {
    if (wrapper.kind !== 'compressed') words.push(wrapper.kind);
    if (wrapper.compression !== null) words.push(wrapper.compression);
  }
  const compression = info.payload?.compression;
  if (compression !== undefined && compression !== null && compression !== 'none') words.push(compression);
  return words.join(' ');
}
