/** The allocation table, and the chains of clusters that it links. */
import { corrupt, limitReached } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import { type ByteSource, MappedSource, type Run } from '../../src/source/byte-source.js';
import type { Geometry } from './boot-sector.js';

/** Entries of the allocation table are read in pieces of this many bytes. */
const PIECE = 4096;

/** A piece of the allocation table in memory. */
interface TablePiece {
  /** Clusters from `first` up to `end` (not included) have their entries here. */
  readonly first: number;
  readonly end: number;
  /** The entry of a cluster: the next cluster, or `END`. */
  next(cluster: number): number;
}

/** The end of a chain; the mark of a bad cluster ends a chain too, as in Linux. */
const END = -1;

/** The allocation table (section 4). */
export class AllocationTable {
  /** Entries in one piece: a number that makes pieces of whole bytes for entries of 12 bits too. */
  private readonly entriesPerPiece: number;

  constructor(
    readonly source: ByteSource,
    readonly geometry: Geometry,
    readonly limits: Limits,
  ) {
    this.entriesPerPiece = geometry.bits === 12 ? PIECE : (PIECE * 8) / geometry.bits;
  }

  /** True for the number of a cluster that the volume has. */
  isCluster(cluster: number): boolean {
    return cluster >= 2 && cluster <= this.geometry.lastCluster;
  }

  /** The piece of the table with the entry of a cluster. */
  async piece(cluster: number): Promise<TablePiece> {
    const { bits, fatStart, fatSize, lastCluster } = this.geometry;
    const first = cluster - (cluster % this.entriesPerPiece);
    const end = Math.min(first + this.entriesPerPiece, lastCluster + 1);
    const start = (first * bits) / 8;
    const data = await this.source.read(fatStart + start, Math.min(Math.ceil((end * bits) / 8), fatSize) - start);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (bits === 32) {
      const next = (n: number) => ended(view.getUint32((n - first) * 4, true) & 0x0fffffff, 0x0ffffff7);
      return { first, end, next };
    }
    if (bits === 16) return { first, end, next: (n) => ended(view.getUint16((n - first) * 2, true), 0xfff7) };
    const next = (n: number) => {
      const index = n - first;
      const at = index + (index >> 1);
      // The last entry of an odd number of entries may have its high half byte outside the table: then there is none.
      const pair = view.getUint8(at) | (at + 1 < view.byteLength ? view.getUint8(at + 1) << 8 : 0);
      return ended(index % 2 === 0 ? pair & 0xfff : pair >> 4, 0xff7);
    };
    return { first, end, next };
  }

  /** Byte offset of the entry of a cluster, for messages. */
  entryOffset(cluster: number): number {
    return this.geometry.fatStart + Math.floor((cluster * this.geometry.bits) / 8);
  }

  /** Byte offset of a cluster's content. */
  clusterOffset(cluster: number): number {
    return this.geometry.dataStart + (cluster - 2) * this.geometry.clusterSize;
  }
}

function ended(entry: number, bad: number): number {
  return entry >= bad ? END : entry;
}

/**
 * A chain of clusters, followed only as far as it is asked for. Neighbouring clusters are one run. A hostile table can
 * make loops: Brent's cycle detection ends them after at most three times their length.
 */
export class ClusterChain {
  /** Runs as three lists: index in the chain of the first cluster, its number, clusters. */
  private readonly indexes: number[] = [];
  private readonly numbers: number[] = [];
  private readonly lengths: number[] = [];
  /** Clusters followed so far. */
  private known = 0;
  /** The last of them; null before the first. */
  private last: number | null = null;
  private ended = false;
  /** Brent's tortoise: a cluster of the chain that a later one must not equal, moved after 1, 2, 4 ... steps. */
  private tortoise = END;
  private steps = 0;
  private stride = 1;

