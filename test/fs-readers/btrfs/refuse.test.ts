import { describe, expect, it } from 'vitest';
import { DEV_ITEM, HEADER, SUPERBLOCK } from '../../../fs-readers/btrfs/layout.js';
import { resolvePath } from '../../../fs-readers/path.js';
import { TygrubError } from '../../../src/errors.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { peerData, skip, tool } from '../../support/requirements.js';
import { isTreeBlock, memory, NotingSource, PRIMARY, seal, smallImage } from './fixture.js';
import { imageRows, openBtrfs, openImage } from './images.js';

type Superblock = ReturnType<typeof SUPERBLOCK.decode>;

/** The small image with other values in its superblock, and the right checksum. */
function withSuperblock(change: (fields: Superblock) => Partial<Superblock>): Uint8Array {
  const image = smallImage();
  SUPERBLOCK.encode(image, change(SUPERBLOCK.decode(image, PRIMARY)), PRIMARY);
  seal(image, PRIMARY);
  return image;
}

const code = async (image: Uint8Array): Promise<string> => {
  try {
    const fs = await openBtrfs(memory(image));
    await resolvePath(fs, '/boot/vmlinuz', DEFAULT_LIMITS);
  } catch (error) {
    if (error instanceof TygrubError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'read';
};

describe('A btrfs superblock', () => {
  it.each([
    [0x1000, 'zoned'],
    [0x2000, 'extent_tree_v2'],
    [0x4000, 'raid_stripe_tree'],
    [0x8000, 'bit 15'],
    [0x80000000, 'bit 31'],
  ])('with the incompatible feature bit %i is refused by its name', async (bit, name) => {
    const image = withSuperblock(({ incompat_flags: { high, low } }) => ({ incompat_flags: { high, low: (low | bit) >>> 0 } }));
    expect(await code(image)).toMatch(new RegExp(`^btrfs.incompat-feature: .*${name}$`));
  });

  it.each([
    ['sectors of 0 bytes', { sectorsize: 0 }],
    ['sectors of 3000 bytes', { sectorsize: 3000 }],
    ['tree blocks of 0 bytes', { nodesize: 0 }],
    ['tree blocks of 2 GiB', { nodesize: 0x80000000 }],
    ['a root that stands in no sector', { root: 4097 }],
    ['a tree of 9 levels', { chunk_root_level: 9 }],
    ['no devices', { num_devices: 0 }],
    ['no bytes', { total_bytes: 0 }],
    ['too many system chunks', { sys_chunk_array_size: 2049 }],
    ['another place', { bytenr: 4096 }],
  ] as const)('with %s is refused', async (_what, change) => {
    expect(await code(withSuperblock(() => change))).toMatch(/^btrfs.superblock: /);
  });

  it('with an unknown kind of checksums is refused', async () => {
    expect(await code(withSuperblock(() => ({ csum_type: 4 })))).toMatch(/^btrfs.checksum-type: /);
  });

  it('without the system chunks that the chunk tree lies in is refused, and not looked for in the chunk tree itself', async () => {
    expect(await code(withSuperblock(() => ({ sys_chunk_array_size: 0 })))).toMatch(/^btrfs.no-chunk: /);
  });

  it('whose trees have another generation is refused', async () => {
    expect(await code(withSuperblock(({ generation }) => ({ generation: generation + 1 })))).toMatch(/^btrfs.tree-block: .*generation/);
  });

  it('of a device that the chunks do not name leaves that device missing, by its number', async () => {
    const image = withSuperblock(({ dev_item }) => {
      DEV_ITEM.encode(dev_item, { uuid: new Uint8Array(16).fill(7) });
      return { dev_item };
    });
    expect(await code(image)).toMatch(/^btrfs.missing-device: device 1 /);
  });
});

describe('A tree block of btrfs with a right checksum', () => {
  /** All blocks of the image that a walk to a file reads, each changed in the same way, one at a time. */
  async function codes(change: Parameters<typeof HEADER.encode>[1]): Promise<Set<string>> {
    const whole = new NotingSource(smallImage());
    await resolvePath(await openBtrfs(whole), '/boot/vmlinuz', DEFAULT_LIMITS);
    const found = new Set<string>();
    const plain = smallImage();
    for (const place of [...whole.places].filter((at) => at !== PRIMARY && isTreeBlock(plain, at))) {
      const image = smallImage();
      HEADER.encode(image, change, place);
      seal(image, place);
      found.add((await code(image)).split(':')[0] ?? '');
    }
    return found;
  }

  it.each([
    ['says that it stands elsewhere', { bytenr: 4096 }],
    ['belongs to another filesystem', { fsid: new Uint8Array(16) }],
    ['has another generation', { generation: 3 }],
    ['belongs to another tree', { owner: 2 }],
    ['has another level', { level: 7 }],
    ['has an impossible level', { level: 255 }],
    ['has more items than bytes', { nritems: 0xffffffff }],
  ] as const)('that %s is refused', async (_what, change) => {
    expect(await codes(change)).toEqual(new Set(['btrfs.tree-block']));
  });
});

const missing = skip('btrfs RAID5 images', peerData(), tool('zstd', 'apt-get install zstd'));
const rows = missing ? [] : imageRows();

describe.skipIf(missing)('btrfs images with something that is not read', () => {
  it('names RAID5', async () => {
    const sources = (rows.find((row) => row.name.endsWith('raid5'))?.files ?? []).map(openImage);
    const [first, ...others] = sources;
    if (first === undefined) throw new Error('no image');
    await expect(openBtrfs(first, others)).rejects.toMatchObject({ kind: 'unsupported', code: 'btrfs.raid56' });
    for (const source of sources) await source.close();
  });
});
