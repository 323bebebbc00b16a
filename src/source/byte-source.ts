/**
 * The one idea of tygrub: everything is a `ByteSource`. A file on the host, the virtual disk inside it, a partition, a
 * logical volume, a file in a filesystem and the payload in a kernel each are one.
 */
import { corrupt } from '../errors.js';

/** A part of a source that is one piece somewhere below: in another source, or nowhere (zeros). */
export interface Run {
  /** Bytes of the run, at least 1. */
  readonly length: number;
  /** Where the bytes are; null for zeros that are stored nowhere (holes, unallocated blocks). */
  readonly source: ByteSource | null;
  /** Byte offset of the run in `source`; 0 for zeros. */
  readonly offset: number;
}

/** A size and a way to read. Offsets and lengths are bytes, as safe integers. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`. The result must not be changed by the caller: it may be shared.
   * @throws TygrubError `corrupt` when the range is not inside the source (a pointer on the disk was wrong), and
   * whatever the sources below throw.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * The first run of the range: where its bytes come from, one level down. Large copies use it to read from the lowest
   * source into one buffer. A source without it is a leaf.
   */
  locate?(offset: number, length: number): Promise<Run>;
  /** Leaves only: reads exactly `target.length` bytes from `offset` into `target`. */
  readInto?(offset: number, target: Uint8Array): Promise<void>;
  /** Gives back what the source holds on the host (a file descriptor). Wrappers do not close what they wrap. */
  close?(): Promise<void>;
}

/**
 * Checks that a range lies inside a source. Every source calls it first in `read` and `locate`.
 * @throws TygrubError corrupt `source.out-of-range`
 */
export function checkRange(source: ByteSource, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || offset + length > source.size) {
    throw corrupt('source.out-of-range', `${length} bytes at byte ${offset} were asked for, the source has ${source.size}`);
  }
}

/**
 * A source that only says where its bytes are; reading follows from that. Slices, containers, volumes and files with
 * extents are mapped sources.
 */
export abstract class MappedSource implements ByteSource {
  abstract readonly size: number;
  /** The first run of the range, `1 <= run.length <= length`. Called with ranges inside the source and `length > 0`. */
  protected abstract map(offset: number, length: number): Promise<Run> | Run;

  async locate(offset: number, length: number): Promise<Run> {
    checkRange(this, offset, length);
    return this.map(offset, length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    if (length === 0) return new Uint8Array(0);
    const first = await this.map(offset, length);
    if (first.length >= length) return first.source === null ? new Uint8Array(length) : first.source.read(first.offset, length);
    const out = new Uint8Array(length);
    let run = first;
    for (let done = 0; ; ) {
      if (run.length <= 0) throw new RangeError('a run must have at least one byte');
      const take = Math.min(run.length, length - done);
      if (run.source !== null) out.set(await run.source.read(run.offset, take), done);
      done += take;
      if (done >= length) return out;
      run = await this.map(offset + done, length - done);
    }
  }
}
