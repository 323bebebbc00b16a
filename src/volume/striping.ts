/** Sources made of parts of others: what logical volumes and arrays map to. */
import { corrupt } from '../errors.js';
import { type ByteSource, MappedSource, type Run } from '../source/byte-source.js';

/** Several sources of equal size read in turn, `chunkSize` bytes of each: RAID 0, LVM stripes. */
export class StripedSource extends MappedSource {
  readonly size: number;

  /**
   * @param stripes the sources in order; of each the same number of bytes is used, whole chunks of them
   * @param chunkSize bytes
   * @param size bytes of the whole, `stripes.length` times a multiple of `chunkSize` or less
   * @throws TygrubError corrupt when a stripe is too small for `size`
   */
  constructor(
    private readonly stripes: readonly ByteSource[],
    private readonly chunkSize: number,
    size: number,
  ) {
    super();
    if (stripes.length === 0 || chunkSize <= 0)
      throw corrupt('volume.stripes', 'a striped volume without stripes or with chunks of no size');
    const rows = Math.ceil(Math.ceil(size / chunkSize) / stripes.length);
    if (stripes.some((stripe) => stripe.size < rows * chunkSize)) {
      throw corrupt('volume.stripe-too-small', `a stripe has less than the ${rows * chunkSize} bytes that the volume needs of it`);
    }
    this.size = size;
  }

  protected map(offset: number, length: number): Run {
    const chunk = Math.floor(offset / this.chunkSize);
    const inside = offset - chunk * this.chunkSize;
    const row = Math.floor(chunk / this.stripes.length);
    const source = this.stripes[chunk - row * this.stripes.length] as ByteSource;
    return { length: Math.min(length, this.chunkSize - inside), source, offset: row * this.chunkSize + inside };
  }
}
