/** Extended attributes and times, against what debugfs and the tool that set them say. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileNode } from '../../../fs-readers/index.js';
import { resolvePath } from '../../../fs-readers/path.js';
import { DEFAULT_LIMITS, type Limits } from '../../../src/limits.js';
import { MemorySource } from '../../../src/source/memory.js';
import { skip, tool } from '../../support/requirements.js';
import { openExt } from './images.js';
import { run } from './small-images.js';

describe.skipIf(skip('ext attributes', tool('debugfs', 'apt-get install e2fsprogs')))('ext attributes', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tygrub-ext-attributes-'));
    mkdirSync(join(folder, 'tree'));
    writeFileSync(join(folder, 'tree/file'), 'content');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** `/file` of a new filesystem that debugfs has changed. */
  async function changed(args: string, commands: readonly string[], limits: Partial<Limits> = {}): Promise<FileNode> {
    const image = join(folder, 'image');
    writeFileSync(image, '');
    truncateSync(image, 2 * 1024 * 1024);
    run('mke2fs', ['-q', '-F', ...args.split(' '), '-d', join(folder, 'tree'), image]);
    run('debugfs', ['-w', image], `${commands.join('\n')}\n`);
    const fs = await openExt(new MemorySource(new Uint8Array(readFileSync(image))), { limits: { ...DEFAULT_LIMITS, ...limits } });
    return (await resolvePath(fs, '/file', DEFAULT_LIMITS)).node;
  }

  for (const args of [
    '-t ext2 -I 128',
    '-t ext4 -O ^has_journal',
    '-t ext4 -O ^has_journal,inline_data -b 1024',
    '-t ext4 -O ^has_journal,ea_inode -b 4096',
  ]) {
    it(`are read from inodes and attribute blocks (${args})`, async () => {
      // debugfs takes a block at most; with ea_inode as much as that gets an inode of its own.
      const large = 'l'.repeat(args.includes('ea_inode') ? 4096 : 600);
      writeFileSync(join(folder, 'large'), large);
      const commands = [
        'ea_set file user.small value',
        'ea_set file trusted.empty ""',
        'ea_set file security.selinux label',
        `ea_set -f ${join(folder, 'large')} file user.large`,
      ];
      const attributes = await (await changed(args, commands)).attributes();
      const text = new Map([...attributes].map(([name, value]) => [name, new TextDecoder().decode(value)]));
      expect(text.get('user.small')).toBe('value');
      expect(text.get('security.selinux')).toBe('label');
      expect(text.get('user.large')).toBe(large);
      expect(text.has('system.data')).toBe(false);
    });
  }

  it('all of one file together are bounded', async () => {
    const node = await changed('-t ext4 -O ^has_journal', ['ea_set file user.a 12345678', 'ea_set file user.b 12345678'], {
      attributesSize: 15,
    });
    await expect(node.attributes()).rejects.toMatchObject({ code: 'limit.attributesSize' });
  });

  it('access control lists have the form that getxattr gives', async () => {
    // As the disk has it: version 1, then the owner, a user by number, the group, the mask and others.
    const disk = '01000000 0100 0600 0200 0400 e8030000 0400 0400 1000 0600 2000 0000'.replaceAll(' ', '');
    writeFileSync(join(folder, 'acl'), Buffer.from(disk, 'hex'));
    const node = await changed('-t ext4 -O ^has_journal', [`ea_set -r -f ${join(folder, 'acl')} file system.posix_acl_access`]);
    const value = (await node.attributes()).get('system.posix_acl_access');
    const wanted = '02000000 01000600ffffffff 02000400e8030000 04000400ffffffff 10000600ffffffff 20000000ffffffff'.replaceAll(' ', '');
    expect(Buffer.from(value ?? []).toString('hex')).toBe(wanted);
  });

  it('times reach beyond 2038 and have nanoseconds, where the inode has room for them', async () => {
    const later = await changed('-t ext4 -O ^has_journal -I 256', [
      'set_inode_field file mtime @5000000000',
      'set_inode_field file mtime_extra 0x1dcd6501',
    ]);
    expect(later.mtime).toEqual({ seconds: 5000000000, nanoseconds: 0x1dcd6501 >>> 2 });
    const before = await changed('-t ext2 -I 128', ['set_inode_field file mtime 0xffffffff']);
    expect(before.mtime).toEqual({ seconds: -1, nanoseconds: 0 });
    expect(before.crtime).toBeUndefined();
  });

  it('flags have the names that lsattr uses', async () => {
    const node = await changed('-t ext4 -O ^has_journal', ['set_inode_field file flags 0x80030']);
    expect(node.flags).toEqual(['immutable', 'append-only', 'extents']);
  });
});
