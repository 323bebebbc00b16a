/** Every ext image of the peer data against what the Linux kernel or debugfs read from it. */
import { describe, expect, it } from 'vitest';
import type { FileSystemOptions } from '../../../fs-readers/index.js';
import { resolvePath } from '../../../fs-readers/path.js';
import { TygrubError } from '../../../src/errors.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
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

interface Wanted {
  readonly options?: Partial<FileSystemOptions>;
  readonly errorsAllowed?: boolean;
  /** Another image with the same tree, where no program could read this one. */
  readonly sameAs?: string;
  /** Paths that are left out of the comparison, with all below. */
  readonly without?: string;
}

/** The differences from one manifest of the image. */
async function differences(row: ImageRow, oracle: string, wanted: Wanted = {}): Promise<string[]> {
  const { options = {}, errorsAllowed = false, sameAs, without } = wanted;
  const path = (sameAs === undefined ? row : rowOf(sameAs)).manifests.get(oracle);
  if (path === undefined) throw new Error(`${row.name} has no manifest ${oracle}`);
  const manifest = readManifest(path);
  const image = openImage(row);
  try {
    const fs = await openExt(placed(row, image), options);
    // Owners and times of the tree that mke2fs copied and of debugfs' copy are not the image's; and when the kernel
    // replays fast commits it gives directories the time of that moment.
    const metadata =
      oracle !== 'debugfs' && oracle !== 'source' && !fs.state.includes('fast commit') && !errorsAllowed && sameAs === undefined;
    const found = await compareWithManifest(fs, manifest, { metadata, errorsAllowed });
    // mke2fs makes lost+found by itself; and debugfs could not be told the offset, its list is that of an empty tree.
    const withoutLostFound = oracle === 'source' || row.what.includes('at offset');
    return found.filter(
      (line) =>
        !(withoutLostFound && line === '/lost+found: not in the manifest') &&
        !(without !== undefined && (line.startsWith(`${without}:`) || line.startsWith(`${without}/`))),
    );
  } finally {
    await image.close();
  }
}

/** What opening an image fails with. */
async function failure(row: ImageRow, options: Partial<FileSystemOptions> = {}): Promise<TygrubError> {
  const image = openImage(row);
  try {
    await openExt(image, options);
  } catch (error) {
    if (error instanceof TygrubError) return error;
    throw error;
  } finally {
    await image.close();
  }
  throw new Error(`${row.name} was opened`);
}

/** The warnings' codes after the root directory was listed. */
async function warnings(row: ImageRow): Promise<string[]> {
  const image = openImage(row);
  try {
    const fs = await openExt(image);
    for await (const entry of (await fs.root()).entries()) await entry.node();
    return fs.warnings.map(({ code }) => code);
  } finally {
    await image.close();
  }
}

/** The tree that the images have of which the kernel and debugfs could read nothing. */
const INTACT = 'open-ext4-readonly.img';
const EXTERNAL = 'open-ext4-extjournal-dirty.img';

function rowOf(name: string): ImageRow {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`${name} is not among the images`);
  return row;
}

describe.skipIf(skip('ext images', peerData(), tool('zstd', 'apt-get install zstd')))('ext images of the peer data', () => {
  for (const row of rows.filter(({ expect: kind }) => kind === 'read')) {
    it(`${row.name} is read as the kernel reads it`, async () => {
      expect(await differences(row, oracleOf(row))).toEqual([]);
    });
  }

  const dirty = rows.filter(({ expect: kind, name }) => kind === 'read(replay preferred)' && !name.includes('.journal.'));
  for (const row of dirty.filter(({ name }) => name !== EXTERNAL)) {
    it(`${row.name} is read as the kernel reads it after replaying the journal`, async () => {
      expect(await differences(row, 'replay')).toEqual([]);
    });
  }

  for (const row of rows.filter(({ manifests }) => manifests.has('noload'))) {
    it(`${row.name} is read as it is on the disk when the journal is not wanted`, async () => {
      const errorsAllowed = row.expect === 'corrupt';
      expect(await differences(row, 'noload', { options: { noJournal: true }, errorsAllowed })).toEqual([]);
    });
  }

  for (const row of rows.filter(({ expect: kind }) => kind === 'corrupt')) {
    it(`${row.name} is read as the kernel reads it, or its damage is told`, async () => {
      const oracle = row.manifests.has('replay') ? 'replay' : oracleOf(row);
      try {
        expect(await differences(row, oracle, { errorsAllowed: true })).toEqual([]);
      } catch (error) {
        if (!(error instanceof TygrubError)) throw error;
      }
    });
  }
});

