/** Files and block devices of the host (Node only). */
import { closeSync, constants, fstatSync, openSync, read as readAsync, readFileSync, readSync } from 'node:fs';
import { ioError, TygrubError, usageError } from '../errors.js';
import { type ByteSource, checkRange } from './byte-source.js';

/** Below this many bytes a synchronous read costs less than a trip through the thread pool. */
const SYNCHRONOUS = 256 * 1024;

/** A regular file or a block device, opened for reading. */
export class HostFileSource implements ByteSource {
  private closed = false;

  private constructor(
    readonly path: string,
    readonly fd: number,
    readonly size: number,
    /** Device and inode, equal for two names of the same file: guards against cycles in chains. */
    readonly identity: string,
  ) {}

  /**
   * Opens a file or block device read-only, following symbolic links.
   * @throws TygrubError io when the host refuses, usage when it is a directory, a pipe or the like
   */
  static open(path: string): HostFileSource {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw hostError(error, `${path === '' ? 'the empty path' : path} cannot be opened`);
    }
    try {
      return HostFileSource.fromDescriptor(path, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Takes over a descriptor that is already open; `path` is for messages only. */
  static fromDescriptor(path: string, fd: number): HostFileSource {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) {
      throw usageError('source.is-directory', `${path} is a directory, not a disk image`, { hint: 'name a file or a block device' });
    }
    if (!stat.isFile() && !stat.isBlockDevice()) {
      throw usageError('source.not-a-disk', `${path} is neither a regular file nor a block device`);
    }
    const size = stat.isBlockDevice() ? blockDeviceSize(fd, stat.rdev) : stat.size;
    return new HostFileSource(path, fd, size, stat.isBlockDevice() ? `rdev:${stat.rdev}` : `${stat.dev}:${stat.ino}`);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const slab = Buffer.allocUnsafeSlow(length);
    const target = new Uint8Array(slab.buffer, slab.byteOffset, length);
    await this.readInto(offset, target);
    return target;
  }

  async readInto(offset: number, target: Uint8Array): Promise<void> {
    checkRange(this, offset, target.length);
    for (let done = 0; done < target.length; ) {
      const length = target.length - done;
      let got: number;
      try {
        got =
          length <= SYNCHRONOUS
            ? readSync(this.fd, target, done, length, offset + done)
            : await readLater(this.fd, target, done, length, offset + done);
      } catch (error) {
        throw hostError(error, `${this.path} cannot be read at byte ${offset + done}`);
      }
      if (got === 0) throw ioError('source.ended-early', `${this.path} ended at byte ${offset + done}, while it was being read`);
      done += got;
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.fd);
  }
}

function readLater(fd: number, target: Uint8Array, at: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    readAsync(fd, target, at, length, position, (error, got) => (error === null ? resolve(got) : reject(error)));
  });
}

/** A failure of the host as a `TygrubError` of kind io, with its errno in the message. */
export function hostError(error: unknown, what: string): TygrubError {
  if (error instanceof TygrubError) return error;
  if (!(error instanceof Error)) throw error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'failed';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EPERM: 'not permitted',
    EISDIR: 'it is a directory',
    ENOTDIR: 'a part of the path is not a directory',
    ENOSPC: 'no space left on the device',
    EEXIST: 'it already exists',
    EROFS: 'the filesystem is read-only',
    EIO: 'input/output error',
    EFBIG: 'the file would become too large',
    ENAMETOOLONG: 'the name is too long',
    ELOOP: 'too many symbolic links',
    EMFILE: 'too many open files',
  };
  return ioError(`host.${code.toLowerCase()}`, `${what}: ${reasons[code] ?? error.message}`, { cause: error });
}

/**
 * Bytes of a block device: from sysfs where it is mounted, otherwise found by reading. `stat` gives 0 for all of them.
 * @param device the number of the device (`st_rdev`)
 */
export function blockDeviceSize(fd: number, device: number, sysfs = '/sys'): number {
  // Linux's encoding of dev_t: 12 bits of major between two parts of the minor number.
  const major = Math.floor(device / 256) & 0xfff;
  const minor = (device & 0xff) | (Math.floor(device / 0x100000) * 256);
  try {
    const sectors = Number.parseInt(readFileSync(`${sysfs}/dev/block/${major}:${minor}/size`, 'latin1'), 10);
    if (Number.isSafeInteger(sectors) && sectors > 0) return sectors * 512;
  } catch (error) {
    if (!(error instanceof Error)) throw error; // no sysfs here: find the size by reading
  }
  return sizeByReading((offset) => readSync(fd, Buffer.alloc(1), 0, 1, offset) === 1);
}

/**
 * Finds the size of something that can only be read.
 * @param readable whether a byte can be read at an offset
 * @returns bytes; the search ends at 2^53
 */
export function sizeByReading(readable: (offset: number) => boolean): number {
  const can = (offset: number): boolean => {
    try {
      return readable(offset);
    } catch (error) {
      if (error instanceof Error && 'code' in error) return false; // EINVAL, EIO past the end on some drivers
      throw error;
    }
  };
  if (!can(0)) return 0;
  let low = 0; // readable
  let high = 512; // not known to be readable
  while (high < Number.MAX_SAFE_INTEGER / 2 && can(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (can(middle)) low = middle;
    else high = middle;
  }
  return low + 1;
}
