/** What stands on the peer images that no reader reads, against blkid's names for it. */
import { describe, expect, it } from 'vitest';
import { TygrubError } from '../../src/errors.js';
import { Guest } from '../../src/guest/guest.js';
import { HostFileSource } from '../../src/source/host-file.js';
import { identify } from '../../src/volume/index.js';
import { peerData, peerPath, skip } from '../support/requirements.js';
import { unpack } from '../support/unpack.js';
import { peerRows } from './peer-rows.js';

/** The manifest names the family; blkid's newer names are ours. */
const NAMED: Readonly<Record<string, string>> = {
  'ul-fs-bcachefs-2': 'bcache',
  'ul-fs-bcachefs-3': 'bcachefs',
  'ul-fs-scoutfs_data': 'scoutfs_data',
  'ul-fs-squashfs3': 'squashfs',
};

const rows = peerRows();
const refused = rows.filter((row) => row.expect === 'identify-and-refuse');

describe.skipIf(skip('identities of the peer images', peerData()))('identify', () => {
  it('has images to look at', () => {
    expect(refused.length).toBeGreaterThan(40);
  });

  it.each(refused.filter((row) => !row.type.startsWith('-') || NAMED[row.name] !== undefined))('$name is $type', async (row) => {
    const source = HostFileSource.open(unpack(peerPath('filesystems', row.file)));
    try {
      expect((await identify(source))?.type).toBe(NAMED[row.name] ?? row.type);
    } finally {
      await source.close();
    }
  });

  it.each(refused)('$name is not mistaken for a filesystem that tygrub reads', async (row) => {
    const path = unpack(peerPath('filesystems', row.file));
    const guest = await Guest.open([{ path, source: HostFileSource.open(path) }]).catch((error: unknown) => {
      // A damaged VHD, or a container of a version that is not read, is refused as such before anything in it is looked at.
      if (error instanceof TygrubError && /^(vhd|vhdx|qcow2|vmdk)\./.test(error.code)) return null;
      throw error;
    });
    if (guest === null) return;
    try {
      // Containers (a VHD, a qcow2) are opened, and hold what they hold.
      if (guest.disks.some((disk) => disk.container.format !== 'raw')) return;
      for (const volume of guest.volumes) expect((await volume.inspect()).filesystem?.type ?? null).toBeNull();
    } finally {
      await guest.close();
    }
  });

  const families: Readonly<Record<string, string>> = {
    vfat: 'vfat',
    fat: 'vfat',
    iso9660: 'iso9660',
    iso: 'iso9660',
    xfs: 'xfs',
    btrfs: 'btrfs',
    ext4: 'ext',
    ext2: 'ext',
    udf: 'udf',
  };
  const known = rows.filter(
    (row) =>
      families[row.type] !== undefined && row.expect === 'read' && !/\.dev[0-9]|fat32_(xp|mkdosfs)|udf-|iso-udf|-check-/.test(row.name),
  );
  it.each(known)('$name is recognised as $type', async (row) => {
    const source = HostFileSource.open(unpack(peerPath('filesystems', row.file)));
    const identity = await identify(source);
    await source.close();
    expect([families[row.type], 'iso9660']).toContain(identity?.type);
  });
});
