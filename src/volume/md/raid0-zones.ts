/** RAID 0 over members of different sizes: zones, each striped over the members that reach into it. */
import { corrupt } from '../../errors.js';
import { type ByteSource, MappedSource, type Run } from '../../source/byte-source.js';

/** One zone. All numbers are bytes, whole chunks of them. */
export interface Raid0Zone {
  /** Where the zone starts in the array. */
  readonly start: number;
  readonly length: number;
  /** Where the zone starts on each of its members. */
  readonly deviceStart: number;
  readonly stripes: readonly ByteSource[];
}

export class Raid0Source extends MappedSource {
  readonly size: number;

  /**
   * @param zones in order, without gaps
   * @param chunkSize bytes
   * @param original whether the member is chosen by the chunk's number in the array, as kernels before 3.14 and layout 1 do,
   * instead of its number in the zone
   */
  constructor(
    private readonly zones: readonly Raid0Zone[],
    private readonly chunkSize: number,
    private readonly original: boolean,
  ) {
    super();
    const last = zones[zones.length - 1];
    this.size = last === undefined ? 0 : last.start + last.length;
    if (!Number.isSafeInteger(this.size)) throw corrupt('md.size', 'the members of a RAID 0 are impossibly large together');
  }

  protected map(offset: number, length: number): Run {
    const zone = this.zones.findLast((candidate) => candidate.start <= offset) as Raid0Zone;
    const inZone = offset - zone.start;
    const inside = offset % this.chunkSize;
    const row = Math.floor(inZone / (this.chunkSize * zone.stripes.length));
    const chosenBy = Math.floor((this.original ? offset : inZone) / this.chunkSize);
    const source = zone.stripes[chosenBy % zone.stripes.length] as ByteSource;
    return { length: Math.min(length, this.chunkSize - inside), source, offset: zone.deviceStart + row * this.chunkSize + inside };
  }
}
