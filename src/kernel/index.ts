/** Kernels and initrds: what they are, whether they can start here, and the plain kernel out of a packed one. */
export { type BootWish, canBoot } from './can-boot.js';
export { checkEntry, type EntryCheck, type EntryCheckOptions } from './check-entry.js';
export type { Compression } from './compression.js';
export { type IdentifyOptions, identifyKernel } from './identify.js';
export { type InitrdInfo, type InitrdOptions, type InitrdPart, identifyInitrd } from './initrd/index.js';
export { initrdProblem, initrdSettings, type KernelConfig, readSettings, XEN_SETTINGS, xenModes } from './kernel-config.js';
export type { KernelFormat, KernelInfo, KernelPayload, Wrapper, XenSupport } from './kernel-info.js';
export type { Depth } from './look.js';
export { type PlainKernel, plainKernel } from './plain-kernel.js';
export { shortForm } from './short-form.js';
export { formatXenVersion, parseXenVersion, type XenVersion } from './xen/versions.js';
