import { describe, expect, it } from 'vitest';
import { drawChanges, drawWhole } from '../../src/menu/frame.js';
import { Random, seed } from '../support/mutation.js';
import { bootMenu, DOWN, Driven, debianEntries, ENTRY_KEYS, entry, UP } from './menus.js';
import { Vt100 } from './vt100.js';

/** Entries with the longest titles that a row holds. */
const long = (count: number): ReturnType<typeof entry>[] =>
  Array.from({ length: count }, (_, i) => entry(i, `${String(i).padStart(3, '0')} ${'abcdefghij'.repeat(9)}`, { path: [i] }));

/** Drives a menu and a terminal together; gives the bytes of each key. */
function costs(driven: Driven, keys: readonly string[]): number[] {
  const terminal = new Vt100(driven.state.size.columns, driven.state.size.rows);
  let frame = driven.frame();
  terminal.write(drawWhole(frame));
  const bytes: number[] = [];
  for (const key of keys) {
    driven.type(key);
    const next = driven.frame();
    const out = drawChanges(frame, next);
    terminal.write(out);
    bytes.push(Buffer.byteLength(out));
    frame = next;
    const fresh = new Vt100(driven.state.size.columns, driven.state.size.rows);
    fresh.write(drawWhole(next));
    expect(terminal.screen()).toBe(fresh.screen());
    if (next.cursor !== null) expect([terminal.row, terminal.column]).toEqual([fresh.row, fresh.column]);
  }
  return bytes;
}

describe('drawing only what changed', () => {
  it('costs at most 200 bytes for an arrow key at 80x24, the first one included, which also ends the countdown', () => {
    const bytes = costs(new Driven(bootMenu(debianEntries())), [DOWN, DOWN, UP, UP]);
    for (const count of bytes) expect(count).toBeLessThanOrEqual(200);
    expect(Math.max(...bytes)).toBeGreaterThan(20);
  });

  it('costs at most 200 bytes for an arrow key with titles as long as a row', () => {
    const bytes = costs(new Driven(bootMenu(long(10))), [...Array(9).fill(DOWN), ...Array(9).fill(UP)]);
    for (const count of bytes) expect(count).toBeLessThanOrEqual(200);
  });

  it('costs at most 200 bytes for an arrow key that scrolls a list of long titles', () => {
    const bytes = costs(new Driven(bootMenu(long(60))), [...Array(59).fill(DOWN), ...Array(59).fill(UP)]);
    for (const count of bytes) expect(count).toBeLessThanOrEqual(200);
  });

  it('writes a few bytes when a second of the countdown goes by', () => {
    const driven = new Driven(bootMenu(debianEntries()));
    const before = driven.frame();
    driven.wait(1);
    expect(drawChanges(before, driven.frame()).length).toBeLessThan(20);
  });

  it('gives the same screen as drawing it whole, after any keys at any size', () => {
    const random = new Random(seed());
    const sizes = [
      [80, 24],
      [40, 12],
      [20, 5],
      [21, 7],
      [9, 3],
      [5, 2],
      [3, 1],
      [132, 43],
    ] as const;
    for (const [columns, rows] of sizes) {
      const driven = new Driven(bootMenu([...debianEntries(), ...long(40)]), {}, { columns, rows });
      costs(
        driven,
        Array.from({ length: 400 }, () => random.pick(ENTRY_KEYS)),
      );
    }
  });

  it('draws everything again when the size changes', () => {
    const driven = new Driven(bootMenu(debianEntries()));
    const before = driven.frame();
    driven.happen({ kind: 'resize', size: { columns: 40, rows: 12 } });
    expect(drawChanges(before, driven.frame())).toContain('\x1b[J');
  });
});
