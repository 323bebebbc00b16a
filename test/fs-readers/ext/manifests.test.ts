/** Every ext image of the peer data against what the Linux kernel or debugfs read from it. */
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../../src/source/byte-source.js';
import { SliceSource } from '../../../src/source/slice.js';
import { compareWithManifest, readManifest } from '../../support/manifest.js';
import { peerData, skip, tool } from '../../support/requirements.js';
import { type ImageRow, imageRows, openExt, openImage } from './images.js';

// Images of partition tables have the kernel's partition scan instead of a manifest: they belong to the volume layer.
const rows = imageRows(['ext', 'ext2', 'ext3', 'ext4']).filter(({ name }) => !name.includes('-pt-'));

/** The oracle that a clean image is compared with: the kernel where it could mount it. */
function oracleOf(row: ImageRow): string {
  const oracle = ['kernel', 'noload', 'source', 'debugfs'].find((name) => row.manifests.has(name));
  if (oracle === undefined) throw new Error(`${row.name} has no manifest`);
  return oracle;
}

/** The filesystem's place in the image: the whole, but for the one that mke2fs was told an offset for. */
function placed(row: ImageRow, source: ByteSource): ByteSource {
  const MiB = 1024 * 1024;
  return row.what.includes('at offset 1 MiB') ? new SliceSource(source, MiB, source.size - MiB) : source;
}

/** The differences from one manifest of the image. */
async function differences(row: ImageRow, oracle: string, errorsAllowed = false): Promise<string[]> {
  const manifest = row.manifests.get(oracle);
  if (manifest === undefined) throw new Error(`${row.name} has no manifest ${oracle}`);
  const image = openImage(row);
  try {
    const fs = await openExt(placed(row, image));
    // Owners and times of the tree that mke2fs copied, and of debugfs' copy, are not the image's.
    const metadata = oracle !== 'debugfs' && oracle !== 'source';
    const found = await compareWithManifest(fs, readManifest(manifest), { metadata, errorsAllowed });
    // mke2fs makes lost+found by itself; and debugfs could not be told the offset, its list is that of an empty tree.
    const withoutLostFound = oracle === 'source' || row.what.includes('at offset');
    return withoutLostFound ? found.filter((line) => line !== '/lost+found: not in the manifest') : found;
  } finally {
    await image.close();
  }
}

describe.skipIf(skip('ext images', peerData(), tool('zstd', 'apt-get install zstd')))('ext images of the peer data', () => {
  for (const row of rows.filter(({ expect: kind }) => kind === 'read')) {
    it(`${row.name} is read as the kernel reads it`, async () => {
      expect(await differences(row, oracleOf(row))).toEqual([]);
    });
  }
});
