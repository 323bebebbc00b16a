/** tygrub as a library: from a virtual disk to a kernel, an initrd and a command line. */
export * from './boot/index.js';
export { type ErrorKind, type Problem, TygrubError, type Warning } from './errors.js';
export { Guest, type GuestDisk, type GuestOptions, GuestVolume, type Image } from './guest/guest.js';
export { DEFAULT_LIMITS, type Limits, withLimits } from './limits.js';
export { openDisk } from './open-disk.js';
export type { ByteSource, Run } from './source/byte-source.js';
