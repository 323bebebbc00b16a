import { corrupt } from '../errors.js';
import { type ByteSource, MappedSource, type Run } from './byte-source.js';

/** Several sources one after the other: the initrds of an entry, the extents of a multi-extent file. */
export class ConcatenatedSource extends MappedSource {
  readonly size: number;
  /** Byte offset at which each part starts. */
  private readonly starts: number[] = [];

  /** @throws TygrubError corrupt when the sum of the sizes is no safe integer */
  constructor(private readonly parts: readonly ByteSource[]) {
    super();
    let size = 0;
    for (const part of parts) {
      this.starts.push(size);
      size += part.size;
    }
    if (!Number.isSafeInteger(size)) throw corrupt('source.out-of-range', 'the parts of a file are impossibly large together');
    this.size = size;
  }

  protected map(offset: number, length: number): Run {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const source = this.parts[low] as ByteSource;
    const inside = offset - (this.starts[low] as number);
    return { length: Math.min(length, source.size - inside), source, offset: inside };
  }
}
