/** From virtual bytes to bytes of the file: L1 table, L2 tables, clusters, subclusters. */
import { corrupt } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { type ByteSource, MappedSource, type Run } from '../../source/byte-source.js';
import { SliceSource } from '../../source/slice.js';
import { ClusterCache, decodeCluster } from '../cluster-cache.js';
import type { Qcow2Header } from './header.js';
import { SUBCLUSTERS, TABLE_ENTRY } from './layout.js';

/** What an L2 entry (or a stretch of its subclusters) says. */
type Place =
  | { readonly kind: 'data'; readonly offset: number }
  | { readonly kind: 'zero' }
  /** `until`: the end of what one missing table covers. */
  | { readonly kind: 'unallocated'; readonly until?: number }
  | { readonly kind: 'compressed'; readonly offset: number; readonly length: number };

/** Bytes of L2 entries that are looked at in one step. */
const SLICE = 4096;
/** Bytes of decompressed clusters that are kept. */
const KEPT = 8 * 1024 * 1024;

/** The virtual disk of one image; unallocated clusters are the backing disk's, or zeros. */
export class Qcow2Disk extends MappedSource {
  readonly size: number;
  private readonly clusters: ClusterCache;
  /** Bytes that one mapping unit covers: a cluster, or a subcluster where entries are extended. */
  private readonly unit: number;
  private readonly entrySize: number;

  /**
   * @param source the file (tables are read through it, so it should be cached)
   * @param backing what lies below; null for zeros
   */
  constructor(
    private readonly source: ByteSource,
    private readonly header: Qcow2Header,
    private readonly backing: ByteSource | null,
    private readonly limits: Limits,
  ) {
    super();
    this.size = header.size;
    this.unit = header.extendedL2 ? header.clusterSize / SUBCLUSTERS : header.clusterSize;
    this.entrySize = header.extendedL2 ? 16 : 8;
    this.clusters = new ClusterCache(Math.max(1, Math.floor(KEPT / header.clusterSize)));
  }

  protected async map(offset: number, length: number): Promise<Run> {
    const first = await this.place(offset);
    let end = this.endOf(first, offset);
    const inside = offset % this.unit;
    if (first.kind === 'compressed') {
      // A compressed cluster has no subclusters.
      const start = Math.floor(offset / this.header.clusterSize) * this.header.clusterSize;
      const cluster = await this.clusters.get(first.offset, () => this.decompress(first.offset, first.length));
      return { source: cluster, offset: offset - start, length: Math.min(length, start + this.header.clusterSize - offset) };
    }
    while (end < offset + length) {
      const next = await this.place(end);
      if (next.kind !== first.kind) break;
      if (first.kind === 'data' && next.kind === 'data' && next.offset !== first.offset + inside + (end - offset)) break;
      end = this.endOf(next, end);
    }
    const run = Math.min(length, end - offset);
    if (first.kind === 'data') return this.dataRun(first.offset + inside, run);
    if (first.kind === 'zero' || this.backing === null) return { source: null, offset: 0, length: run };
    if (offset >= this.backing.size) return { source: null, offset: 0, length: run };
    return { source: this.backing, offset, length: Math.min(run, this.backing.size - offset) };
  }

  private dataRun(offset: number, length: number): Run {
    if (offset < this.source.size) return { source: this.source, offset, length: Math.min(length, this.source.size - offset) };
    // QEMU may leave the last cluster of the file short; what it does not hold reads as zeros.
    const { clusterSize } = this.header;
    const cluster = offset - (offset % clusterSize);
    if (cluster >= this.source.size) throw corrupt('qcow2.cluster-outside', 'a cluster lies past the end of the file', { offset });
    return { source: null, offset: 0, length: Math.min(length, cluster + clusterSize - offset) };
  }

  /** Where the mapping unit at `offset` ends, or the stretch that one missing table covers. */
  private endOf(place: Place, offset: number): number {
    const end = (Math.floor(offset / this.unit) + 1) * this.unit;
    return place.kind === 'unallocated' && place.until !== undefined ? place.until : end;
  }

