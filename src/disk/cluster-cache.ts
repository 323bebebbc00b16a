import { type CodecName, codec } from '../codec/codec.js';
import type { Limits } from '../limits.js';
import { MemorySource } from '../source/memory.js';

/** The clusters that were decompressed last: reads of one cluster come in pieces. Bounded by number and so by bytes. */
export class ClusterCache {
  private readonly clusters = new Map<number, MemorySource>();

  /** @param capacity clusters kept at most */
  constructor(private readonly capacity: number) {}

  /** The cluster that `key` (its place in the file) stands for, decompressed by `load` when it is not kept. */
  async get(key: number, load: () => Promise<Uint8Array>): Promise<MemorySource> {
    const kept = this.clusters.get(key);
    if (kept !== undefined) {
      this.clusters.delete(key);
      this.clusters.set(key, kept);
      return kept;
    }
    const cluster = new MemorySource(await load());
    this.clusters.set(key, cluster);
    if (this.clusters.size > this.capacity) {
      const oldest = this.clusters.keys().next();
      if (oldest.done !== true) this.clusters.delete(oldest.value);
    }
    return cluster;
  }
}

/**
 * Decompresses one cluster. The compressed bytes are known only in whole sectors: what follows the cluster in its last
 * sector belongs to another one, so decompression stops when the cluster is full.
 * @returns exactly `size` bytes, with zeros where less came out
 */
export async function decodeCluster(name: CodecName, packed: Uint8Array, size: number, limits: Limits): Promise<Uint8Array> {
  const out = new Uint8Array(size);
  let filled = 0;
  async function* input() {
    yield packed;
  }
  for await (const piece of (await codec(name)).decodeStream(input(), limits)) {
    const take = Math.min(piece.length, size - filled);
    out.set(piece.subarray(0, take), filled);
    filled += take;
    if (filled === size) break;
  }
  return out;
}
