/** Which versions of Xen take which kernels (docs/kernels.md has the table and where it comes from). */
import { usageError } from '../../errors.js';
import type { Compression } from '../compression.js';

/** A version of Xen: 4.15 is `{ major: 4, minor: 15 }`. */
export interface XenVersion {
  readonly major: number;
  readonly minor: number;
}

const OLDEST: XenVersion = { major: 4, minor: 2 };

/** The first version whose domain builder decompresses a bzImage's payload; all of them are older than the table begins but two. */
const DECOMPRESSED_SINCE: ReadonlyMap<Compression, XenVersion> = new Map([
  ['gzip', OLDEST],
  ['bzip2', OLDEST],
  ['lzma', OLDEST],
  ['xz', OLDEST],
  ['lzo', OLDEST],
  ['lz4', { major: 4, minor: 4 }],
  ['zstd', { major: 4, minor: 15 }],
]);

/** Up to which dictionary xz is unpacked: the domain builder gives liblzma 128 MiB in all, from this version on 256 MiB. */
export const LARGE_XZ_SINCE: XenVersion = { major: 4, minor: 20 };
export const SMALL_XZ_DICTIONARY = 128 * 1024 * 1024;

/** The first version whose toolstack starts guests of today's PVH kind. */
export const PVH_SINCE: XenVersion = { major: 4, minor: 10 };

/**
 * Reads a version as people write it: `4.17`, `4.17.7`, `4.17-rc1`.
 * @throws TygrubError usage for anything else and for versions before 4.2
 */
export function parseXenVersion(text: string): XenVersion {
  const match = /^(\d{1,3})\.(\d{1,3})(?:[.\-+].{0,64})?$/.exec(text.trim());
  const version = { major: Number(match?.[1] ?? 0), minor: Number(match?.[2] ?? 0) };
  if (match === null || isOlder(version, OLDEST)) {
    throw usageError('kernel.xen-version', `${JSON.stringify(text)} is no version of Xen that is known here`, {
      hint: 'versions from 4.2 on, such as 4.17',
    });
  }
  return version;
}

/** True when `a` came before `b`. */
export function isOlder(a: XenVersion, b: XenVersion): boolean {
  return a.major < b.major || (a.major === b.major && a.minor < b.minor);
}

/** A version as people write it. */
export function formatXenVersion(version: XenVersion): string {
  return `${version.major}.${version.minor}`;
}

/** The first Xen that takes bzImages compressed like this. */
export function decompressedSince(compression: Compression): XenVersion {
  return DECOMPRESSED_SINCE.get(compression) ?? OLDEST;
}
