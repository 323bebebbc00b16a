import { describe, expect, it } from 'vitest';
import { TygrubError } from '../../../src/errors.js';
import { compareWithManifest, readManifest } from '../../support/manifest.js';
import { peerData, skip, tool } from '../../support/requirements.js';
import { fromTopLevel, imageRows, NotRecognised, openBtrfs, openImage } from './images.js';

const missing = skip('btrfs images of other programs', peerData(), tool('zstd', 'apt-get install zstd'));
const rows = missing ? [] : imageRows();

/** Linux cannot mount these, so nobody knows what is in them. */
const NOTHING = { rows: new Map(), truncated: true };

describe.skipIf(missing)('btrfs images of other programs', () => {
  for (const row of rows) {
    // RAID5 is refused: see refuse.test.ts.
    if (row.name.endsWith('raid5')) continue;
    for (const [oracle, path] of row.manifests) {
      it(`reads ${row.name} as Linux does (${oracle}, ${row.expect})`, async () => {
        const sources = row.files.map(openImage);
        try {
          const [first, ...others] = sources;
          if (first === undefined) throw new Error('no image');
          const opened = openBtrfs(first, others);
          if (
            row.expect === 'corrupt' &&
            (await opened.then(
              () => false,
              (error) => error instanceof TygrubError,
            ))
          )
            return;
          const fs = await opened;
          const differences = await compareWithManifest(oracle === 'top' ? fromTopLevel(fs) : fs, readManifest(path), {
            metadata: true,
            errorsAllowed: row.expect === 'corrupt',
          });
          expect(differences).toEqual([]);
        } finally {
          for (const source of sources) await source.close();
        }
      });
    }
    if (row.manifests.size > 0) continue;
    it(`refuses ${row.name}, or reads nothing from it`, async () => {
      const source = openImage(row.files[0] ?? '');
      try {
        const differences = await compareWithManifest(await openBtrfs(source), NOTHING, { errorsAllowed: true });
        expect(differences).toEqual([]);
      } catch (error) {
        if (!(error instanceof TygrubError) && !(error instanceof NotRecognised)) throw error;
      } finally {
        await source.close();
      }
    });
  }
});
