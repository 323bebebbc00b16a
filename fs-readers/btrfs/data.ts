/** The contents of files in logical addresses, verified against the checksum tree, with every copy tried. */
import { corrupt, TygrubError } from '../../src/errors.js';
import { type ByteSource, checkRange } from '../../src/source/byte-source.js';
import type { WarningList } from '../warning-list.js';
import { type Checksum, matches } from './checksum.js';
import { ITEM_TYPE, OBJECT } from './layout.js';
import type { Storage } from './storage.js';
import type { Item, ItemTree } from './tree.js';

/** Checksums of consecutive sectors; what has none is null. */
type SectorSums = readonly ({ readonly bytes: Uint8Array; readonly at: number } | null)[];

/**
 * All data of a filesystem as one source: offsets are logical addresses. Whole sectors are read and verified, whatever part of
 * them is asked for; so reads should not be smaller than a sector where that can be helped.
 */
export class VerifiedData implements ByteSource {
  readonly size = Number.MAX_SAFE_INTEGER;
  private readonly sector: number;
  private readonly checksum: Checksum;
  /** Logged checksum items in the order of their addresses, and the bytes of the longest one. */
  private readonly logged: readonly Item[];
  private readonly longest: number;

  /**
   * @param checksums the tree of data checksums; null where there is none
   * @param logged checksum items of log trees, which come before those
   * @param ignoreChecksums whether a wrong checksum is only a warning
   */
  constructor(
    private readonly storage: Storage,
    private readonly checksums: ItemTree | null,
    logged: readonly Item[],
    private readonly warnings: WarningList,
    private readonly ignoreChecksums: boolean,
  ) {
    const { superblock } = storage.devices.main;
    this.sector = superblock.fields.sectorsize;
    this.checksum = superblock.checksum;
    this.logged = [...logged].sort((a, b) => a.key.offset - b.key.offset);
    this.longest = logged.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
  }

  async read(address: number, length: number): Promise<Uint8Array> {
    checkRange(this, address, length);
    if (length === 0) return new Uint8Array(0);
    const start = address - (address % this.sector);
    const end = Math.ceil((address + length) / this.sector) * this.sector;
    const bytes = await this.sectors(start, end - start);
    return bytes.subarray(address - start, address - start + length);
  }

  async readInto(address: number, target: Uint8Array): Promise<void> {
    target.set(await this.read(address, target.length));
  }

  /** Whole sectors: from the preferred copies in one go, then those that are wrong from the others, one by one. */
  private async sectors(start: number, length: number): Promise<Uint8Array> {
    const sums = await this.sums(start, length);
    const first = await this.preferred(start, length);
    let fixed: Uint8Array | null = null;
    for (const [index, sum] of sums.entries()) {
      const at = index * this.sector;
      const right = first !== null && (sum === null || matches(this.checksum, first.subarray(at, at + this.sector), sum.bytes, sum.at));
      if (right) continue;
      fixed ??= first === null ? new Uint8Array(length) : first.slice();
      fixed.set(await this.repair(start + at, sum), at);
    }
    return fixed ?? first ?? new Uint8Array(0);
  }

  /** The range from the copy that is tried first; null where a part of it cannot be read at all. */
  private async preferred(start: number, length: number): Promise<Uint8Array | null> {
    try {
      return await this.storage.readCopy(start, length, null);
    } catch (error) {
      if (error instanceof TygrubError && error.kind === 'corrupt') return null;
      throw error;
    }
  }

  /** One sector from any copy that is right. @throws TygrubError corrupt `btrfs.data-checksum`, `btrfs.missing-device` */
  private async repair(address: number, sum: SectorSums[number]): Promise<Uint8Array> {
    const order = await this.storage.mirrorOrder(address);
    const message = `the checksum of the data at logical address ${address} does not match`;
    return this.storage.firstGood(address, this.sector, (bytes, mirror) => {
      if (sum === null || matches(this.checksum, bytes, sum.bytes, sum.at)) {
        this.warnings.add(
          'btrfs.mirror-used',
          `a copy of the data around logical address ${address - (address % 2 ** 20)} is damaged or missing, another one was used`,
        );
        return bytes;
      }
      if (this.ignoreChecksums && mirror === order[order.length - 1]) {
        this.warnings.add('btrfs.data-checksum', message);
        return bytes;
      }
      throw corrupt('btrfs.data-checksum', message, { hint: 'use --ignore-checksums to read it all the same' });
    });
  }

  /** Checksums of the sectors of a range. The key of an item is the address of its first sector. */
  private async sums(start: number, length: number): Promise<SectorSums> {
    const found: ({ bytes: Uint8Array; at: number } | null)[] = new Array(length / this.sector).fill(null);
    if (this.checksums !== null) {
      const place = { objectid: OBJECT.EXTENT_CSUM, type: ITEM_TYPE.EXTENT_CSUM };
      const before = await this.checksums.floor({ ...place, offset: start });
      const from = before !== null && before.key.objectid === place.objectid && before.key.type === place.type ? before.key.offset : start;
      for await (const item of this.checksums.range({ ...place, offset: from }, { ...place, offset: start + length - 1 })) {
        this.enter(item, start, found);
      }
    }
    for (const item of this.loggedSums(start, length)) this.enter(item, start, found);
    return found;
  }

  /** Enters the checksums of an item for a range that begins at `start`. @throws TygrubError corrupt `btrfs.checksum-item` */
  private enter({ key, bytes }: Item, start: number, found: ({ bytes: Uint8Array; at: number } | null)[]): void {
    const { size } = this.checksum;
    const skipped = (key.offset - start) / this.sector;
    if (!Number.isInteger(skipped))
      throw corrupt('btrfs.checksum-item', `checksums begin at logical address ${key.offset}, where no sector does`);
    const covered = Math.floor(bytes.length / size);
    for (let i = Math.max(0, -skipped); i < covered && skipped + i < found.length; i++) found[skipped + i] = { bytes, at: i * size };
  }

  /** The logged items that may have checksums of a range. */
  private *loggedSums(start: number, length: number): Generator<Item> {
    const reach = Math.floor(this.longest / this.checksum.size) * this.sector;
    let low = 0;
    let high = this.logged.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.logged[middle] as Item).key.offset + reach <= start) low = middle + 1;
      else high = middle;
    }
    for (let item = this.logged[low]; item !== undefined && item.key.offset < start + length; item = this.logged[++low]) yield item;
  }
}
