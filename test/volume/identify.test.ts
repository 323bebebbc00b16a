/** What other programs put on a volume, against blkid's names for it. */
import { spawnSync } from 'node:child_process';
import { openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HostFileSource } from '../../src/source/host-file.js';
import { identify } from '../../src/volume/identify/index.js';
import { temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';

const MiB = 1024 * 1024;
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

function call(command: string, args: readonly string[], input = ''): string {
  const done = spawnSync(command, args, { encoding: 'utf8', env, input });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? done.stderr}`);
  return done.stdout.trim();
}

const luks = (type: string) => ['-q', 'luksFormat', '--type', type, '--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000'];
/** The program, what it is called with before the image, what it reads, and what is wiped afterwards. */
const KINDS: readonly (readonly [what: string, command: string, args: readonly string[], input?: string, wiped?: number])[] = [
  ['swap space', 'mkswap', ['-q']],
  ['Minix 1', 'mkfs.minix', ['-1']],
  ['Minix 2', 'mkfs.minix', ['-2']],
  ['Minix 3', 'mkfs.minix', ['-3']],
  ['BFS', 'mkfs.bfs', []],
  ['LUKS 1', 'cryptsetup', luks('luks1').filter((argument) => argument !== '--pbkdf' && argument !== 'pbkdf2'), 'secret'],
  ['LUKS 2', 'cryptsetup', luks('luks2'), 'secret'],
  ['LUKS 2 without its first header', 'cryptsetup', luks('luks2'), 'secret', 4096],
  ['bcache', 'make-bcache', ['-B']],
];

describe('A volume', () => {
  const folder = temporaryFolder();
  for (const [number, [what, command, args, input, wiped]] of KINDS.entries()) {
    const missing = skip(
      `the signature of ${what}`,
      tool(command, 'apt-get install util-linux util-linux-extra cryptsetup-bin bcache-tools'),
      tool('blkid', 'apt-get install util-linux'),
    );
    it.skipIf(missing)(`with ${what} is known by blkid's name`, async () => {
      const image = join(folder, `image${number}`);
      writeFileSync(image, '');
      truncateSync(image, 32 * MiB);
      call(command, [...args, image, ...(input === undefined ? [] : ['-'])], input);
      if (wiped !== undefined) writeSync(openSync(image, 'r+'), new Uint8Array(wiped), 0, wiped, 0);
      const source = HostFileSource.open(image);
      try {
        expect((await identify(source))?.type).toBe(call('blkid', ['-p', '-o', 'value', '-s', 'TYPE', image]));
      } finally {
        await source.close();
      }
    });
  }
});
