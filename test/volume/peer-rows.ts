/** The rows of the filesystems manifest of the peer data. */
import { readFileSync } from 'node:fs';
import { peerData, peerPath } from '../support/requirements.js';

export interface PeerRow {
  /** Path below `filesystems`. */
  readonly file: string;
  /** The file's name without `.img` and packing. */
  readonly name: string;
  readonly type: string;
  readonly expect: string;
  /** Paths of the answers below `filesystems`. */
  readonly manifests: readonly string[];
}

/** All rows; none where there is no peer data. */
export function peerRows(): PeerRow[] {
  if (peerData() !== null) return [];
  const lines = readFileSync(peerPath('filesystems', 'MANIFEST.tsv'), 'utf8').split('\n').slice(1);
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const columns = line.split('\t');
      const file = columns[0] ?? '';
      return {
        file,
        name: file.replace(/^images\//, '').replace(/\.img\.(gz|zst)$/, ''),
        type: columns[3] ?? '',
        expect: columns[6] ?? '',
        manifests: (columns[10] ?? '').split(' '),
      };
    });
}
