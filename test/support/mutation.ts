/** Seeded random damage: the same seed gives the same damage, so a failure can be run again. */

/** A small seeded random generator (mulberry32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** An integer from 0 to `below - 1`. */
  next(below: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.next(items.length)] as T;
  }
}

/** The seed of this run: TYGRUB_SEED, or a fixed one so that CI is repeatable. */
export function seed(): number {
  return Number.parseInt(process.env['TYGRUB_SEED'] ?? '20261123', 10) >>> 0;
}

/** How many damaged inputs to try: TYGRUB_MUTATIONS, or the test's own number. */
export function mutations(standard: number): number {
  const wanted = Number.parseInt(process.env['TYGRUB_MUTATIONS'] ?? '', 10);
  return Number.isNaN(wanted) ? standard : wanted;
}

const INTERESTING = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** A change of a few bytes at one place; undone by `undo`, so that a large image need not be copied for each try. */
export interface Damage {
  undo(): void;
  /** What was changed, for the message of a failing test. */
  readonly description: string;
}

/**
 * Damages bytes in place: bit flips, interesting numbers of 1 to 8 bytes in either byte order, copies of other parts,
 * runs of one value.
 * @param regions where damage is worth while (metadata); the whole when empty
 */
export function damage(bytes: Uint8Array, random: Random, regions: readonly { start: number; length: number }[] = []): Damage {
  const undo: { at: number; old: Uint8Array }[] = [];
  const notes: string[] = [];
  const changes = 1 + random.next(random.next(4) === 0 ? 16 : 3);
  for (let i = 0; i < changes; i++) {
    const region = regions.length === 0 ? { start: 0, length: bytes.length } : random.pick(regions);
    const at = region.start + random.next(region.length);
    const kind = random.next(5);
    const length = Math.min(
      bytes.length - at,
      kind === 0 ? 1 : kind === 3 ? 1 + random.next(64) : kind === 4 ? 1 + random.next(512) : ([1, 2, 4, 8][random.next(4)] ?? 1),
    );
    undo.push({ at, old: bytes.slice(at, at + length) });
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.next(8));
    else if (kind === 1) {
      let value = random.pick(INTERESTING);
      const big = random.next(2) === 0;
      for (let k = 0; k < length; k++) {
        bytes[big ? at + length - 1 - k : at + k] = value & 0xff;
        value = Math.floor(value / 256);
      }
    } else if (kind === 2) for (let k = 0; k < length; k++) bytes[at + k] = random.next(256);
    else if (kind === 3) {
      const from = random.next(bytes.length - length + 1);
      bytes.copyWithin(at, from, from + length);
    } else bytes.fill(random.pick([0, 0xff, 0x41]), at, at + length);
    notes.push(`${['flip', 'number', 'random', 'copy', 'fill'][kind]}@${at}+${length}`);
  }
  return {
    description: notes.join(' '),
    undo() {
      for (const { at, old } of undo.reverse()) bytes.set(old, at);
    },
  };
}
