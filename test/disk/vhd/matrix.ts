/** The manifest of VHDs of every kind, and its files unpacked beside each other as they must lie. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { peerPath } from '../../support/requirements.js';
import { writeSparse } from '../../support/unpack.js';

/** A row of the manifest. */
export interface MatrixRow {
  readonly file: string;
  readonly kind: string;
  readonly size: number;
  readonly sha256: string;
  readonly expect: string;
  readonly needs: string;
}

/** The rows of a kind that starts with one of the given words. */
export function matrixRows(...kinds: string[]): MatrixRow[] {
  const [, ...lines] = readFileSync(peerPath('vhd', 'MANIFEST.tsv'), 'utf8').trim().split('\n');
  return lines
    .map((line) => {
      const [file = '', kind = '', size = '', sha256 = '', expect = '', needs = ''] = line.split('\t');
      return { file, kind, size: Number(size), sha256, expect, needs };
    })
    .filter((row) => kinds.some((kind) => row.kind.startsWith(kind)));
}

let folder: string | undefined;

/** The folder with all files of the matrix, unpacked once for a run. */
export function matrixFolder(): string {
  if (folder !== undefined) return folder;
  const ready = join(tmpdir(), 'tygrub-unpacked', 'vhd-matrix');
  if (!existsSync(ready)) {
    mkdirSync(dirname(ready), { recursive: true });
    const partial = mkdtempSync(`${ready}-`);
    for (const row of matrixRows('')) {
      if (row.file.startsWith('xo/')) continue;
      const target = join(partial, row.file);
      mkdirSync(dirname(target), { recursive: true });
      writeSparse(target, gunzipSync(readFileSync(peerPath('vhd', `${row.file}.gz`))));
    }
    const tar = spawnSync('tar', ['xzf', peerPath('vhd', 'xo.tar.gz'), '-C', partial]);
    if (tar.status !== 0) throw new Error(`tar cannot unpack xo.tar.gz: ${tar.stderr}`);
    try {
      renameSync(partial, ready);
    } catch (error) {
      if (!existsSync(ready)) throw error; // else another test was faster
      rmSync(partial, { recursive: true });
    }
  }
  folder = ready;
  return ready;
}
