/** A file or block device of the host that is written in place, at given offsets. */
import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { usageError } from '../errors.js';
import { HostFileSource, hostError } from '../source/host-file.js';

/** Where positioned writes go. Tests give one that stops after any write. */
export interface WriteTarget {
  /** Writes all bytes at `offset`; past the end a regular file grows. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Waits until everything written so far would survive a crash of the host. */
  sync(): Promise<void>;
  /** Gives a regular file another length. */
  truncate(size: number): Promise<void>;
}

/** A descriptor that is open for writing. */
export class DescriptorTarget implements WriteTarget {
  /** @param path for messages */
  constructor(
    readonly fd: number,
    readonly path: string,
  ) {}

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.fd, bytes, done, bytes.length - done, offset + done);
      } catch (error) {
        throw hostError(error, `${this.path} cannot be written at byte ${offset + done}`);
      }
    }
  }

  async sync(): Promise<void> {
    this.attempt(() => fsyncSync(this.fd));
  }

  async truncate(size: number): Promise<void> {
    this.attempt(() => ftruncateSync(this.fd, size));
  }

  private attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw hostError(error, `${this.path} cannot be written`);
    }
  }
}

/** A path opened for reading and writing. */
export class HostTarget extends DescriptorTarget {
  private constructor(
    /** The same descriptor, for reading. */
    readonly source: HostFileSource,
    readonly isDevice: boolean,
  ) {
    super(source.fd, source.path);
  }

  /**
   * Opens a regular file or block device that exists. A device that something else holds (a mount, LVM, a loop) is refused.
   * @throws TygrubError io, usage
   */
  static open(path: string): HostTarget {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    } catch (error) {
      throw hostError(error, `${path === '' ? 'the empty path' : path} cannot be opened for writing`);
    }
    try {
      const isDevice = fstatSync(fd).isBlockDevice();
      if (isDevice) refuseHeldDevice(path);
      return new HostTarget(HostFileSource.fromDescriptor(path, fd), isDevice);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.source.close();
  }
}

/** Linux refuses to open a device exclusively while a mount, a volume manager or another driver holds it. */
function refuseHeldDevice(path: string): void {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_EXCL | constants.O_NONBLOCK));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EBUSY') {
      throw usageError('host.device-in-use', `${path} is in use: it is mounted, or another driver holds it`, {
        hint: 'unmount it, or detach what uses it, first',
      });
    }
    throw hostError(error, `${path} cannot be opened`);
  }
}

/** Writes all bytes into a new file, from its start. */
export function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
}

/** Makes the name of a new file survive a crash of the host. */
export function syncFolder(folder: string): void {
  let fd: number;
  try {
    fd = openSync(folder, constants.O_RDONLY);
  } catch (error) {
    throw hostError(error, `${folder} cannot be opened`);
  }
  try {
    fsyncSync(fd);
  } catch (error) {
    // Some network filesystems have nothing to flush for a directory.
    if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL')) throw hostError(error, `${folder} cannot be flushed`);
  } finally {
    closeSync(fd);
  }
}
