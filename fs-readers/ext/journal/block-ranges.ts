import type { BlockMap, Mapping } from '../block-map.js';

/** Stretches of a file that replace what its map says, painted one over the other. */
export class BlockRanges {
  /** Ascending, not overlapping. */
  private readonly painted: Mapping[] = [];

  /** Puts a stretch over all that was painted before. */
  paint(mapping: Mapping): void {
    const end = mapping.start + mapping.length;
    const first = this.firstEndingAfter(mapping.start);
    let last = first;
    const pieces: Mapping[] = [];
    for (; last < this.painted.length; last++) {
      const old = this.painted[last] as Mapping;
      if (old.start >= end) break;
      if (old.start < mapping.start) pieces.push(part(old, old.start, mapping.start));
    }
    pieces.push(mapping);
    const tail = this.painted[last - 1];
    if (last > first && tail !== undefined && tail.start + tail.length > end) pieces.push(part(tail, end, tail.start + tail.length));
    this.painted.splice(first, last - first, ...pieces);
  }

  /** A map with the painted stretches over another. */
  over(map: BlockMap): BlockMap {
    return {
      find: async (block) => {
        const at = this.firstEndingAfter(block);
        const next = this.painted[at];
        if (next !== undefined && next.start <= block) return next;
        const below = await map.find(block);
        const before = this.painted[at - 1];
        const start = Math.max(below.start, before === undefined ? 0 : before.start + before.length);
        return part(below, start, Math.min(below.start + below.length, next?.start ?? Number.POSITIVE_INFINITY));
      },
    };
  }

  /** Index of the first stretch whose end lies after a block. */
  private firstEndingAfter(block: number): number {
    let low = 0;
    let high = this.painted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { start, length } = this.painted[middle] as Mapping;
      if (start + length > block) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The blocks `start` to `end` (without it) of a stretch. */
function part(mapping: Mapping, start: number, end: number): Mapping {
  const { physical } = mapping;
  return { ...mapping, start, length: end - start, physical: physical === null ? null : physical + start - mapping.start };
}
