/** Configs of real distributions (all dialects but GRUB 2's) against what other projects' tests expect of them. */
import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../src/boot/dialect.js';
import { BOOT_DIALECTS } from '../../src/boot/index.js';
import type { BootMenu } from '../../src/boot/menu.js';
import { filesOfDirectory, oneVolumeGuest } from '../support/directory-filesystem.js';
import { peerData, peerPath, skip } from '../support/requirements.js';
import { type PeerCase, peerCases, scoreMenu } from './support/peer-score.js';

const TYPES = ['grub-legacy', 'syslinux', 'systemd-boot', 'lilo'];

/** Where a peer deviates from the loader, and why the loader is followed. */
const STRIPPED =
  'the expectation strips --boot-filesystem=/boot from the path, but grubby writes whole paths in lilo.conf: LILO reads those';
const EXPLAINED: ReadonlyMap<string, string> = new Map([
  ['grubby-result-add-l4.1', STRIPPED],
  ['grubby-result-add-l4.2', STRIPPED],
  ['grubby-result-add-l6.1', STRIPPED],
  ['grubby-result-add-l6.2', STRIPPED],
  ['grubby-result-longtitle-l7.1', STRIPPED],
  ['bootc-machine-id', 'bootc sorts by machine-id and version also without a sort-key; systemd-boot by file name then'],
  ['bootc-version-tilde', 'bootc sorts by version also without a sort-key; systemd-boot by file name then'],
  [
    'uroot-bls-madeup',
    'u-root keeps the last of two options lines and takes paths from /loader; the specification joins them and starts at /',
  ],
]);

/** What pygrub (Xen 4.17) gets right of the same expectations: default entries, lists. */
const PYGRUB: ReadonlyMap<string, string> = new Map([
  ['grub-legacy', '10, 15'],
  ['syslinux', '7, 4'],
  ['lilo', '0, 0'],
  ['systemd-boot', '0, 0'],
]);

async function readCase(peer: PeerCase): Promise<BootMenu> {
  const guest = oneVolumeGuest(filesOfDirectory(`${peer.folder}/fs`));
  const volume = guest.volumes[0];
  const dialect = BOOT_DIALECTS.find((row) => row.name === peer.type);
  if (volume === undefined || dialect === undefined) throw new Error(`no dialect ${peer.type}`);
  return dialect.read({ volume, path: `/${peer.config}` }, new GuestFiles(guest, guest.limits), {});
}

describe.skipIf(skip('boot configurations of peers', peerData()))('boot configurations of other projects', () => {
  it('are read as their loaders would read them', async () => {
    const rows = new Map<string, { cases: number; default: [number, number]; list: [number, number] }>();
    const failures: string[] = [];
    const explained: string[] = [];
    for (const peer of peerCases(peerPath('boot-configs'), TYPES)) {
      const menu = await readCase(peer);
      const score = scoreMenu(menu, peer);
      const row = rows.get(peer.type) ?? { cases: 0, default: [0, 0], list: [0, 0] };
      rows.set(peer.type, row);
      row.cases += 1;
      for (const key of ['default', 'list'] as const) {
        if (score[key] === null) continue;
        row[key][1] += 1;
        if (score[key]) row[key][0] += 1;
      }
      if (score.default === false || score.list === false) {
        (EXPLAINED.has(peer.id) ? explained : failures).push(`${peer.id}: ${score.differences.join(' | ').slice(0, 600)}`);
      }
    }
    const table = [...rows].map(
      ([type, row]) =>
        `${type.padEnd(14)}${row.cases} cases, default ${row.default.join(' of ')}, list ${row.list.join(' of ')} (pygrub ${PYGRUB.get(type)})`,
    );
    process.stderr.write(`${table.join('\n')}\nexplained: ${explained.length}\n`);
    expect(failures).toEqual([]);
    // An explanation that is not needed any more has to go.
    expect(explained.map((line) => line.split(':')[0]).sort()).toEqual([...EXPLAINED.keys()].sort());
  });
});
