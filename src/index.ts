/** tygrub as a library: from a virtual disk to a kernel, an initrd and a command line. */

export type { DirectoryEntry, FileNode, FileSystem, FileType, Timestamp } from '../fs-readers/index.js';
export { type Resolved, resolvePath } from '../fs-readers/path.js';
export * from './boot/index.js';
export { type CheckReport, checkVhd, type DiskMap, type Finding, mapVhd, type VhdInfo, vhdInfo } from './disk/vhd/index.js';
export { type ErrorKind, type Problem, TygrubError, type Warning } from './errors.js';
export {
  copySource,
  type EntryFiles,
  type Extracted,
  type ExtractedFile,
  type ExtractOptions,
  extractEntry,
  openEntry,
  type Sink,
} from './extract/index.js';
export { Guest, type GuestDisk, type GuestOptions, GuestVolume, type Image } from './guest/guest.js';
export {
  type BootWish,
  canBoot,
  checkEntry,
  type EntryCheck,
  type InitrdInfo,
  identifyInitrd,
  identifyKernel,
  type KernelInfo,
  type PlainKernel,
  parseXenVersion,
  plainKernel,
  shortForm,
  type XenSupport,
  type XenVersion,
} from './kernel/index.js';
export { DEFAULT_LIMITS, type Limits, withLimits } from './limits.js';
export { openDisk, openImage } from './open-disk.js';
export type { ByteSource, Run } from './source/byte-source.js';
export { MemorySource } from './source/memory.js';
export { VERSION } from './version.js';
