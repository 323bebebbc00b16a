import { describe, expect, it } from 'vitest';
import { SECTOR } from '../../../fs-readers/iso9660/descriptor-id.js';
import { openIso9660, type Tree } from '../../../fs-readers/iso9660/file-system.js';
import { iso9660 } from '../../../fs-readers/iso9660/index.js';
import { withLimits } from '../../../src/limits.js';
import { CountingSource } from '../../../src/source/counting.js';
import { MemorySource } from '../../../src/source/memory.js';
import { walkDamaged } from '../../support/damaged-walk.js';
import { damage, mutations, Random, seed } from '../../support/mutation.js';
import { sampleDisc } from './image.js';

const OPTIONS = {
  limits: withLimits({ directorySize: 256 * 1024, directoryEntries: 5000 }),
  noJournal: false,
  ignoreChecksums: false,
  otherVolumes: async () => [],
};
const BOUNDS = { nodes: 60, depth: 6, bytes: 4096 };
const METADATA = [
  { start: 16 * SECTOR, length: 200 },
  { start: 17 * SECTOR, length: 200 },
  { start: 20 * SECTOR, length: 700 },
  { start: 21 * SECTOR, length: 300 },
  { start: 22 * SECTOR, length: 500 },
  { start: 24 * SECTOR, length: 250 },
  { start: 25 * SECTOR + 90, length: 40 },
];

describe('A damaged ISO 9660 image', () => {
  it('is read or refused within bounds, by every tree', async () => {
    const { bytes } = sampleDisc();
    const random = new Random(seed());
    let read = 0;
    for (let i = 0; i < mutations(20_000); i++) {
      const change = damage(bytes, random, random.next(4) === 0 ? [] : METADATA);
      const source = new CountingSource(new MemorySource(bytes));
      const tree = random.pick<Tree | undefined>([undefined, undefined, 'rock-ridge', 'joliet', 'plain']);
      try {
        if (!(await iso9660.probe(source))) continue;
        const nodes = await walkDamaged(() => openIso9660(source, OPTIONS, tree), BOUNDS);
        if (nodes > 3) read += 1;
        expect(source.bytesRead).toBeLessThan(32 * 1024 * 1024);
        expect(source.reads).toBeLessThan(50_000);
      } catch (error) {
        throw new Error(`seed ${seed()}, damage ${i}: ${change.description}`, { cause: error });
      } finally {
        change.undo();
      }
    }
    expect(read).toBeGreaterThan(mutations(20_000) / 10);
  });
});
