/** The content of logical volumes: each segment mapped to physical volumes or to other logical volumes. */
import { corrupt, notFound, TygrubError, unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { ConcatenatedSource } from '../../source/concatenation.js';
import { SliceSource } from '../../source/slice.js';
import { StripedSource } from '../striping.js';
import { type ConfigValue, countOf, listOf } from './config-text.js';
import { SECTOR } from './layout.js';
import { currentImages } from './raid-images.js';
import type { LogicalVolume, Segment, VolumeGroup } from './volume-group.js';

/** What segment types that are not read are called. */
const UNREAD: ReadonlyMap<string, string> = new Map([
  ['thin', 'a thin volume'],
  ['thin-pool', 'a thin pool'],
  ['cache', 'a cached volume'],
  ['cache-pool', 'a cache pool'],
  ['writecache', 'a volume with a write cache'],
  ['snapshot', 'a snapshot'],
  ['vdo', 'a VDO volume'],
  ['vdo-pool', 'a VDO pool'],
  ['integrity', 'a volume with dm-integrity'],
  ['raid10', 'RAID 10'],
]);

/** Maps the logical volumes of one group. */
export class GroupMapping {
  private readonly mapped = new Map<string, Promise<ByteSource>>();

  /**
   * @param present the physical volumes that are there, by their UUID
   */
  constructor(
    private readonly group: VolumeGroup,
    private readonly present: ReadonlyMap<string, ByteSource>,
    private readonly limits: Limits,
  ) {}

  /**
   * The content of a logical volume.
   * @throws TygrubError unsupported for segment types that are not read, not-found when a physical volume is missing, corrupt
   */
  volume(name: string): Promise<ByteSource> {
    return this.logical(name, []);
  }

  /** @param above the volumes that stand on this one: a volume on itself would never end */
  private logical(name: string, above: readonly string[]): Promise<ByteSource> {
    if (above.includes(name) || above.length > this.limits.treeDepth) {
      throw corrupt('lvm.volume-loop', `the logical volumes ${[...above, name].join(', ')} stand on each other in a circle`);
    }
    const volume = this.group.logicalVolumes.get(name);
    if (volume === undefined)
      throw corrupt('lvm.no-volume', `the volume group ${this.group.name} has no volume ${name}, which another stands on`);
    let source = this.mapped.get(name);
    if (source === undefined) {
      source = this.map(volume, [...above, name]);
      this.mapped.set(name, source);
    }
    return source;
  }

  private async map(volume: LogicalVolume, path: readonly string[]): Promise<ByteSource> {
    const parts: ByteSource[] = [];
    let extent = 0;
    for (const segment of volume.segments) {
      if (segment.startExtent !== extent) {
        throw corrupt('lvm.segments', `the segments of ${this.group.name}/${volume.name} leave a gap or overlap at extent ${extent}`);
      }
      const source = await this.segment(segment, `${this.group.name}/${volume.name}`, path);
      if (source.size > 0) parts.push(source);
      extent += segment.extentCount;
    }
    const only = parts[0];
    return parts.length === 1 && only !== undefined ? only : new ConcatenatedSource(parts);
  }

  private async segment(segment: Segment, where: string, path: readonly string[]): Promise<ByteSource> {
    const size = segment.extentCount * this.group.extentSize;
    if (!Number.isSafeInteger(size)) throw corrupt('lvm.segment-size', `a segment of ${where} is impossibly large`);
    const { type, fields } = segment;
    if (type === 'striped' || type === 'linear') {
      const areas = pairs(listOf(fields, 'stripes'), where);
      return this.stripes(
        areas,
        countOf(fields, 'stripe_count', where),
        fields.has('stripe_size') ? countOf(fields, 'stripe_size', where) : 0,
        size,
        where,
        path,
      );
    }
    if (type === 'raid0' || type === 'raid0_meta') {
      const images = type === 'raid0' ? listOf(fields, 'raid0_lvs') : listOf(fields, 'raids').filter((_, index) => index % 2 === 1);
      const areas = images.map((image): [string, number] => [String(image), 0]);
      return this.stripes(areas, countOf(fields, 'stripe_count', where), countOf(fields, 'stripe_size', where), size, where, path);
    }
    if (type === 'mirror') return this.firstThatIsThere(pairs(listOf(fields, 'mirrors'), where), size, where, path);
    if (type === 'raid1') {
      const open = (name: string): Promise<ByteSource> => this.logical(name, path);
      const images = await currentImages(listOf(fields, 'raids'), open, where);
      if (images.length === 0) throw notFound('lvm.no-current-image', `no image of ${where} has all of its data (failed or being rebuilt)`);
      return this.firstThatIsThere(
        images.map((image): [string, number] => [image, 0]),
        size,
        where,
        path,
      );
    }
    const called = UNREAD.get(type) ?? (type.startsWith('raid') ? `RAID ${type.slice(4)}` : `a volume of type ${JSON.stringify(type)}`);
    throw unsupported('lvm.segment-type', `${where} is ${called}, which tygrub does not read`, { hint: 'keep /boot on a linear volume' });
  }

  private async stripes(
    areas: readonly (readonly [string, number])[],
    count: number,
    stripeSectors: number,
    size: number,
    where: string,
    path: readonly string[],
  ): Promise<ByteSource> {
    if (count === 0 || areas.length !== count) throw corrupt('lvm.stripes', `${where} claims ${count} stripes and names ${areas.length}`);
    const first = areas[0];
    if (count === 1 && first !== undefined) return this.area(first[0], first[1], size, where, path);
    const chunkSize = stripeSectors * SECTOR;
    if (chunkSize === 0 || !Number.isSafeInteger(chunkSize) || size % count !== 0) {
      throw corrupt('lvm.stripe-size', `${where} has ${count} stripes that its size cannot be divided into`);
    }
    const sources: ByteSource[] = [];
    for (const [name, extent] of areas) sources.push(await this.area(name, extent, size / count, where, path));
    return new StripedSource(sources, chunkSize, size);
  }

  /** Mirrors: any leg holds everything, the first is the one that others are copied from. */
  private async firstThatIsThere(
    areas: readonly (readonly [string, number])[],
    size: number,
    where: string,
    path: readonly string[],
  ): Promise<ByteSource> {
    let failure: TygrubError | undefined;
    for (const [name, extent] of areas) {
      try {
        return await this.area(name, extent, size, where, path);
      } catch (error) {
        if (!(error instanceof TygrubError) || error.kind !== 'not-found') throw error;
        failure ??= error;
      }
    }
    throw failure ?? corrupt('lvm.mirror', `${where} is a mirror without legs`);
  }

  /** `size` bytes from an extent of a physical or logical volume. */
  private async area(name: string, extent: number, size: number, where: string, path: readonly string[]): Promise<ByteSource> {
    const physical = this.group.physicalVolumes.get(name);
    const offset = extent * this.group.extentSize + (physical?.start ?? 0);
    let source: ByteSource;
    if (physical === undefined) source = await this.logical(name, path);
    else {
      const there = physical.missing ? undefined : this.present.get(physical.id);
      if (there === undefined) {
        const state = physical.missing ? 'was lost to the group (MISSING)' : 'is not on any disk given';
        throw notFound('lvm.pv-missing', `${where} needs the physical volume ${physical.id} (once ${physical.device}), which ${state}`, {
          hint: 'name all disks of the guest',
        });
      }
      source = there;
    }
    if (!Number.isSafeInteger(offset + size) || offset + size > source.size) {
      throw corrupt('lvm.extent-outside', `${where} needs ${size} bytes at byte ${offset} of ${name}, which has ${source.size}`);
    }
    return new SliceSource(source, offset, size);
  }
}

/** Names with the extents they start at: `["pv0", 0, "pv1", 12]`. */
function pairs(list: readonly ConfigValue[], where: string): [string, number][] {
  const result: [string, number][] = [];
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i];
    const extent = list[i + 1];
    if (typeof name !== 'string' || typeof extent !== 'number' || !Number.isSafeInteger(extent) || extent < 0) {
      throw corrupt('lvm.areas', `the list of areas of ${where} is damaged`);
    }
    result.push([name, extent]);
  }
  return result;
}
