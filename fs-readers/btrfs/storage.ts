/** Logical addresses: bytes by way of chunks and devices, in any of their copies. */
import { corrupt, limitReached, TygrubError } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import type { ByteSource, Run } from '../../src/source/byte-source.js';
import { Chunk } from './chunk.js';
import { type Devices, missingDevice } from './devices.js';
import { KEY_SIZE, keyField } from './key.js';
import { ITEM_TYPE } from './layout.js';
import type { Superblock } from './superblock.js';

/** Finds the chunk item of an address in the chunk tree: the last one that starts at or before it. */
export type ChunkLookup = (address: number) => Promise<Chunk | null>;

/** The address space of a filesystem. */
export class Storage {
  /** Chunks in the order of their addresses, as far as they were needed. */
  private readonly chunks: Chunk[] = [];

  /**
   * @param lookup where chunks are found that are not in the superblock; null for what the chunk tree itself is read through:
   * a chunk tree outside of the superblock's chunks would have to be read to find out where it is
   */
  constructor(
    readonly devices: Devices,
    private readonly limits: Limits,
    private readonly lookup: ChunkLookup | null,
  ) {
    for (const chunk of systemChunks(devices.main.superblock)) this.insert(chunk);
  }

  /**
   * The chunk that an address lies in.
   * @throws TygrubError corrupt `btrfs.no-chunk`
   */
  async chunkOf(address: number): Promise<Chunk> {
    const known = this.known(address);
    if (known !== null) return known;
    const found = this.lookup === null ? null : await this.lookup(address);
    if (found === null || address < found.logical || address >= found.end) {
      throw corrupt('btrfs.no-chunk', `no chunk holds the logical address ${address}`);
    }
    this.insert(found);
    return found;
  }

  /**
   * Reads one copy.
   * @param mirror which copy, taken modulo the number of copies; null for the one that is to be tried first, wherever it is
   * @throws TygrubError corrupt `btrfs.missing-device`, `btrfs.no-chunk`, what a device's source throws
   */
  async readCopy(address: number, length: number, mirror: number | null): Promise<Uint8Array> {
    let out: Uint8Array | null = null;
    for (let done = 0; done < length; ) {
      const run = await this.run(address + done, length - done, mirror);
      const bytes = await run.source.read(run.offset, run.length);
      if (run.length === length) return bytes;
      out ??= new Uint8Array(length);
      out.set(bytes, done);
      done += run.length;
    }
    return out ?? new Uint8Array(0);
  }

  /** Where the first bytes of a range are in one copy; `mirror` as in `readCopy`. @throws TygrubError corrupt */
  async run(address: number, length: number, mirror: number | null): Promise<Run & { readonly source: ByteSource }> {
    const chunk = await this.chunkOf(address);
    const copy = mirror ?? (await this.mirrorOrder(address))[0] ?? 0;
    const piece = chunk.piece(address, length, copy % chunk.mirrors);
    const device = this.devices.of(piece.stripe);
    if (device === null) throw missingDevice(piece.stripe);
    return { source: device.source, offset: piece.offset, length: piece.length };
  }

  /** The order in which the copies at an address are to be tried: stale devices last, missing ones not at all if others are there. */
  async mirrorOrder(address: number): Promise<readonly number[]> {
    const chunk = await this.chunkOf(address);
    const ranked: { mirror: number; rank: number }[] = [];
    for (let mirror = 0; mirror < chunk.mirrors; mirror++) {
      const device = this.devices.of(chunk.piece(address, 1, mirror).stripe);
      ranked.push({ mirror, rank: device === null ? 2 : this.devices.isStale(device) ? 1 : 0 });
    }
    return ranked.sort((a, b) => a.rank - b.rank || a.mirror - b.mirror).map(({ mirror }) => mirror);
  }

  /**
   * Gives the first copy that `use` takes.
   * @param use throws a corrupt `TygrubError` to have the next copy tried
   * @throws TygrubError what the first copy was refused for
   */
  async firstGood<T>(address: number, length: number, use: (bytes: Uint8Array, mirror: number) => T): Promise<T> {
    let first: TygrubError | null = null;
    for (const mirror of await this.mirrorOrder(address)) {
      try {
        return use(await this.readCopy(address, length, mirror), mirror);
      } catch (error) {
        if (!(error instanceof TygrubError) || error.kind !== 'corrupt') throw error;
        first ??= error;
      }
    }
    throw first ?? corrupt('btrfs.no-chunk', `no chunk holds the logical address ${address}`);
  }

  private known(address: number): Chunk | null {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.chunks[middle] as Chunk).logical <= address) low = middle + 1;
      else high = middle;
    }
    const chunk = this.chunks[low - 1];
    return chunk !== undefined && address < chunk.end ? chunk : null;
  }

  private insert(chunk: Chunk): void {
    if (this.chunks.length >= this.limits.chunks) throw limitReached('chunks', `the filesystem has more than ${this.limits.chunks} chunks`);
    let at = this.chunks.length;
    while (at > 0 && (this.chunks[at - 1] as Chunk).logical > chunk.logical) at--;
    const before = this.chunks[at - 1];
    const after = this.chunks[at];
    if ((before !== undefined && before.end > chunk.logical) || (after !== undefined && chunk.end > after.logical)) {
      throw corrupt('btrfs.chunk', `the chunk at logical address ${chunk.logical} overlaps another one`);
    }
    this.chunks.splice(at, 0, chunk);
  }
}

/**
 * The chunks in the superblock (`sys_chunk_array`): those that the chunk tree itself lies in.
 * @throws TygrubError corrupt `btrfs.system-chunks`
 */
function systemChunks(superblock: Superblock): Chunk[] {
  const { sys_chunk_array, sys_chunk_array_size, sectorsize } = superblock.fields;
  const array = sys_chunk_array.subarray(0, sys_chunk_array_size);
  const view = new DataView(array.buffer, array.byteOffset, array.length);
  const damaged = (what: string) =>
    corrupt('btrfs.system-chunks', `the array of system chunks is damaged: ${what}`, { offset: superblock.offset });
  const chunks: Chunk[] = [];
  for (let at = 0; at < array.length; ) {
    if (at + KEY_SIZE > array.length) throw damaged('a key is cut off');
    const key = keyField.read(view, at, true, 'system chunk');
    if (key.type !== ITEM_TYPE.CHUNK_ITEM) throw damaged(`it holds an item of type ${key.type}`);
    const chunk = Chunk.decode(key.offset, array, at + KEY_SIZE, sectorsize);
    if (!chunk.isSystem) throw damaged('a chunk is not for the system');
    chunks.push(chunk);
    at += KEY_SIZE + chunk.size;
  }
  return chunks;
}
