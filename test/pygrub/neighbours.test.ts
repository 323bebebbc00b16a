/** Images that are not whole, under --runas: their other files are not opened, and the error says so. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeVhd } from '../disk/vhd/encoder.js';
import { root, skip, tool } from '../support/requirements.js';
import { ext4, GUEST, LAUNCHER, runPygrub, scratch, UID } from './images.js';

const RUNAS = `--runas=${UID}`;

function imageTool(...args: string[]): void {
  const run = spawnSync('qemu-img', args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`qemu-img ${args.join(' ')}: ${run.stderr}`);
}

describe.skipIf(
  skip('images of several files', root(), tool('mke2fs', 'apt-get install e2fsprogs'), tool('qemu-img', 'apt-get install qemu-utils')),
)('an image that needs other files', () => {
  let folder = '';
  let raw = '';
  beforeAll(() => {
    raw = ext4(GUEST);
    folder = mkdtempSync(scratch('several-'));
  });

  /** The image works with all rights where it may have its files, and is refused under --runas by the name of the one it needs. */
  const refused = (image: string, name: RegExp, without: 0 | 1 = 0): void => {
    const all = runPygrub(LAUNCHER, ['-q'], image);
    expect([all.status, all.stderr.includes('--runas')]).toEqual([without, false]);
    const few = runPygrub(LAUNCHER, ['-q', RUNAS], image);
    expect([few.status, few.stdout, few.left]).toEqual([1, '', {}]);
    const lines = few.stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^RuntimeError: .* needs another file.*, and with --runas no file but the image is opened; hand over the whole disk/,
    );
    expect(lines[0]).toMatch(name);
  };

  it('is refused by name when it is a differencing VHD', () => {
    const data = readFileSync(raw);
    const size = data.length;
    writeFileSync(join(folder, 'parent.vhd'), makeVhd({ type: 2, size, id: 'p', data }).bytes);
    const child = join(folder, 'child.vhd');
    const parent = { id: 'p', name: 'parent.vhd', locators: [['W2ru', '.\\parent.vhd']] } as const;
    writeFileSync(child, makeVhd({ type: 4, size, id: 'c', blockSize: 2 * 1024 * 1024, parent }).bytes);
    refused(child, /parent\.vhd/);
  });

  it('is refused by name when it is a qcow2 file with a backing file', () => {
    const base = join(folder, 'base.qcow2');
    imageTool('convert', '-O', 'qcow2', raw, base);
    const top = join(folder, 'top.qcow2');
    imageTool('create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', top);
    refused(top, /base\.qcow2/);
  });

  it('is refused by name when it is a VMDK descriptor with an extent', () => {
    const descriptor = join(folder, 'disk.vmdk');
    imageTool('convert', '-O', 'vmdk', '-o', 'subformat=monolithicFlat', raw, descriptor);
    refused(descriptor, /disk-flat\.vmdk/);
  });

  it('works with --runas when it turns out to be whole', () => {
    for (const format of ['vpc', 'qcow2', 'vmdk', 'vhdx']) {
      const image = join(folder, `whole.${format}`);
      imageTool('convert', '-O', format, raw, image);
      expect([format, runPygrub(LAUNCHER, ['-q', RUNAS], image).status]).toEqual([format, 0]);
    }
  });

  it('opens nothing of root’s on the way', () => {
    // A descriptor that names a file which only root can read: not one byte of it comes out.
    const secret = join(folder, 'secret');
    copyFileSync(raw, secret);
    const sectors = readFileSync(raw).length / 512;
    const descriptor = join(folder, 'evil.vmdk');
    writeFileSync(
      descriptor,
      `# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW ${sectors} FLAT "secret" 0\n`,
    );
    refused(descriptor, /secret/);
  });
});
