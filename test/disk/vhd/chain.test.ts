import { describe, expect, it } from 'vitest';
import type { TygrubError } from '../../../src/errors.js';
import { withLimits } from '../../../src/limits.js';
import { type BlockPlan, makeVhd, pattern, type VhdPlan } from './encoder.js';
import { type MemoryOptions, openBytes } from './memory.js';

const BLOCK = 4096;
const SIZE = 4 * BLOCK;

const baseData = pattern(SIZE, 9);
const base = (id: string, size = SIZE): VhdPlan => ({
  type: 3,
  size,
  id,
  blocks: new Map(Array.from({ length: 4 }, (_, index) => [index, { data: baseData.subarray(index * BLOCK, (index + 1) * BLOCK) }])),
});

/** A child that has the first sector of its second block, and whatever else is given. */
function child(id: string, parent: VhdPlan['parent'], more: Partial<VhdPlan> = {}): VhdPlan {
  const block: BlockPlan = { data: pattern(BLOCK, id.charCodeAt(0)), present: (sector) => sector === 0 };
  return { type: 4, size: SIZE, id, blocks: new Map([[1, block]]), ...(parent === undefined ? {} : { parent }), ...more };
}

function childDisk(id: string, below: Uint8Array): Uint8Array {
  const out = below.slice();
  out.set(pattern(BLOCK, id.charCodeAt(0)).subarray(0, 512), BLOCK);
  return out;
}

const make = (plan: VhdPlan) => makeVhd(plan).bytes;

async function failure(bytes: Uint8Array, options: MemoryOptions): Promise<TygrubError> {
  return openBytes(bytes, options).then(
    () => expect.unreachable(),
    (error) => error,
  );
}

describe('a chain', () => {
  it('decides sector by sector at each level', async () => {
    const files = { 'l1.vhd': make(child('b', { id: 'a', name: 'l0.vhd' })), 'l0.vhd': make(base('a')) };
    const top = child(
      'c',
      { id: 'b', name: 'l1.vhd' },
      { blocks: new Map([[1, { data: pattern(BLOCK, 99), present: (s: number) => s === 2 }]]) },
    );
    const { disk, description } = await openBytes(make(top), { files });
    const expected = childDisk('b', baseData);
    expected.set(pattern(BLOCK, 99).subarray(1024, 1536), BLOCK + 1024);
    expect(await disk.read(0, SIZE)).toEqual(expected);
    expect(description).toContain('2 parents');
  });

  it('ends in a fixed disk as well', async () => {
    const files = { 'l0.vhd': make({ type: 2, size: SIZE, id: 'a', data: baseData }) };
    const { disk } = await openBytes(make(child('b', { id: 'a', name: 'l0.vhd' })), { files });
    expect(await disk.read(0, SIZE)).toEqual(childDisk('b', baseData));
  });

  it('gives zeros past the end of a smaller parent, and ignores what a larger one has more', async () => {
    const files = { 'l0.vhd': make(base('a')) };
    const grown = await openBytes(make(child('b', { id: 'a', name: 'l0.vhd' }, { size: 6 * BLOCK })), { files });
    const expected = new Uint8Array(6 * BLOCK);
    expected.set(childDisk('b', baseData));
    expect(await grown.disk.read(0, 6 * BLOCK)).toEqual(expected);
    const shrunk = await openBytes(make(child('b', { id: 'a', name: 'l0.vhd' }, { size: 2 * BLOCK })), { files });
    expect(await shrunk.disk.read(0, 2 * BLOCK)).toEqual(childDisk('b', baseData).subarray(0, 2 * BLOCK));
  });

  it('tells the oddities of parents with their names', async () => {
    const parent = make(base('a'));
    parent.fill(0, 0, 512);
    const { warnings } = await openBytes(make(child('b', { id: 'a', name: 'l0.vhd' })), { files: { 'l0.vhd': parent } });
    expect(warnings).toMatchObject([{ code: 'vhd.no-copy', message: expect.stringContaining('l0.vhd: ') }]);
  });
});

