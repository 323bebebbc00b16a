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

/** A piece of exactly `size` bytes: what came out of a decompressor, padded with zeros where the format allows it to end early. */
export function paddedTo(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length >= size) return bytes;
  const out = new Uint8Array(size);
  out.set(bytes);
  return out;
}
