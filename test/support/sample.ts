/** The sample disk of `images/`, unpacked, and the SHA-256 of the files in it as its builder wrote them down. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './program.js';
import { unpack } from './unpack.js';

export const SAMPLE = unpack(join(ROOT, 'images', 'sample.vhd.gz'), 'sample.vhd');

/** Path below /boot to SHA-256. */
export const SAMPLE_SUMS: ReadonlyMap<string, string> = new Map(
  readFileSync(join(ROOT, 'images', 'sample.sha256'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [sum = '', name = ''] = line.split(/\s+/);
      return [name, sum] as const;
    }),
);

/** SHA-256 of a file of the host. */
export function fileSum(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