describe("the parent's names", () => {
  const files = {
    'l0.vhd': make(base('a')),
    'l 0.vhd': make(base('s')),
    'VHD-1234-56': make(base('v')),
    '1234-57.vhd': make(base('w')),
    'wrong.vhd': make(base('x')),
  };

  it.each([
    ['relative Windows path', 'a', [['W2ru', '.\\l0.vhd']], ''],
    ['Windows path in a directory that is not here', 'a', [['W2ru', '..\\disks\\l0.vhd']], ''],
    ['absolute Windows path', 'a', [['W2ku', 'C:\\vm\\l0.vhd']], ''],
    ["blktap's URL", 'a', [['MacX', 'file://./l0.vhd']], ''],
    ['URL without a dot', 'a', [['MacX', 'file://l0.vhd']], ''],
    ['URL with a host', 'a', [['MacX', 'file://localhost/vm/l0.vhd']], ''],
    ['URL that is percent-encoded', 's', [['MacX', 'file://localhost/vm/l%200.vhd']], ''],
    ['URL of a Windows drive', 'a', [['MacX', 'file://localhost/C%3A/vm/l0.vhd']], ''],
    ['Unicode name', 'a', [], 'l0.vhd'],
    ['Unicode name that is a whole path', 'a', [], 'D:\\disks\\l0.vhd'],
    ['name of a logical volume', 'v', [['MacX', 'file://./VG_XenStorage--ab--cd-VHD--1234--56']], ''],
    ['name of a logical volume whose disk is a file here', 'w', [['MacX', 'file://./VG_XenStorage--ab--cd-VHD--1234--57']], ''],
    ['wrong name before the right one', 'a', [['W2ru', '.\\wrong.vhd']], 'l0.vhd'],
    [
      'unknown platform and an old one before the right one',
      'a',
      [
        ['Wi2k', 'xx'],
        ['Zzzz', 'yy'],
      ],
      'l0.vhd',
    ],
    ['name of nothing, where the directory has the UUID', 'a', [['W2ru', '.\\gone.vhd']], 'gone.vhd'],
  ] as const)('lead to it: %s', async (_what, id, locators, name) => {
    const { disk } = await openBytes(make(child('b', { id, name, locators })), { files });
    expect(await disk.read(0, SIZE)).toEqual(childDisk('b', baseData));
  });

  it('are not followed where a locator lies outside the file or is too long', async () => {
    const made = makeVhd(child('b', { id: 'a', name: 'l0.vhd', locators: [['W2ru', '.\\l0.vhd']] }));
    const { disk } = await openBytes(made.bytes, { files, limits: withLimits({ parentLocatorSize: 4 }) });
    expect(await disk.read(0, SIZE)).toEqual(childDisk('b', baseData));
  });
});

