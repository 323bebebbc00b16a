/** Images of version 4, which newer kernels do not mount: their logs are replayed as Linux 6.1 replayed them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { xfs } from '../../../fs-readers/xfs/index.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { MemorySource } from '../../../src/source/memory.js';
import { compareWithManifest, readManifest } from '../../support/manifest.js';

const OPTIONS = { limits: DEFAULT_LIMITS, noJournal: false, ignoreChecksums: false, otherVolumes: async () => [] };
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/version-4-${name}.gz`, import.meta.url));

describe('An XFS of version 4 whose machine stopped', () => {
  it.each(['without-types', 'old-log', 'blocks-of-512'])('(%s) is read as Linux reads it after its own replay of the log', async (name) => {
    const image = new Uint8Array(gunzipSync(readFileSync(fixture(`${name}.img`))));
    const fs = await xfs.open(new MemorySource(image), OPTIONS);
    const manifest = readManifest(fixture(`${name}.tsv`));
    expect(manifest.rows.size).toBeGreaterThan(20);
    expect(await compareWithManifest(fs, manifest, { metadata: true })).toEqual([]);
    expect([fs.state, fs.warnings]).toEqual([expect.stringMatching(/^log replayed/), []]);
    // What the log holds is not on the disk yet: without it the tree is another one.
    const before = await xfs.open(new MemorySource(image), { ...OPTIONS, noJournal: true });
    expect(await compareWithManifest(before, manifest)).not.toEqual([]);
  });
});
