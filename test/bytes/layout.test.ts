import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { array, ascii, bytes, flags64, type Layout, layout, u16, u32, u64, u64OrNone } from '../../src/bytes/layout.js';
import { TygrubError } from '../../src/errors.js';
import { ROOT } from '../support/program.js';

function isLayout(value: unknown): value is Layout<unknown> {
  return typeof value === 'object' && value !== null && 'decode' in value && 'offsetOf' in value && 'size' in value;
}

const TABLE = layout('test structure', 48, 'big', {
  cookie: [0, ascii(8)],
  small: [8, u16],
  list: [10, array(3, u16)],
  size: [16, u64],
  place: [24, u64OrNone],
  flags: [32, flags64],
  tail: [40, bytes(4)],
  last: [44, u32],
});

describe('layout tables', () => {
  it('give back what they wrote, field by field', () => {
    const buffer = new Uint8Array(60);
    const values = {
      cookie: 'conectix',
      small: 513,
      list: [1, 2, 65535],
      size: 2 ** 52 + 12345,
      place: null,
      flags: { high: 0xffffffff, low: 7 },
      tail: Uint8Array.of(1, 2, 3, 4),
      last: 0xdeadbeef,
    };
    TABLE.encode(buffer, values, 5);
    expect(TABLE.decode(buffer, 5)).toEqual(values);
  });

  it('use the byte order of the structure', () => {
    const little = layout('little', 4, 'little', { n: [0, u32] });
    expect(little.decode(Uint8Array.of(1, 2, 3, 4)).n).toBe(0x04030201);
  });

  it('refuse a structure that is cut off', () => {
    expect(() => TABLE.decode(new Uint8Array(47))).toThrow(TygrubError);
  });

  it('refuse a 64-bit number above 2^53 - 1 where a real one is expected', () => {
    const buffer = new Uint8Array(48);
    buffer.fill(0xff, 16, 24);
    expect(() => TABLE.decode(buffer)).toThrow(/test structure size is impossibly large/);
    expect(TABLE.decode(buffer.fill(0, 16, 24).fill(0xff, 24, 32)).place).toBeNull();
  });

  it('know where a field is, for checksums that leave it out', () => {
    expect([TABLE.offsetOf('last'), TABLE.sizeOf('list')]).toEqual([44, 6]);
  });

  it('refuse a field that ends after the structure', () => {
    expect(() => layout('short', 4, 'little', { n: [2, u32] }).decode(new Uint8Array(4))).toThrow(RangeError);
  });
});

describe('the layouts of the formats', () => {
  const below = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  const files = [...below('src'), ...below('fs-readers')].filter(
    (file) => file.endsWith('.ts') && /^export const .* = layout\(/m.test(readFileSync(join(ROOT, file), 'utf8')),
  );

  it.each(files)('%s: all fields lie inside their structures', async (file) => {
    const module: Record<string, unknown> = await import(join(ROOT, file));
    for (const table of Object.values(module)) {
      if (!isLayout(table)) continue;
      // Rows are made, and so checked, when a layout is first used.
      expect(() => table.decode(new Uint8Array(table.size)), table.name).not.toThrow();
    }
  });
});
