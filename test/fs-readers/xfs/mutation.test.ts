import { describe, expect, it } from 'vitest';
import type { FileNode, FileSystem } from '../../../fs-readers/index.js';
import { xfs } from '../../../fs-readers/xfs/index.js';
import { withLimits } from '../../../src/limits.js';
import { CountingSource } from '../../../src/source/counting.js';
import { MemorySource } from '../../../src/source/memory.js';
import { walkDamaged } from '../../support/damaged-walk.js';
import { damage, mutations, Random, seed } from '../../support/mutation.js';
import { OPTIONS, openXfs, sample, sealLog } from './images.js';

const LIMITS = withLimits({ directorySize: 256 * 1024, directoryEntries: 5000 });
const BOUNDS = { nodes: 25, depth: 4, bytes: 4096 };
const PIECE = 1024;

/** What of an image is not zeros: damage elsewhere is rarely looked at. */
function used(bytes: Uint8Array): { start: number; length: number }[] {
  const regions: { start: number; length: number }[] = [];
  for (let start = 0; start < bytes.length; start += PIECE) {
    if (bytes.subarray(start, start + PIECE).some((byte) => byte !== 0)) regions.push({ start, length: PIECE });
  }
  return regions;
}

/** Where a walk may start: it is too short to come to all of these from the root. */
const STARTS = ['', '', 'few', 'block', 'leaf', 'node', 'tree', 'long', 'console', 'preallocated'];

/** The filesystem with another root, where that is still found. */
function startingAt(fs: FileSystem, name: string): FileSystem {
  const root = async (): Promise<FileNode> => {
    const top = await fs.root();
    return name === '' ? top : ((await top.lookup(new TextEncoder().encode(name))) ?? top);
  };
  return { type: fs.type, grubType: fs.grubType, uuid: fs.uuid, label: fs.label, state: fs.state, warnings: fs.warnings, root };
}

// Half of the damage would end at a checksum, so half of the runs do not verify them; likewise with the log.
const WAYS = [
  ['as it is on the disk', { noJournal: true, ignoreChecksums: true }, 'anywhere', 12_000],
  ['with a log that is damaged and has right checksums', { noJournal: false, ignoreChecksums: true }, 'log', 3000],
  ['with checksums verified', { noJournal: false, ignoreChecksums: false }, 'anywhere', 5000],
] as const;

describe('A damaged XFS', () => {
  for (const [how, options, where, count] of WAYS) {
    it(`is read ${how} or refused, within bounds`, async () => {
      const bytes = sample();
      const regions = used(bytes);
      const { log, reseal } = sealLog(bytes);
      expect((await openXfs(bytes)).state).toMatch(/^log replayed/);
      const random = new Random(seed());
      let read = 0;
      for (let i = 0; i < mutations(count); i++) {
        const change = damage(bytes, random, where === 'log' ? log : regions);
        const unseal = where === 'log' ? reseal() : () => {};
        const start = random.pick(STARTS);
        const source = new CountingSource(new MemorySource(bytes));
        try {
          if (!(await xfs.probe(source))) continue;
          const nodes = await walkDamaged(
            async () => startingAt(await xfs.open(source, { ...OPTIONS, ...options, limits: LIMITS }), start),
            BOUNDS,
          );
          if (nodes > 0) read += 1;
          expect(source.bytesRead).toBeLessThan(256 * 1024 * 1024);
          expect(source.reads).toBeLessThan(100_000);
        } catch (error) {
          throw new Error(`seed ${seed()}, ${how}, damage ${i}: ${change.description}`, { cause: error });
        } finally {
          unseal();
          change.undo();
        }
      }
      expect(read).toBeGreaterThan(mutations(count) / 10);
    });
  }
});
