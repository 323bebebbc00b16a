import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BATCH, type CopyRange, RangeCopier } from '../../src/extract/range-copier.js';
import { HOLE } from '../../src/extract/stored-chunks.js';
import { HostFileSource } from '../../src/source/host-file.js';
import { sampleDisk } from '../disk/qemu.js';
import { temporaryFolder } from '../support/program.js';

const MiB = 1024 * 1024;
const folder = temporaryFolder();

describe('copying ranges with two threads', () => {
  it('puts each where it belongs, batch after batch, and leaves out zeros', async () => {
    const content = sampleDisk(9 * MiB + 512, 3);
    content.fill(0, 4 * MiB, 6 * MiB);
    writeFileSync(join(folder, 'source'), content);
    const source = HostFileSource.open(join(folder, 'source'));
    const target = openSync(join(folder, 'target'), 'wx');
    const copier = new RangeCopier(target);
    // In the target the halves are exchanged, and everything is shifted by a sector.
    const half = 3 * MiB + 1024;
    const expected = new Uint8Array(content.length + 512);
    expected.set(content.subarray(half), 512);
    expected.set(content.subarray(0, half), 512 + content.length - half);
    const ranges: CopyRange[] = [];
    for (let offset = 0; offset < content.length; ) {
      const length = Math.min(offset < half ? 33 * 1024 : 200 * 1024, (offset < half ? half : content.length) - offset);
      const place = offset < half ? 512 + content.length - half + offset : 512 + offset - half;
      ranges.push({ source, offset, target: place, length });
      offset += length;
    }
    expect(ranges.length).toBeGreaterThan(BATCH);
    for (let at = 0; at < ranges.length; at += BATCH) expect(await copier.copy(ranges.slice(at, at + BATCH))).toEqual([]);
    await copier.close();
    closeSync(target);
    await source.close();
    truncateSync(join(folder, 'target'), expected.length);
    expect(Buffer.compare(readFileSync(join(folder, 'target')), expected)).toBe(0);
    expect(statSync(join(folder, 'target')).blocks * 512).toBeLessThan(expected.length - 2 * MiB + 8 * HOLE);
  });

  it('gives back the ranges that cannot be read, and copies the others', async () => {
    writeFileSync(join(folder, 'short'), new Uint8Array(64 * 1024).fill(7));
    const source = HostFileSource.open(join(folder, 'short'));
    const target = openSync(join(folder, 'partial'), 'wx');
    const copier = new RangeCopier(target);
    const ranges = Array.from({ length: BATCH }, (_, index) => ({ source, offset: index * 4096, target: index * 4096, length: 4096 }));
    expect(await copier.copy(ranges)).toEqual(ranges.slice(16));
    await copier.close();
    closeSync(target);
    await source.close();
    expect(readFileSync(join(folder, 'partial')).equals(new Uint8Array(64 * 1024).fill(7))).toBe(true);
  });

  it('gives back everything where the target cannot be written', async () => {
    writeFileSync(join(folder, 'good'), new Uint8Array(64 * 1024).fill(7));
    const source = HostFileSource.open(join(folder, 'good'));
    const target = openSync(join(folder, 'good'), 'r');
    const copier = new RangeCopier(target);
    const ranges = Array.from({ length: 16 }, (_, index) => ({ source, offset: index * 4096, target: index * 4096, length: 4096 }));
    expect(await copier.copy(ranges)).toEqual(ranges);
    await copier.close();
    closeSync(target);
    await source.close();
  });
});
