/** Every XFS image of the peer data against what the Linux kernel read from it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { xfs } from '../../../fs-readers/xfs/index.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { compareWithManifest, readManifest } from '../../support/manifest.js';
import { peerData, peerPath, skip, tool } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';

const OPTIONS = { limits: DEFAULT_LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] };

const missing = skip('XFS images of other programs', peerData(), tool('zstd', 'apt-get install zstd'));
const rows = missing
  ? []
  : readFileSync(peerPath('filesystems', 'MANIFEST.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'));

describe.skipIf(missing)('XFS images of other programs', () => {
  for (const [file = '', , , , , , expected = '', , , , oracles = ''] of rows.filter((row) => row[3] === 'xfs')) {
    for (const oracle of oracles.split(' ')) {
      const noJournal = oracle.includes('.noload.');
      const how = noJournal ? 'without its log' : expected.includes('replay') ? 'after replaying its log' : '';
      it(`${file} is read as Linux reads it ${how}(${oracle.replace(/.*\//, '')})`, async () => {
        const source = HostFileSource.open(unpack(peerPath('filesystems', file)));
        try {
          const cached = new BlockCache(source);
          expect(await xfs.probe(cached)).toBe(true);
          const fs = await xfs.open(cached, { ...OPTIONS, noJournal });
          const differences = await compareWithManifest(fs, readManifest(peerPath('filesystems', oracle)), { metadata: true });
          expect(differences).toEqual([]);
          if (!noJournal) expect(fs.warnings).toEqual([]);
          expect(fs.state).toEqual(
            noJournal ? 'log not replayed' : expected.includes('replay') ? expect.stringMatching(/^log replayed/) : 'clean',
          );
        } finally {
          await source.close();
        }
      });
    }
  }

  for (const [file = ''] of rows.filter((row) => row[3] === 'vxfs' || row[3] === 'xfs_external_log')) {
    it(`${file} is not taken for XFS`, async () => {
      const source = HostFileSource.open(unpack(peerPath('filesystems', file)));
      expect(await xfs.probe(source)).toBe(false);
      await source.close();
    });
  }
});
