import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { BlockCache } from '../../src/source/block-cache.js';
import { type ByteSource, MappedSource, type Run } from '../../src/source/byte-source.js';
import { ConcatenatedSource } from '../../src/source/concatenation.js';
import { CountingSource } from '../../src/source/counting.js';
import { blockDeviceSize, HostFileSource, sizeByReading } from '../../src/source/host-file.js';
import { MemorySource } from '../../src/source/memory.js';
import { leafRuns } from '../../src/source/runs.js';
import { SliceSource } from '../../src/source/slice.js';

const folder = mkdtempSync(join(tmpdir(), 'tygrub-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

const data = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

/** Every third stretch of 1000 bytes is a hole. */
class Patchwork extends MappedSource {
  readonly size = data.length;
  constructor(private readonly inner: ByteSource) {
    super();
  }
  protected map(offset: number, length: number): Run {
    const end = Math.floor(offset / 1000 + 1) * 1000;
    const take = Math.min(length, end - offset);
    return Math.floor(offset / 1000) % 3 === 2 ? { length: take, source: null, offset: 0 } : { length: take, source: this.inner, offset };
  }
}
const patched = data.map((byte, i) => (Math.floor(i / 1000) % 3 === 2 ? 0 : byte));

const path = join(folder, 'file');
writeFileSync(path, data);

describe('byte sources', () => {
  const file = HostFileSource.open(path);
  const stacks: [string, ByteSource, Uint8Array][] = [
    ['a file', file, data],
    ['a cached file', new BlockCache(file, 20_000), data],
    ['a slice', new SliceSource(file, 1000, 250_000), data.subarray(1000, 251_000)],
    [
      'a slice of a slice of a cache',
      new SliceSource(new SliceSource(new BlockCache(file), 10, 200_000), 5, 100_000),
      data.subarray(15, 100_015),
    ],
    ['a mapped source with holes', new Patchwork(new BlockCache(file, 8192)), patched],
    [
      'a concatenation',
      new ConcatenatedSource([new SliceSource(file, 0, 7), new MemorySource(data.subarray(7, 7)), new SliceSource(file, 7, 99_993)]),
      data.subarray(0, 100_000),
    ],
    ['a counted file', new CountingSource(file), data],
  ];
  for (const [name, source, expected] of stacks) {
    it(`${name} gives the right bytes for any range`, async () => {
      expect(source.size).toBe(expected.length);
      await fc.assert(
        fc.asyncProperty(fc.nat(expected.length), fc.nat(70_000), async (offset, length) => {
          const end = Math.min(expected.length, offset + length);
          expect(Buffer.compare(await source.read(offset, end - offset), expected.subarray(offset, end))).toBe(0);
        }),
        { seed: 3, numRuns: 60 },
      );
    });

    it(`${name} gives the same bytes run by run`, async () => {
      const out = Buffer.alloc(expected.length);
      let at = 0;
      for await (const run of leafRuns(source, 0, source.size, 10_000)) {
        if (run.source !== null) out.set(await run.source.read(run.offset, run.length), at);
        at += run.length;
      }
      expect(Buffer.compare(out, expected)).toBe(0);
    });

    it(`${name} refuses ranges outside`, async () => {
      await expect(source.read(source.size, 1)).rejects.toMatchObject({ code: 'source.out-of-range' });
      await expect(source.read(-1, 1)).rejects.toMatchObject({ code: 'source.out-of-range' });
      await expect(source.read(0.5, 1)).rejects.toMatchObject({ code: 'source.out-of-range' });
    });
  }

  it('a cache reads each block of metadata once and keeps to its size', async () => {
    const counted = new CountingSource(new MemorySource(data));
    const cache = new BlockCache(counted, 64 * 1024);
    for (let i = 0; i < 100; i++) await cache.read(i * 41, 100);
    expect(counted.bytesRead).toBe(8192);
    for (let i = 0; i < 60; i++) await cache.read(i * 4096, 10);
    await cache.read(0, 10);
    expect(counted.bytesRead).toBe(8192 + 58 * 4096 + 4096);
  });
});

describe('host files', () => {
  it('are refused when they are no disk', () => {
    expect(() => HostFileSource.open(folder)).toThrow(/is a directory/);
    expect(() => HostFileSource.open(join(folder, 'none'))).toThrow(/no such file/);
    expect(() => HostFileSource.open('/dev/null')).toThrow(/neither a regular file nor a block device/);
    symlinkSync('loop', join(folder, 'loop'));
    expect(() => HostFileSource.open(join(folder, 'loop'))).toThrow(/too many symbolic links/);
  });

  it('that shrink while they are read are an error, not zeros', async () => {
    const shrinking = join(folder, 'shrinking');
    writeFileSync(shrinking, data);
    const source = HostFileSource.open(shrinking);
    writeFileSync(shrinking, 'short');
    await expect(source.read(1000, 10)).rejects.toMatchObject({ code: 'source.ended-early' });
  });

  it('have their size found by reading where stat and sysfs do not tell it', () => {
    for (const size of [0, 1, 511, 512, 513, 4096, 1_000_001, 2 ** 40 + 3]) {
      let asked = 0;
      const found = sizeByReading((offset) => {
        asked += 1;
        return offset < size;
      });
      expect([size, found]).toEqual([size, size]);
      expect(asked).toBeLessThan(120);
    }
  });

  it('fall back to reading when sysfs knows nothing', () => {
    expect(blockDeviceSize(HostFileSource.open(path).fd, 0xfff00, join(folder, 'no-sysfs'))).toBe(data.length);
  });
});
