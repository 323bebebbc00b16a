import { describe, expect, it } from 'vitest';
import { resolvePath } from '../../../fs-readers/path.js';
import { TygrubError } from '../../../src/errors.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { CountingSource } from '../../../src/source/counting.js';
import { BLOCK, expectRows, fixtureRows, memory, PRIMARY, seal, smallImage } from './fixture.js';
import { fromTopLevel, openBtrfs } from './images.js';

const image = smallImage();
const open = () => openBtrfs(memory(image));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('A small btrfs', () => {
  it('is known by its UUID and label', async () => {
    const { type, grubType, uuid, label, warnings, state } = await open();
    expect({ type, grubType, uuid, label, warnings, state }).toEqual({
      type: 'btrfs',
      grubType: 'btrfs',
      uuid: '6d8a1b5e-52a5-4ad5-9b0b-0c6a1d6f7a01',
      label: 'small',
      warnings: [],
      state: '',
    });
  });

  for (const from of ['top', 'root'] as const) {
    it(`has what Linux reads from the ${from === 'top' ? 'top level' : 'default subvolume'}, subvolumes and snapshots included`, async () => {
      const fs = from === 'top' ? fromTopLevel(await open()) : await open();
      await expectRows(fs, fixtureRows('small', from));
    });
  }

  it('finds paths in the default subvolume first, then from the top level, as both kinds of GRUB write them', async () => {
    const fs = await open();
    const snapper = await resolvePath(fs, '/boot/grub2/grub.cfg', DEFAULT_LIMITS);
    const upstream = await resolvePath(fs, '/@/boot/grub2/grub.cfg', DEFAULT_LIMITS);
    expect(upstream.node.id).toBe(snapper.node.id);
    await expect(resolvePath(fs, '/@/boot/none', DEFAULT_LIMITS)).rejects.toMatchObject({ code: 'path.not-found' });
  });

  it('shows the place of a subvolume that a snapshot does not have as an empty directory', async () => {
    const { node } = await resolvePath(await open(), '/snapshot/var', DEFAULT_LIMITS);
    const names = [];
    for await (const entry of node.entries()) names.push(entry);
    expect([node.type, names, await node.lookup(new Uint8Array([0x61]))]).toEqual(['d', [], null]);
  });

  it('has device numbers, flags and attributes', async () => {
    const fs = fromTopLevel(await open());
    expect((await resolvePath(fs, '/null', DEFAULT_LIMITS)).node.device).toEqual({ major: 1, minor: 3 });
    expect((await resolvePath(fs, '/nocow', DEFAULT_LIMITS)).node.flags).toContain('no-cow');
    const attributes = await (await resolvePath(fs, '/hard', DEFAULT_LIMITS)).node.attributes();
    expect(text(attributes.get('user.comment') ?? new Uint8Array())).toBe('hello');
  });

  it('gives any part of compressed and sparse files', async () => {
    const fs = fromTopLevel(await open());
    for (const path of ['/zlib', '/lzo', '/zstd', '/hole', '/prealloc', '/nocow', '/plain', '/inline-lzo']) {
      const source = await (await resolvePath(fs, path, DEFAULT_LIMITS)).node.open();
      const whole = (await source.read(0, source.size)).slice();
      for (let at = 1; at < source.size; at += 7919) {
        const length = Math.min(5000, source.size - at);
        expect(Buffer.compare(await source.read(at, length), whole.subarray(at, at + length)), `${path} at ${at}`).toBe(0);
      }
    }
  });

  it('is opened, and a path found, with a few reads', async () => {
    const source = new CountingSource(memory(image));
    const fs = await openBtrfs(source);
    await resolvePath(fs, '/boot/vmlinuz', DEFAULT_LIMITS);
    expect(source.reads).toBeLessThan(24);
    expect(source.bytesRead).toBeLessThan(24 * BLOCK);
  });
});

describe('Checksums of a btrfs', () => {
  it('of data are verified, and can be ignored', async () => {
    const damaged = smallImage();
    const start = Buffer.from(damaged.buffer).indexOf('plain 000000000500');
    expect(start).toBeGreaterThan(0);
    damaged[start] = 0x50;
    const fs = fromTopLevel(await openBtrfs(memory(damaged)));
    const source = await (await resolvePath(fs, '/plain', DEFAULT_LIMITS)).node.open();
    await expect(source.read(0, source.size)).rejects.toMatchObject({ code: 'btrfs.data-checksum' });
    // Another sector of the same file is right.
    expect(text(await source.read(0, 5))).toBe('plain');
    const lenient = fromTopLevel(await openBtrfs(memory(damaged), [], { ignoreChecksums: true }));
    const read = await (await resolvePath(lenient, '/plain', DEFAULT_LIMITS)).node.open();
    expect(text(await read.read(0, read.size))).toContain('Plain 000000000500');
    expect(lenient.warnings.map(({ code }) => code)).toEqual(['btrfs.data-checksum']);
  });

  it('of the superblock are verified, and can be ignored', async () => {
    const damaged = smallImage();
    damaged[PRIMARY] = (damaged[PRIMARY] ?? 0) ^ 1;
    await expect(openBtrfs(memory(damaged))).rejects.toMatchObject({ code: 'btrfs.checksum', offset: PRIMARY });
    const fs = await openBtrfs(memory(damaged), [], { ignoreChecksums: true });
    expect(fs.warnings.map(({ code }) => code)).toEqual(['btrfs.checksum']);
  });
});

describe('A btrfs with a damaged first superblock', () => {
  /** The image made larger, with a copy of its superblock at the second place. */
  const withCopy = (generation = 0): Uint8Array => {
    const large = new Uint8Array(0x400_0000 + BLOCK);
    large.set(image);
    large.set(image.subarray(PRIMARY, PRIMARY + BLOCK), 0x400_0000);
    const view = new DataView(large.buffer);
    view.setUint32(0x400_0000 + 0x30, 0x400_0000, true);
    if (generation !== 0) view.setUint32(0x400_0000 + 0x48, generation, true);
    seal(large, 0x400_0000);
    return large;
  };

  it('is read by a copy, with a warning', async () => {
    for (const damage of [
      (b: Uint8Array) => b.fill(0x55, PRIMARY + 0x60, PRIMARY + 0x70),
      (b: Uint8Array) => b.fill(0, 0, PRIMARY + BLOCK),
    ]) {
      const large = withCopy();
      damage(large);
      const fs = await openBtrfs(memory(large));
      await resolvePath(fs, '/boot/vmlinuz', DEFAULT_LIMITS);
      expect(fs.warnings.map(({ code, offset }) => [code, offset])).toEqual([['btrfs.backup-superblock', 0x400_0000]]);
    }
  });

  it('is read by the copy of a higher generation, where that fits the trees', async () => {
    await expect(openBtrfs(memory(withCopy(1_000_000)))).rejects.toMatchObject({ code: 'btrfs.tree-block' });
    expect((await openBtrfs(memory(withCopy(1)))).warnings).toEqual([]);
  });

  it('is not taken for btrfs when something else was put in its place', async () => {
    const large = withCopy();
    large.fill(0, PRIMARY, PRIMARY + BLOCK);
    large[0] = 0xeb;
    await expect(openBtrfs(memory(large))).rejects.not.toBeInstanceOf(TygrubError);
  });
});