describe('a chain that cannot be read', () => {
  it('says what was tried where the parent is missing', async () => {
    const error = await failure(make(child('b', { id: 'a', name: 'gone.vhd', locators: [['MacX', 'file://./gone2.vhd']] })), {});
    expect(error).toMatchObject({ kind: 'not-found', code: 'vhd.parent-missing' });
    expect(error.attempts).toEqual([
      './gone2.vhd: not there',
      'gone.vhd: not there',
      'gone2.vhd: not there',
      expect.stringContaining('0 VHDs'),
    ]);
    expect(error.hint).toContain('--parent-dir');
  });

  it('prints the chain as far as it got', async () => {
    const files = { 'l1.vhd': make(child('b', { id: 'a', name: 'l0.vhd' })) };
    const error = await failure(make(child('c', { id: 'b', name: 'l1.vhd' })), { files });
    expect(error.message).toContain('leaf.vhd (63636363-6363-6363-6363-636363636363) -> l1.vhd (62626262-6262-6262-6262-626262626262)');
  });

  it('never takes a wrong parent for the right one', async () => {
    const error = await failure(make(child('b', { id: 'a', name: 'l0.vhd' })), { files: { 'l0.vhd': make(base('z')) } });
    expect(error).toMatchObject({ kind: 'corrupt', code: 'vhd.parent-uuid' });
    expect(error.attempts.join()).toContain('7a7a7a7a');
  });

  it('ends with an error where it goes in a circle', async () => {
    const files = { 'l1.vhd': make(child('b', { id: 'c', name: 'leaf.vhd' })), 'leaf.vhd': make(child('c', { id: 'b', name: 'l1.vhd' })) };
    const error = await failure(files['leaf.vhd'], { files });
    expect(error).toMatchObject({ kind: 'corrupt', code: 'vhd.cycle' });
    expect(error.message).toMatch(/leaf\.vhd .* -> l1\.vhd .* -> leaf\.vhd/);
  });

  it('ends with an error where a disk is its own parent', async () => {
    const self = make(child('c', { id: 'c', name: 'leaf.vhd' }));
    expect((await failure(self, { files: { 'leaf.vhd': self } })).code).toBe('vhd.cycle');
  });

  it('is bounded in length', async () => {
    const files: Record<string, Uint8Array> = { '0.vhd': make(base('a')) };
    for (let i = 1; i <= 10; i++) {
      const id = String.fromCharCode(97 + i);
      files[`${i}.vhd`] = make(child(id, { id: String.fromCharCode(96 + i), name: `${i - 1}.vhd` }));
    }
    const leaf = files['10.vhd'] ?? new Uint8Array(0);
    expect((await openBytes(leaf, { files, limits: withLimits({ chainLength: 10 }) })).description).toContain('10 parents');
    const error = await failure(leaf, { files, limits: withLimits({ chainLength: 9 }) });
    expect(error).toMatchObject({ kind: 'limit', code: 'limit.chainLength' });
  });

  it('says why where the parent is damaged', async () => {
    const files = { 'l0.vhd': make({ ...base('a'), footer: { checksum: 1 } }) };
    const error = await failure(make(child('b', { id: 'a', name: 'l0.vhd' })), { files });
    expect(error).toMatchObject({ code: 'vhd.parent-missing' });
    expect(error.attempts.join()).toContain('wrong checksum');
    const forced = await openBytes(make(child('b', { id: 'a', name: 'l0.vhd' })), { files, force: true });
    expect(await forced.disk.read(0, SIZE)).toEqual(childDisk('b', baseData));
  });
});

describe('a raw parent', () => {
  const leaf = make(child('b', { id: '\0', name: 'base.raw' }));

  it('is taken only where it is allowed', async () => {
    const files = { 'base.raw': baseData };
    expect(await failure(leaf, { files })).toMatchObject({ kind: 'usage', code: 'vhd.parent-raw' });
    const { disk } = await openBytes(leaf, { files, allowRawParent: true });
    expect(await disk.read(0, SIZE)).toEqual(childDisk('b', baseData));
  });

  it('is no VHD: the metadata of one are never shown as data', async () => {
    const files = { 'base.raw': make(base('a')) };
    expect(await failure(leaf, { files, allowRawParent: true })).toMatchObject({ code: 'vhd.parent-uuid' });
  });

  it('may be a VHD whose own UUID is zero, which is read as a VHD', async () => {
    const files = { 'base.raw': make(base('\0')) };
    const { disk } = await openBytes(leaf, { files, allowRawParent: true });
    expect(await disk.read(0, SIZE)).toEqual(childDisk('b', baseData));
  });

  it('is not searched for in the directory: nothing would tell which one is right', async () => {
    const files = { 'other.vhd': baseData };
    expect(await failure(leaf, { files, allowRawParent: true })).toMatchObject({ code: 'vhd.parent-missing' });
  });
});
