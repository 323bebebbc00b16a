import { describe, expect, it } from 'vitest';
import { fat } from '../../../fs-readers/fat/index.js';
import { withLimits } from '../../../src/limits.js';
import { CountingSource } from '../../../src/source/counting.js';
import { MemorySource } from '../../../src/source/memory.js';
import { walkDamaged } from '../../support/damaged-walk.js';
import { damage, mutations, Random, seed } from '../../support/mutation.js';
import { sampleImage } from './image.js';

const LIMITS = withLimits({ directorySize: 256 * 1024, directoryEntries: 5000 });
const OPTIONS = { limits: LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] };
const BOUNDS = { nodes: 60, depth: 6, bytes: 4096 };

describe('A damaged FAT image', () => {
  for (const bits of [12, 16, 32] as const) {
    it(`of FAT${bits} is read or refused within bounds`, async () => {
      // FAT16 is what has at least 4085 clusters; fewer are FAT12, whatever the boot sector calls it.
      const image = sampleImage(bits, bits === 16 ? 4200 : 100);
      const random = new Random(seed() + bits);
      const metadata = [
        { start: 0, length: 96 },
        { start: image.fatStart, length: 256 },
        { start: image.rootStart, length: 12 * 512 },
      ];
      let read = 0;
      for (let i = 0; i < mutations(20_000); i++) {
        const change = damage(image.bytes, random, random.next(4) === 0 ? [] : metadata);
        const source = new CountingSource(new MemorySource(image.bytes));
        try {
          if (!(await fat.probe(source))) continue;
          const nodes = await walkDamaged(() => fat.open(source, OPTIONS), BOUNDS);
          if (nodes > 5) read += 1;
          // Each node may cost its directory twice (links, names) and its lookup once more, in a volume of 60 KiB (FAT16: 2 MiB, most of it empty).
          expect(source.bytesRead).toBeLessThan(64 * 1024 * 1024);
          expect(source.reads).toBeLessThan(200_000);
        } catch (error) {
          throw new Error(`seed ${seed()}, FAT${bits}, damage ${i}: ${change.description}`, { cause: error });
        } finally {
          change.undo();
        }
      }
      expect(read).toBeGreaterThan(mutations(20_000) / 10);
    });
  }
});
