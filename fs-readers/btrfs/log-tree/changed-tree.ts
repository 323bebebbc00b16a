/** A file tree with changes over it, in memory: what a replay of a log tree would leave on the disk. */
import { limitReached } from '../../../src/errors.js';
import type { Limits } from '../../../src/limits.js';
import { compareNumbers, type Key, LAST } from '../key.js';
import type { Item, ItemTree, Tree } from '../tree.js';

/** Bytes that one changed item is counted with beside its own: its key and its place in the tables. */
const ITEM_OVERHEAD = 128;
/** Offsets that are moved for one that is put between them, rather than to have all put in order again. */
const CHEAP_MOVE = 1024;

/** Counts what the changes of one filesystem take, in memory and in work. */
export class ChangeBudget {
  private used = 0;
  private steps = 0;
  private isReplaying = true;

  constructor(private readonly limits: Limits) {}

  /** @throws TygrubError limit `logTreeSize` */
  take(bytes: number): void {
    this.used += bytes + ITEM_OVERHEAD;
    if (this.used > this.limits.logTreeSize) {
      throw limitReached('logTreeSize', `the log tree changes more than ${this.limits.logTreeSize} bytes of the filesystem's trees`);
    }
  }

  /** An item was looked at, or looked for. @throws TygrubError limit `logTreeSteps` while the log is replayed */
  step(): void {
    if (this.isReplaying && ++this.steps > this.limits.logTreeSteps) {
      throw limitReached('logTreeSteps', `the replay of the log tree looks at more than ${this.limits.logTreeSteps} items`, {
        hint: 'use --no-journal to read what is on the disk without it',
      });
    }
  }

  /** The trees are changed: reading them is bounded as in other trees from here on. */
  endReplay(): void {
    this.isReplaying = false;
  }
}

/** The changed items of one object and type, by the offsets of their keys. */
class Place {
  /** New bytes of an item; null where it is gone. */
  private readonly items = new Map<number, Uint8Array | null>();
  /** Offsets in the order of keys, as long as that is cheap to keep; null where it has to be found out. */
  private order: number[] | null = [];
  private hasAll = false;

  /** Whether the items of the tree below are all here too. */
  get isComplete(): boolean {
    return this.hasAll;
  }

  /** From now on nothing is looked for in the tree below. */
  complete(): void {
    this.hasAll = true;
    for (const [offset, bytes] of this.items) if (bytes === null) this.items.delete(offset);
    this.order = null;
  }

  /** New bytes, null for an item that is gone, undefined for one that did not change. */
  get(offset: number): Uint8Array | null | undefined {
    return this.items.get(offset);
  }

  set(offset: number, bytes: Uint8Array | null): void {
    const isKnown = this.items.has(offset);
    const isForgotten = bytes === null && this.hasAll;
    if (isForgotten) this.items.delete(offset);
    else this.items.set(offset, bytes);
    if (this.order === null || isKnown !== isForgotten) return;
    const at = lowerBound(this.order, offset);
    if (isForgotten) this.order.splice(at, 1);
    else if (this.hasAll || this.order.length - at < CHEAP_MOVE) this.order.splice(at, 0, offset);
    else this.order = null;
  }

  /** Offsets of all changed items, those that are gone included, in the order of keys. */
  offsets(): readonly number[] {
    this.order ??= [...this.items.keys()].sort(compareNumbers);
    return this.order;
  }
}

/** The position of the first offset that is not below another. */
function lowerBound(offsets: readonly number[], offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareNumbers(offsets[middle] as number, offset) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class ChangedTree implements ItemTree {
  private readonly places = new Map<number, Map<number, Place>>();

  constructor(
    private readonly base: Tree,
    private readonly budget: ChangeBudget,
  ) {}

  async find(key: Key): Promise<Item | null> {
    this.budget.step();
    const place = this.place(key);
    const bytes = place?.get(key.offset);
    if (bytes === null || (bytes === undefined && place?.isComplete === true)) return null;
    return bytes === undefined ? this.base.find(key) : { key, bytes };
  }

  /** Only within one object and type: what stands before its first item is not looked for where it was changed. */
  async floor(key: Key): Promise<Item | null> {
    this.budget.step();
    const place = this.place(key);
    if (place === undefined) return this.base.floor(key);
    // So nothing is passed over that is gone.
    await this.load(key);
    const offsets = place.offsets();
    const at = lowerBound(offsets, key.offset);
    const offset = offsets[at] === key.offset ? key.offset : offsets[at - 1];
    const bytes = offset === undefined ? undefined : place.get(offset);
    return offset === undefined || bytes === undefined || bytes === null ? null : { key: { ...key, offset }, bytes };
  }

  /** Both keys must be of one object and type. Changes that are made meanwhile need not be seen. */
  async *range(from: Key, to: Key): AsyncGenerator<Item> {
    this.budget.step();
    const place = this.place(from);
    if (place === undefined) {
      for await (const item of this.base.range(from, to)) {
        this.budget.step();
        yield item;
      }
      return;
    }
    const { budget } = this;
    const offsets = place.offsets();
    let at = lowerBound(offsets, from.offset);
    /** The changed items up to an offset, without that itself. */
    const changes = function* (end: number, inclusive: boolean): Generator<Item> {
      for (; at < offsets.length; at++) {
        const offset = offsets[at] as number;
        const order = compareNumbers(offset, end);
        if (order > 0 || (order === 0 && !inclusive)) return;
        const bytes = place.get(offset);
        budget.step();
        if (bytes !== null && bytes !== undefined) yield { key: { ...from, offset }, bytes };
      }
    };
    if (!place.isComplete) {
      for await (const item of this.base.range(from, to)) {
        budget.step();
        yield* changes(item.key.offset, false);
        if (place.get(item.key.offset) === undefined) yield item;
      }
    }
    yield* changes(to.offset, true);
  }

  /** Adds an item, or replaces one. The bytes are kept. @throws TygrubError limit `logTreeSize` */
  put(key: Key, bytes: Uint8Array): void {
    this.budget.take(bytes.length);
    this.changed(key).set(key.offset, bytes);
  }

  /** Takes an item away. @throws TygrubError limit `logTreeSize` */
  remove(key: Key): void {
    this.budget.take(0);
    this.changed(key).set(key.offset, null);
  }

  /**
   * Takes all items of an object and type over from the tree below: for items that depend on their neighbours.
   * @throws TygrubError corrupt; limit `logTreeSize`, `treeNodes`
   */
  async load(key: Key): Promise<void> {
    const place = this.changed(key);
    if (place.isComplete) return;
    for await (const item of this.base.range({ ...key, offset: 0 }, { ...key, offset: LAST })) {
      if (place.get(item.key.offset) !== undefined) continue;
      this.budget.take(item.bytes.length);
      place.set(item.key.offset, item.bytes.slice());
    }
    place.complete();
  }

  private place({ objectid, type }: Key): Place | undefined {
    return this.places.get(objectid)?.get(type);
  }

  private changed({ objectid, type }: Key): Place {
    let types = this.places.get(objectid);
    if (types === undefined) {
      types = new Map();
      this.places.set(objectid, types);
    }
    let place = types.get(type);
    if (place === undefined) {
      place = new Place();
      types.set(type, place);
    }
    return place;
  }
}
