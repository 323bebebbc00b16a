import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fat } from '../../../fs-readers/fat/index.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { compareWithManifest, readManifest } from '../../support/manifest.js';
import { peerData, peerPath, skip, tool } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';

const OPTIONS = { limits: DEFAULT_LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] };
const TYPES = new Set(['vfat', 'fat']);

const missing = skip('FAT images of other programs', peerData(), tool('zstd', 'apt-get install zstd'));
const rows = missing
  ? []
  : readFileSync(peerPath('filesystems', 'MANIFEST.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter((row) => TYPES.has(row[3] ?? ''));

describe.skipIf(missing)('FAT images of other programs', () => {
  for (const [file = '', , , , , , expected, , , , oracles = ''] of rows) {
    it(`reads ${file} as Linux does (${expected})`, async () => {
      const source = HostFileSource.open(unpack(peerPath('filesystems', file)));
      try {
        const cached = new BlockCache(source);
        expect(await fat.probe(cached)).toBe(true);
        for (const oracle of oracles.split(' ')) {
          const manifest = readManifest(peerPath('filesystems', oracle));
          const opened = fat.open(cached, OPTIONS);
          if (expected === 'corrupt' && oracle.includes('.debugfs.')) {
            await expect(opened).rejects.toMatchObject({ kind: 'corrupt' });
            continue;
          }
          const differences = await compareWithManifest(await opened, manifest, { metadata: true });
          expect(differences).toEqual([]);
        }
      } finally {
        await source.close();
      }
    });
  }
});
