import { describe, expect, it } from 'vitest';
import { HEADER, ITEM, ITEM_TYPE, OBJECT, SUPERBLOCK } from '../../../fs-readers/btrfs/layout.js';
import { resolvePath } from '../../../fs-readers/path.js';
import { DEFAULT_LIMITS, withLimits } from '../../../src/limits.js';
import { BLOCK, expectRows, fixtureImage, fixtureRows, isTreeBlock, memory, PRIMARY, seal } from './fixture.js';
import { openBtrfs } from './images.js';

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes ?? new Uint8Array(0));

const node = async (fs: Awaited<ReturnType<typeof openBtrfs>>, path: string) => (await resolvePath(fs, path, DEFAULT_LIMITS)).node;

async function content(fs: Awaited<ReturnType<typeof openBtrfs>>, path: string): Promise<string> {
  const source = await (await node(fs, path)).open();
  return text(await source.read(0, source.size));
}

/** The inode of the file whose only name the log takes away. */
async function unlinked(): Promise<{ inode: number }> {
  const fs = await openBtrfs(memory(fixtureImage('log')), [], { noJournal: true });
  return { inode: Number((await node(fs, '/boot/unlinked')).id.split(':')[1]) };
}

type Key = ReturnType<typeof ITEM.decode>['key'];

/** Changes the keys of items in all leaves of an image. @returns how many were changed */
function changeKeys(image: Uint8Array, change: (key: Key) => Key | null): number {
  let changed = 0;
  for (let block = 0; block < image.length; block += BLOCK) {
    if (!isTreeBlock(image, block) || block === PRIMARY) continue;
    const { level, nritems, owner } = HEADER.decode(image, block);
    // Keys of some other trees are UUIDs.
    if (owner !== OBJECT.FS_TREE && owner !== OBJECT.TREE_LOG) continue;
    for (let i = 0; level === 0 && i < nritems; i++) {
      const at = block + HEADER.size + i * ITEM.size;
      const key = change(ITEM.decode(image, at).key);
      if (key === null) continue;
      ITEM.encode(image, { key }, at);
      seal(image, block);
      changed += 1;
    }
  }
  return changed;
}

describe('A btrfs whose machine stopped after an fsync', () => {
  it('is read as Linux reads it after its own replay of the log trees', async () => {
    const fs = await openBtrfs(memory(fixtureImage('log')));
    await expectRows(fs, fixtureRows('log', 'top'));
    expect([fs.state, fs.warnings]).toEqual([expect.stringMatching(/^log tree replayed \(\d+ items\)$/), []]);
  });

  it('has the links and the attributes of after the replay', async () => {
    const fs = await openBtrfs(memory(fixtureImage('log')));
    const links = async (path: string) => (await node(fs, path)).links;
    expect([await links('/boot/linked'), await links('/boot/two'), await links('/boot/vmlinuz'), await links('/boot/names')]).toEqual([
      13, 2, 1, 31,
    ]);
    const attributes = await (await node(fs, '/boot/stays')).attributes();
    expect([...attributes].map(([name, value]) => [name, text(value)]).sort()).toEqual([
      ['user.changed', '2'],
      ['user.new', '3'],
    ]);
  });

  it('is read as it was before, with a warning, where the log is not to be replayed', async () => {
    const fs = await openBtrfs(memory(fixtureImage('log')), [], { noJournal: true });
    expect([fs.state, fs.warnings.map(({ code }) => code)]).toEqual(['log tree not replayed', ['btrfs.log-not-replayed']]);
    expect(await content(fs, '/boot/grub/grub.cfg')).toBe('set default=old\n');
  });

  it('is refused with a way out where the log tree is damaged', async () => {
    const image = fixtureImage('log');
    const { log_root } = SUPERBLOCK.decode(image, PRIMARY);
    // All is in one chunk of the only device; the block is the one that says that it is at this address.
    for (let at = 0; at < image.length; at += BLOCK) {
      if (at !== PRIMARY && isTreeBlock(image, at) && new DataView(image.buffer).getUint32(at + 0x30, true) === log_root)
        image.fill(0x5a, at + 200, at + 300);
    }
    await expect(openBtrfs(memory(image))).rejects.toMatchObject({
      code: 'btrfs.log-tree',
      message: expect.stringContaining('checksum'),
      hint: expect.stringContaining('--no-journal'),
    });
    expect(await content(await openBtrfs(memory(image), [], { noJournal: true }), '/boot/grub/grub.cfg')).toBe('set default=old\n');
  });

  it('is refused where the log takes away a name that the file does not have', async () => {
    const image = fixtureImage('log');
    // No name of a file can be taken away without its reference.
    const { inode } = await unlinked();
    const elsewhere = (key: Key) =>
      key.type === ITEM_TYPE.INODE_REF && key.objectid === inode ? { ...key, offset: key.offset + 1_000_000 } : null;
    expect(changeKeys(image, elsewhere)).toBeGreaterThan(0);
    await expect(openBtrfs(memory(image))).rejects.toMatchObject({ code: 'btrfs.log-tree' });
  });

  it('leaves out the log of a subvolume that is not there any more', async () => {
    const image = fixtureImage('log');
    const isLogOfSub = (key: { objectid: number; type: number; offset: number }) =>
      key.objectid === OBJECT.TREE_LOG && key.type === ITEM_TYPE.ROOT_ITEM && key.offset === 256;
    expect(changeKeys(image, (key) => (isLogOfSub(key) ? { ...key, offset: 999 } : null))).toBeGreaterThan(0);
    const fs = await openBtrfs(memory(image));
    expect([(await node(fs, '/sub/cut')).size, await content(fs, '/boot/grub/grub.cfg')]).toEqual([7500, 'set default=new\n']);
  });

  it('is refused where the log changes more than the bound', async () => {
    const limits = withLimits({ logTreeSize: 10_000 });
    await expect(openBtrfs(memory(fixtureImage('log')), [], { limits })).rejects.toMatchObject({
      kind: 'limit',
      message: expect.stringContaining('10000'),
    });
  });

  it('is refused where its replay takes more work than the bound, and reading afterwards is not counted', async () => {
    const image = memory(fixtureImage('log'));
    await expect(openBtrfs(image, [], { limits: withLimits({ logTreeSteps: 50 }) })).rejects.toMatchObject({ code: 'limit.logTreeSteps' });
    let least = 50;
    const opens = async (logTreeSteps: number) => openBtrfs(image, [], { limits: withLimits({ logTreeSteps }) }).catch(() => null);
    while ((await opens(least)) === null) least += 50;
    const filesystem = await opens(least);
    for (let i = 0; i < least; i++) expect(await filesystem?.root()).toBeDefined();
  });
});
