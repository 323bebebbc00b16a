import type { KernelInfo } from './kernel-info.js';

/** A kernel on part of a line: `6.1.0-50-amd64 x86_64 PV PVH xz`; the description for what is no kernel. */
export function shortForm(info: KernelInfo): string {
  if (info.format === 'none' || info.format === 'pe' || info.format === 'multiboot') return info.description;
  if (info.format === 'bzImage' && info.os !== 'linux') return info.description;
  const words: string[] = [info.release ?? info.os ?? info.format];
  if (info.architecture !== null) words.push(info.architecture);
  if (info.xen !== null && info.os !== 'xen') {
    if (info.xen.pv) words.push('PV');
    if (info.xen.pvh) words.push('PVH');
    if (!info.xen.pv && !info.xen.pvh) words.push('no Xen');
  }
  for (const wrapper of info.wrappers) {
    if (wrapper.kind !== 'compressed') words.push(wrapper.kind);
    if (wrapper.compression !== null) words.push(wrapper.compression);
  }
  const compression = info.payload?.compression;
  if (compression !== undefined && compression !== null && compression !== 'none') words.push(compression);
  return words.join(' ');
}
