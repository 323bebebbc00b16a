import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openIso9660, type Tree } from '../../../fs-readers/iso9660/file-system.js';
import { iso9660 } from '../../../fs-readers/iso9660/index.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { compareWithManifest, readManifest } from '../../support/manifest.js';
import { peerData, peerPath, skip, tool } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';

const OPTIONS = { limits: DEFAULT_LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] };
const TYPES = new Set(['iso', 'iso9660']);

/** Where tygrub means to differ: zisofs is not read, and Linux before 6.16 kept dates of ISO 9660 in 32 bits. */
function isExplained(difference: string): boolean {
  if (difference.includes(': iso9660.zisofs: ')) return true;
  const times = /: stat (\S+ \S+ \S+ \S+) (-?\d+), expected \1 (-?\d+)$/.exec(difference);
  return times !== null && Math.abs(Number(times[2]) - Number(times[3])) === 2 ** 32;
}

const missing = skip('ISO 9660 images of other programs', peerData(), tool('zstd', 'apt-get install zstd'));
const rows = missing
  ? []
  : readFileSync(peerPath('filesystems', 'MANIFEST.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter((row) => TYPES.has(row[3] ?? ''));

describe.skipIf(missing)('ISO 9660 images of other programs', () => {
  for (const [file = '', , , , , , expected, , , , oracles = ''] of rows) {
    for (const oracle of oracles.split(' ')) {
      const view = /\.(kernel|joliet|plain)\.tsv/.exec(oracle)?.[1];
      if (view === undefined) continue;
      it(`reads ${oracle} from ${file} as Linux does (${expected})`, async () => {
        const source = HostFileSource.open(unpack(peerPath('filesystems', file)));
        try {
          const cached = new BlockCache(source);
          expect(await iso9660.probe(cached)).toBe(true);
          const manifest = readManifest(peerPath('filesystems', oracle));
          let tree: Tree | undefined;
          if (view === 'plain') tree = 'plain';
          // Linux's norock means Joliet where there is Joliet.
          if (view === 'joliet')
            tree = await openIso9660(cached, OPTIONS, 'joliet').then(
              (): Tree => 'joliet',
              (): Tree => 'plain',
            );
          const fs = await openIso9660(cached, OPTIONS, tree);
          const differences = await compareWithManifest(fs, manifest, { metadata: true });
          expect(differences.filter((line) => !isExplained(line))).toEqual([]);
        } finally {
          await source.close();
        }
      });
    }
  }
});

describe.skipIf(missing)('UDF images of other programs', () => {
  it('are read where they have an ISO 9660 part too, and not taken for ISO 9660 where they have none', async () => {
    const udf = readFileSync(peerPath('filesystems', 'MANIFEST.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter((row) => row[3] === 'udf');
    const bridges: string[] = [];
    for (const [file = ''] of udf) {
      const source = HostFileSource.open(unpack(peerPath('filesystems', file)));
      try {
        if (!(await iso9660.probe(source))) continue;
        bridges.push(file);
        const root = await (await iso9660.open(source, OPTIONS)).root();
        expect(root.type).toBe('d');
      } finally {
        await source.close();
      }
    }
    expect(bridges).toEqual(['images/ul-fs-udf.img.gz']);
  });
});
