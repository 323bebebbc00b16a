import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostFolder, hostNeighbours, type NeighbourPolicy } from '../../src/source/host-neighbours.js';

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tygrub-neighbours-'));
  for (const folder of ['vm', 'vm/sub', 'other', 'links']) mkdirSync(join(root, folder));
  for (const file of ['vm/leaf.vhd', 'vm/parent.vhd', 'vm/sub/deep.vhd', 'other/parent.vhd', 'other/far.vhd', 'vmx.vhd']) {
    writeFileSync(join(root, file), file);
  }
  symlinkSync('../other/far.vhd', join(root, 'vm/escape.vhd'));
  symlinkSync('../other', join(root, 'vm/tunnel'));
  symlinkSync('parent.vhd', join(root, 'vm/inside.vhd'));
  symlinkSync('loop', join(root, 'vm/loop'));
  symlinkSync('../vm/leaf.vhd', join(root, 'links/leaf.vhd'));
});

afterAll(() => rmSync(root, { recursive: true }));

async function open(name: string, policy: NeighbourPolicy = {}, leaf = 'vm/leaf.vhd'): Promise<string | null> {
  const file = await hostNeighbours(join(root, leaf), policy).open(name);
  if (file === null) return null;
  const text = new TextDecoder().decode(await file.source.read(0, file.source.size));
  await file.source.close?.();
  return text;
}

describe('the files beside an image', () => {
  it('are opened by relative and absolute names', async () => {
    expect(await open('parent.vhd')).toBe('vm/parent.vhd');
    expect(await open('./parent.vhd')).toBe('vm/parent.vhd');
    expect(await open('sub/../parent.vhd')).toBe('vm/parent.vhd');
    expect(await open('../vm/sub/deep.vhd')).toBe('vm/sub/deep.vhd');
    expect(await open(join(root, 'vm/parent.vhd'))).toBe('vm/parent.vhd');
    expect(await open('inside.vhd')).toBe('vm/parent.vhd');
  });

  it.each(['gone.vhd', '', '.', '..', 'sub', 'parent.vhd/x', 'loop', 'nul\0byte', 'x'.repeat(5000)])(
    'are null for what is not there: %j',
    async (name) => {
      expect(await open(name)).toBeNull();
    },
  );

  it.each(['../other/far.vhd', '../vmx.vhd', '/etc/passwd', 'escape.vhd', 'tunnel/far.vhd', 'sub/../../other/far.vhd'])(
    'never lie outside its directory, whatever the name is: %s',
    async (name) => {
      await expect(open(name)).rejects.toMatchObject({
        kind: 'usage',
        code: 'source.outside-directory',
        hint: expect.stringMatching(/--parent-dir .* --allow-any-parent/),
      });
    },
  );

  it('may lie in directories that the user names, where names are looked up as well', async () => {
    const policy = { parentDirs: [join(root, 'other')] };
    expect(await open('far.vhd', policy)).toBe('other/far.vhd');
    expect(await open('../other/far.vhd', policy)).toBe('other/far.vhd');
    expect(await open('escape.vhd', policy)).toBe('other/far.vhd');
    expect(await open('parent.vhd', policy)).toBe('vm/parent.vhd');
    await expect(open('/etc/passwd', policy)).rejects.toMatchObject({ code: 'source.outside-directory' });
  });

  it('may lie anywhere when the user allows that', async () => {
    expect(await open('../other/far.vhd', { allowAnyParent: true })).toBe('other/far.vhd');
    expect(await open(join(root, 'vmx.vhd'), { allowAnyParent: true })).toBe('vmx.vhd');
  });

  it('are those of the place that a link to the image leads to as well', async () => {
    expect(await open('parent.vhd', {}, 'links/leaf.vhd')).toBe('vm/parent.vhd');
  });

  it('hand on the same rules to the next link of a chain', async () => {
    const deep = await hostNeighbours(join(root, 'vm/leaf.vhd')).open('sub/deep.vhd');
    const up = await deep?.neighbours.open('../parent.vhd');
    expect(up?.path).toBe(join(root, 'vm/parent.vhd'));
    await expect(deep?.neighbours.open('../../other/far.vhd')).rejects.toMatchObject({ code: 'source.outside-directory' });
    await deep?.source.close?.();
    await up?.source.close?.();
  });

  it('have the same identity under different names', async () => {
    const neighbours = hostNeighbours(join(root, 'vm/leaf.vhd'));
    const [a, b, c] = [await neighbours.open('parent.vhd'), await neighbours.open('inside.vhd'), await neighbours.open('sub/deep.vhd')];
    expect(a?.identity).toBe(b?.identity);
    expect(a?.identity).not.toBe(c?.identity);
    for (const file of [a, b, c]) await file?.source.close?.();
  });

  it('are listed, up to a bound', async () => {
    const path = join(root, 'vm/leaf.vhd');
    expect([...(await hostNeighbours(path).list())].sort()).toEqual([
      'escape.vhd',
      'inside.vhd',
      'leaf.vhd',
      'loop',
      'parent.vhd',
      'sub',
      'tunnel',
    ]);
    expect(await hostNeighbours(path, { directoryEntries: 3 }).list()).toHaveLength(3);
  });

  it('need the directories of --parent-dir to be there', () => {
    expect(() => hostNeighbours(join(root, 'vm/leaf.vhd'), { parentDirs: [join(root, 'nowhere')] })).toThrow(/--parent-dir/);
  });

  it('may be folders, whose files stay inside them', async () => {
    const folder = await hostNeighbours(join(root, 'vm/leaf.vhd')).folder?.('sub');
    const deep = await folder?.files.open('deep.vhd');
    expect(deep?.path).toBe(join(root, 'vm/sub/deep.vhd'));
    await deep?.source.close?.();
    await expect(folder?.files.open('../parent.vhd')).rejects.toMatchObject({ code: 'source.outside-directory' });
    await expect(hostNeighbours(join(root, 'vm/leaf.vhd')).folder?.('tunnel')).rejects.toMatchObject({ code: 'source.outside-directory' });
    expect(hostFolder(join(root, 'vm/leaf.vhd'))).toBeNull();
    expect(await hostFolder(join(root, 'vm'))?.files.list()).toContain('leaf.vhd');
  });
});