describe.skipIf(skip('special ext images', peerData(), tool('zstd', 'apt-get install zstd')))('special ext images of the peer data', () => {
  it('an external journal that is needed is named with its UUID', async () => {
    const error = await failure(rowOf(EXTERNAL));
    expect(error.code).toBe('ext.external-journal');
    expect(error.message).toMatch(/1556503d-d77d-4fe5-a29d-f17c7d3cd0b7/);
    expect(error.hint).toMatch(/--no-journal/);
  });

  it('an external journal is replayed when its device is among the disks', async () => {
    const journal = openImage(rowOf('open-ext4-extjournal-dirty.journal.img'));
    const otherVolumes = async () => [journal];
    expect(await differences(rowOf(EXTERNAL), 'replay', { options: { otherVolumes } })).toEqual([]);
    await journal.close();
  });

  it('the device of an external journal is not taken for a filesystem', async () => {
    expect((await failure(rowOf('open-ext4-extjournal-dirty.journal.img'))).code).toBe('ext.journal-device');
  });

  for (const row of imageRows(['jbd'])) {
    it(`${row.name}, a journal alone, is not taken for a filesystem`, async () => {
      expect((await failure(row)).kind).toBe('unsupported');
    });
  }

  it('a journal whose superblock is destroyed is left out, which is told', async () => {
    const row = rowOf('open-dirty-nosb.img');
    expect(await warnings(row)).toContain('ext.journal-damaged');
    expect(await differences(row, 'noload')).toEqual([]);
  });

  it('a torn journal is replayed up to the damage, as the kernel does', async () => {
    expect(await differences(rowOf('open-dirty-torn.img'), 'replay')).toEqual([]);
  });

  for (const name of ['open-ext4-64k.img', 'open-ext4-8k.img']) {
    it(`${name} has blocks larger than the page of the kernel that refused it, and is read`, async () => {
      expect(await differences(rowOf(name), 'source')).toEqual([]);
    });
  }

  it('encrypted names and files are named as such, the rest is read', async () => {
    expect(await differences(rowOf('open-ext4-encrypt.img'), 'kernel', { without: '/enc' })).toEqual([]);
    const image = openImage(rowOf('open-ext4-encrypt.img'));
    const { node } = await resolvePath(await openExt(image), '/enc', DEFAULT_LIMITS);
    const list = async () => {
      for await (const entry of node.entries()) return entry;
      return null;
    };
    await expect(list()).rejects.toMatchObject({ kind: 'unsupported', code: 'ext.encrypted' });
    await image.close();
  });

  it('zeroed group descriptors are replaced by a backup, which is told', async () => {
    const row = rowOf('open-ext4-gdt-zeroed.img');
    expect(await differences(row, 'kernel', { sameAs: INTACT })).toEqual([]);
    expect(await warnings(row)).toContain('ext.backup-descriptors');
  });

  it('a zeroed superblock is replaced by a backup, which is told', async () => {
    const row = rowOf('open-ext4-sb-zeroed.img');
    expect(await warnings(row)).toContain('ext.backup-superblock');
    expect(await differences(row, 'kernel', { sameAs: INTACT })).toEqual([]);
  });

  it('of an image that is cut off, what is there is read and the rest is an error', async () => {
    const row = rowOf('open-ext4-truncated.img');
    expect(await differences(row, 'kernel', { sameAs: INTACT, errorsAllowed: true })).toEqual([]);
    expect(await warnings(row)).toContain('ext.cut-off');
  });

  it('an unknown incompatible feature is refused by its name', async () => {
    const error = await failure(rowOf('open-ext4-unk-incompat.img'));
    expect(error.code).toBe('ext.incompat-feature');
    expect(error.message).toMatch(/FEATURE_I30/);
  });
});