  /** The place of the mapping unit that holds virtual byte `offset`. */
  private async place(offset: number): Promise<Place> {
    const { clusterSize, l1TableOffset } = this.header;
    const cluster = Math.floor(offset / clusterSize);
    const entries = clusterSize / this.entrySize;
    const l1At = l1TableOffset + Math.floor(cluster / entries) * 8;
    const l2Table = this.entryOffset(await this.entry(l1At), l1At);
    if (l2Table === 0) return { kind: 'unallocated', until: (Math.floor(cluster / entries) + 1) * entries * clusterSize };
    if (l2Table % clusterSize !== 0)
      throw corrupt('qcow2.l2-table', `an L2 table lies at byte ${l2Table}, between clusters`, { offset: l1At });
    const at = l2Table + (cluster % entries) * this.entrySize;
    const entry = await this.entry(at);
    if ((entry.high & 0x40000000) !== 0) return this.compressedPlace(entry);
    const host = this.entryOffset(entry, at);
    if (host % clusterSize !== 0) throw corrupt('qcow2.cluster', `a cluster lies at byte ${host}, between clusters`, { offset: at });
    if (!this.header.extendedL2) {
      if (this.header.version >= 3 && (entry.low & 1) === 1) return { kind: 'zero' };
      return host === 0 ? { kind: 'unallocated' } : { kind: 'data', offset: host };
    }
    const subcluster = Math.floor((offset % clusterSize) / this.unit);
    const status = await this.entry(at + 8);
    if (((status.high >>> subcluster) & 1) === 1) return { kind: 'zero' };
    if (((status.low >>> subcluster) & 1) === 0) return { kind: 'unallocated' };
    if (host === 0) throw corrupt('qcow2.subcluster', 'a subcluster is marked as stored, but its cluster has no place', { offset: at });
    return { kind: 'data', offset: host + subcluster * this.unit };
  }

  private async entry(at: number): Promise<{ high: number; low: number }> {
    if (at + TABLE_ENTRY.size > this.source.size)
      throw corrupt('qcow2.table-outside', 'a table ends past the end of the file', { offset: at });
    // One aligned stretch at a time: neighbouring entries come out of the cache.
    const start = Math.floor(at / SLICE) * SLICE;
    const slice = await this.source.read(start, Math.min(SLICE, this.source.size - start));
    if (at - start + TABLE_ENTRY.size <= slice.length) return TABLE_ENTRY.decode(slice, at - start).entry;
    return TABLE_ENTRY.decode(await this.source.read(at, TABLE_ENTRY.size)).entry;
  }

  /** Bits 9 to 55 of an entry. */
  private entryOffset(entry: { high: number; low: number }, at: number): number {
    const high = entry.high & 0x00ffffff;
    if (high > 0x1fffff) throw corrupt('qcow2.offset', 'a table entry names an impossibly large offset', { offset: at });
    return high * 0x1_0000_0000 + (entry.low & ~0x1ff) + ((entry.low & ~0x1ff) < 0 ? 0x1_0000_0000 : 0);
  }

  /** Compressed clusters: the low bits are the offset, those above it the number of further 512-byte sectors. */
  private compressedPlace(entry: { high: number; low: number }): Place {
    const offsetBits = 62 - (Math.log2(this.header.clusterSize) - 8);
    const highBits = offsetBits - 32;
    const offset = (entry.high & (2 ** highBits - 1)) * 0x1_0000_0000 + entry.low;
    const sectors = (entry.high & 0x3fffffff) >>> highBits;
    const length = (sectors + 1) * 512 - (offset % 512);
    if (!Number.isSafeInteger(offset) || offset >= this.source.size) {
      throw corrupt('qcow2.compressed-cluster', 'a compressed cluster lies past the end of the file', { offset });
    }
    return { kind: 'compressed', offset, length: Math.min(length, this.source.size - offset) };
  }

  private async decompress(offset: number, length: number): Promise<Uint8Array> {
    const { clusterSize, compression } = this.header;
    const packed = await new SliceSource(this.source, offset, length).read(0, length);
    return decodeCluster(compression, packed, clusterSize, this.limits);
  }
}
