import { describe, expect, it } from 'vitest';
import { btrfs } from '../../../fs-readers/btrfs/index.js';
import { provideNodeCodecs } from '../../../src/codec/node-codecs.js';
import { withLimits } from '../../../src/limits.js';
import { CountingSource } from '../../../src/source/counting.js';
import { walkDamaged } from '../../support/damaged-walk.js';
import { damage, mutations, Random, seed } from '../../support/mutation.js';
import { BLOCK, fixtureImage, isTreeBlock, memory, NotingSource, seal } from './fixture.js';
import { fromTopLevel } from './images.js';

provideNodeCodecs();

const LIMITS = withLimits({ directorySize: 256 * 1024, directoryEntries: 5000, treeNodes: 5000 });
const OPTIONS = { limits: LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] };
const BOUNDS = { nodes: 40, depth: 6, bytes: 4096 };
/** A part of the damage goes to an image with a log tree, which costs a replay each time. */
const DAMAGES = { small: 15_000, log: 5_000 };
const ALL = { nodes: 1000, depth: 6, bytes: 4096 };

describe.each(['small', 'log'] as const)('A damaged btrfs image (%s)', (name) => {
  it('is read or refused within bounds, behind right checksums too', async () => {
    const image = fixtureImage(name);
    const whole = new NotingSource(image);
    await walkDamaged(async () => fromTopLevel(await btrfs.open(whole, OPTIONS)), ALL);
    const places = [...whole.places].filter((at) => isTreeBlock(image, at)).sort((a, b) => a - b);
    const data = [...whole.places].filter((at) => !places.includes(at)).map((start) => ({ start, length: BLOCK }));
    expect(places.length).toBeGreaterThan(10);
    const random = new Random(seed());
    const headers = (start: number) => [
      { start: start + 32, length: 80 },
      { start: start + 101, length: 400 },
      { start, length: BLOCK },
    ];
    let reached = 0;
    for (let i = 0; i < mutations(DAMAGES[name]); i++) {
      // Most damage goes to one tree block; every second time its checksum is made right again.
      const place = random.pick(places);
      const inData = random.next(8) === 0;
      const change = damage(image, random, inData ? data : headers(place));
      const kept = image.slice(place, place + 32);
      const sealed = !inData && random.next(2) === 0;
      if (sealed) seal(image, place);
      const source = new CountingSource(memory(image));
      try {
        const options = { ...OPTIONS, ignoreChecksums: random.next(8) === 0 };
        const nodes = await walkDamaged(async () => fromTopLevel(await btrfs.open(source, options)), BOUNDS);
        if (nodes > 5) reached += 1;
        expect(source.bytesRead).toBeLessThan(32 * 1024 * 1024);
        expect(source.reads).toBeLessThan(20_000);
      } catch (error) {
        throw new Error(`seed ${seed()}, damage ${i} (${sealed ? 'sealed' : 'not sealed'}): ${change.description}`, { cause: error });
      } finally {
        if (sealed) image.set(kept, place);
        change.undo();
      }
    }
    expect(reached).toBeGreaterThan(mutations(DAMAGES[name]) / 10);
  });
});