  /**
   * @param first number of the first cluster, as the directory has it
   * @param what what the chain belongs to, for messages
   */
  constructor(
    private readonly table: AllocationTable,
    private readonly first: number,
    private readonly what: string,
  ) {}

  /**
   * Follows the chain until cluster `index` (from 0) is known or the chain ends.
   * @returns clusters known now
   * @throws TygrubError corrupt `fat.chain-…`, limit treeNodes (pieces that are not neighbours)
   */
  async follow(index: number): Promise<number> {
    if (this.last === null) this.append(this.first);
    while (this.known <= index && !this.ended && this.last !== null) {
      const piece = await this.table.piece(this.last);
      // Other readers of this chain may have followed it further while this one waited: only the present state counts.
      while (this.known <= index && !this.ended && this.last >= piece.first && this.last < piece.end) {
        const next = piece.next(this.last);
        if (next === END) this.ended = true;
        else this.append(next);
      }
    }
    return this.known;
  }

  /** Follows the chain to its end, which must come within `maxClusters`. */
  async followAll(maxClusters: number): Promise<number> {
    const known = await this.follow(maxClusters);
    if (known > maxClusters) throw limitReached('directorySize', `${this.what} has more than ${maxClusters} clusters`);
    return known;
  }

  /** The run that holds cluster `index` of the chain, which must be known: its number, and clusters from there on. */
  run(index: number): { readonly cluster: number; readonly count: number } {
    let low = 0;
    let high = this.indexes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.indexes[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    const inside = index - (this.indexes[low] as number);
    return { cluster: (this.numbers[low] as number) + inside, count: (this.lengths[low] as number) - inside };
  }

  private append(cluster: number): void {
    const where = this.last === null ? undefined : { offset: this.table.entryOffset(this.last) };
    if (!this.table.isCluster(cluster)) {
      const reason = cluster === 0 ? 'a free cluster' : `cluster ${cluster}, which does not exist`;
      throw corrupt('fat.chain-broken', `the clusters of ${this.what} lead to ${reason}`, where);
    }
    if (cluster === this.tortoise) throw corrupt('fat.chain-loop', `the clusters of ${this.what} form a loop`, where);
    this.steps += 1;
    if (this.steps === this.stride) {
      this.tortoise = cluster;
      this.stride *= 2;
      this.steps = 0;
    }
    const end = this.lengths.length - 1;
    if (end >= 0 && (this.numbers[end] as number) + (this.lengths[end] as number) === cluster) {
      (this.lengths[end] as number) += 1;
    } else {
      if (this.lengths.length >= this.table.limits.treeNodes) {
        throw limitReached('treeNodes', `${this.what} is in more than ${this.table.limits.treeNodes} pieces`);
      }
      this.indexes.push(this.known);
      this.numbers.push(cluster);
      this.lengths.push(1);
    }
    this.known += 1;
    this.last = cluster;
  }
}

/** The content of a file or directory: the clusters of a chain, up to a size. */
export class ChainSource extends MappedSource {
  private readonly chain: ClusterChain;

  constructor(
    private readonly table: AllocationTable,
    first: number,
    readonly size: number,
    private readonly what: string,
    chain?: ClusterChain,
  ) {
    super();
    this.chain = chain ?? new ClusterChain(table, first, what);
  }

  protected async map(offset: number, length: number): Promise<Run> {
    const { clusterSize } = this.table.geometry;
    const index = Math.floor(offset / clusterSize);
    const last = Math.floor((offset + length - 1) / clusterSize);
    const known = await this.chain.follow(last);
    if (known <= index) {
      throw corrupt('fat.chain-short', `the clusters of ${this.what} end after ${known * clusterSize} of ${this.size} bytes`);
    }
    const { cluster, count } = this.chain.run(index);
    const inside = offset - index * clusterSize;
    return {
      length: Math.min(length, count * clusterSize - inside),
      source: this.table.source,
      offset: this.table.clusterOffset(cluster) + inside,
    };
  }
}
