import { type ByteSource, checkRange, MappedSource, type Run } from './byte-source.js';

/** A part of another source: a partition of a disk, a section of a file. */
export class SliceSource extends MappedSource {
  /**
   * @param inner the source that holds the bytes
   * @param start byte offset in `inner`
   * @param size bytes
   * @throws TygrubError corrupt when the part is not inside `inner`
   */
  constructor(
    private readonly inner: ByteSource,
    private readonly start: number,
    readonly size: number,
  ) {
    super();
    checkRange(inner, start, size);
  }

  protected map(offset: number, length: number): Run {
    return { length, source: this.inner, offset: this.start + offset };
  }
}
