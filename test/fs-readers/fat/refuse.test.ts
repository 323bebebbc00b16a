import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fat } from '../../../fs-readers/fat/index.js';
import { iso9660 } from '../../../fs-readers/iso9660/index.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { peerData, peerPath, skip, tool } from '../../support/requirements.js';
import { unpack } from '../../support/unpack.js';

const missing = skip('images of other filesystems', peerData(), tool('zstd', 'apt-get install zstd'));
const OURS = new Set(['vfat', 'fat', 'iso', 'iso9660', 'iso9660/dos', 'udf', 'pt', 'type']);
const rows = missing
  ? []
  : readFileSync(peerPath('filesystems', 'MANIFEST.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter((row) => row.length > 9 && !OURS.has(row[3] ?? '') && Number(row[4]) < 64 * 1024 * 1024);

describe.skipIf(missing)('Images of other filesystems, containers and volume managers', () => {
  it('are not taken for FAT or ISO 9660', async () => {
    const mistaken: string[] = [];
    for (const [file = '', , , type] of rows) {
      const source = HostFileSource.open(unpack(peerPath('filesystems', file)));
      try {
        if (await fat.probe(source)) mistaken.push(`${file} (${type}) for FAT`);
        if (await iso9660.probe(source)) mistaken.push(`${file} (${type}) for ISO 9660`);
      } finally {
        await source.close();
      }
    }
    expect(mistaken).toEqual([]);
  });
});
