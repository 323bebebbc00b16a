/** Random sets of entries, sorted and named by systemd's own reader of them (bootctl; only the loader folds case) and by ours. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOfDirectory, oneVolumeGuest } from '../../support/directory-filesystem.js';
import { Random, seed } from '../../support/mutation.js';
import { skip, tool } from '../../support/requirements.js';
import { readConfig } from '../support/read-config.js';

interface TheirEntry {
  readonly id: string;
  readonly showTitle: string;
  readonly options?: string;
}

/** bootctl prints one JSON object a line (252) or an array of them. */
function theirEntries(root: string): TheirEntry[] {
  const env = { ...process.env, SYSTEMD_RELAX_ESP_CHECKS: '1', SYSTEMD_ESP_PATH: root };
  const { stdout } = spawnSync('bootctl', ['list', '--json=short'], { encoding: 'utf8', env });
  const text = stdout.trim();
  const values = text.startsWith('[') ? JSON.parse(text) : text.split('\n').map((line) => JSON.parse(line));
  return (values as (TheirEntry & { type?: string })[]).filter(({ type }) => type !== 'auto' && type !== 'loader');
}

describe.skipIf(skip('systemd-boot against bootctl', tool('bootctl', 'apt-get install systemd-boot')))('bootctl', () => {
  it('lists random entries in the same order, with the same titles and options', async () => {
    const random = new Random(seed());
    const maybe = (key: string, values: readonly string[]): string => (random.next(2) === 0 ? '' : `${key} ${random.pick(values)}\n`);
    for (let round = 0; round < 40; round++) {
      const root = mkdtempSync(join(tmpdir(), 'tygrub-esp-'));
      try {
        mkdirSync(join(root, 'loader/entries'), { recursive: true });
        mkdirSync(join(root, 'EFI/systemd'), { recursive: true });
        writeFileSync(join(root, 'k'), '');
        for (let i = 0; i < 2 + random.next(6); i++) {
          const stem = `${random.pick(['a', 'b', 'ab', 'linux', '6a98'])}${random.pick(['', '-1', '-1.10', '-1.9', '_2', '.rc1'])}`;
          const text = [
            `title ${random.pick(['Fedora', 'Debian', 'Same'])}\nlinux /k\n`,
            maybe('sort-key', ['a', 'b', 'B']),
            maybe('machine-id', ['309de666fd5044268a9a26541ac93176', '81c6e3147cf544c19006af023e22b292']),
            maybe('version', ['1.0', '1.0~rc1', '1.10', '1.9', '6.1.0-9-amd64']),
            maybe('options', ['root=/dev/sda1 quiet', 'a  b']),
            maybe('options', ['second']),
          ];
          writeFileSync(join(root, 'loader/entries', `${stem}.conf`), text.join(''));
        }
        const menu = await readConfig(oneVolumeGuest(filesOfDirectory(root)), 'systemd-boot', '/loader/entries');
        const ours = menu.entries.map(({ id, title, args }) => [id, title, args]);
        // The loader itself shows eight digits of a machine's id, bootctl all of them.
        const shown = (title: string): string => title.replace(/([0-9a-f]{8})[0-9a-f]{24}/, '$1');
        const theirs = theirEntries(root).map(({ id, showTitle, options }) => [id, shown(showTitle), options ?? '']);
        expect(ours, `seed ${seed()}, round ${round}`).toEqual(theirs);
      } finally {
        rmSync(root, { recursive: true });
      }
    }
  });
});
