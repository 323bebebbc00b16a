import { describe, expect, it } from 'vitest';
import { openContainer } from '../../../src/disk/index.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { type ByteSource, checkRange } from '../../../src/source/byte-source.js';
import { CountingSource } from '../../../src/source/counting.js';
import { makeVhd } from './encoder.js';
import { containerOptions } from './memory.js';

const GiB = 1024 ** 3;
const BLOCK = 2 * 1024 * 1024;
const STRIDE = 4104 * 512;
const FIRST = 4_328_960;

/** A file as blktap lays it out for 2 TiB, with every block allocated and full; made up as it is read. */
class FullDisk implements ByteSource {
  readonly size: number;
  private readonly head: Uint8Array;
  private readonly footer: Uint8Array;
  readonly blocks: number;

  constructor(diskSize: number) {
    this.blocks = diskSize / BLOCK;
    const made = makeVhd({ type: 3, size: diskSize, id: 'a', blockSize: BLOCK, maxTableEntries: 1 });
    this.head = made.bytes.subarray(0, 1536);
    this.footer = made.bytes.slice(made.footerOffset);
    const real = makeVhd({ type: 3, size: 512, id: 'a', blockSize: BLOCK, header: { maxTableEntries: 1_048_576 } });
    this.head.set(real.bytes.subarray(512, 1536), 512);
    this.size = FIRST + this.blocks * STRIDE + 512;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.byteAt(offset + i);
    return out;
  }

  private byteAt(at: number): number {
    if (at < 1536) return this.head[at] ?? 0;
    if (at < 1536 + this.blocks * 4) {
      const block = (at - 1536) >> 2;
      const entry = (FIRST + block * STRIDE) / 512;
      return (entry >>> (24 - 8 * ((at - 1536) & 3))) & 0xff;
    }
    if (at < 1536 + 4 * 1_048_576) return 0xff;
    if (at >= this.size - 512) return this.footer[at - (this.size - 512)] ?? 0;
    return at >= FIRST && (at - FIRST) % STRIDE < 512 ? 0xff : at & 0xff;
  }
}

describe('a 2 TiB disk with a full BAT', () => {
  it('is opened with a few KiB, and reading costs only the part of the BAT that it needs', async () => {
    const counting = new CountingSource(new FullDisk(2040 * GiB));
    const { disk, warnings } = await openContainer(new BlockCache(counting), containerOptions());
    expect(warnings).toEqual([]);
    expect(disk.size).toBe(2040 * GiB);
    expect(counting.bytesRead).toBeLessThanOrEqual(16 * 1024);
    await disk.read(0, 4096);
    expect(counting.bytesRead).toBeLessThanOrEqual(100 * 1024);
    const far = 2039 * GiB + 512 * 1000;
    const got = await disk.read(far, 512);
    const at = FIRST + Math.floor(far / BLOCK) * STRIDE + 512 + (far % BLOCK);
    expect(got).toEqual(Uint8Array.from({ length: 512 }, (_, i) => (at + i) & 0xff));
    expect(counting.bytesRead).toBeLessThanOrEqual(200 * 1024);
  });

  it('keeps the BAT and bitmaps within their bounds of memory: reading everywhere reads little twice', async () => {
    const counting = new CountingSource(new FullDisk(256 * GiB));
    const { disk } = await openContainer(new BlockCache(counting), containerOptions());
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < disk.size; at += 2 * GiB) await disk.locate?.(at, 512);
    }
    // 128 blocks: a bitmap of 4 KiB (one cached block) each, and 512 KiB of BAT, once.
    expect(counting.bytesRead).toBeLessThanOrEqual(128 * 4096 + 9 * 65536 + 16 * 1024);
  });
});
