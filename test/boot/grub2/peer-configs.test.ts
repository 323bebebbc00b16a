/** Configs of real distributions: what GRUB 2.06 made of them (`truth`), and what other projects' tests expect. */
import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../../src/boot/dialect.js';
import { COMMANDS } from '../../../src/boot/grub2/commands/index.js';
import { detectFlavour } from '../../../src/boot/grub2/flavour.js';
import { readMenu } from '../../../src/boot/grub2/read-menu.js';
import { type Flavour, Surroundings } from '../../../src/boot/grub2/surroundings.js';
import type { BootMenu } from '../../../src/boot/menu.js';
import { peerData, peerPath, skip } from '../../support/requirements.js';
import { type Expectation, type PeerCase, peerCases, scoreMenu } from '../support/peer-score.js';
import { type PeerContext, peerGuest } from './peer-guest.js';

interface Grub2Case extends PeerCase {
  readonly context: PeerContext & { readonly cwd?: string };
  readonly truth?: Expectation | null;
  readonly expect_vs_grub?: string | null;
}

const EMPTY: BootMenu = {
  config: null,
  timeout: null,
  default: null,
  entries: [],
  warnings: [],
  explanation: [],
  access: null,
  run: async () => {
    throw new Error('nothing runs in an empty menu');
  },
};

async function read(peer: Grub2Case, wanted?: Flavour): Promise<BootMenu> {
  const guest = peerGuest(peer.folder, peer.context);
  const [volume] = guest.volumes;
  if (volume === undefined) throw new Error('no volume');
  const files = new GuestFiles(guest, guest.limits);
  const path = `/${peer.config}`;
  const flavour = wanted ?? (await detectFlavour({ volume, path }, files)).flavour;
  const surroundings = new Surroundings(files, flavour, COMMANDS);
  return (await readMenu(surroundings, { volume, path, platform: 'pc', variables: peer.context.vars ?? {} })) ?? EMPTY;
}

/** What the recordings keep and tygrub leaves out: the word that Debian's scripts put where a file's name would be. */
function withoutPlaceholders(expectation: Expectation): Expectation {
  return JSON.parse(JSON.stringify(expectation).replaceAll('"args":"placeholder ', '"args":"')) as Expectation;
}

/** Where a recording is not what GRUB would make of the case's files, and why. */
const MISRECORDED: ReadonlyMap<string, string> = new Map([
  ['insights-grub2-workstation', 'the terminal broke a long title, and the recording kept the break as a blank'],
  ['snapd-grub-recovery', 'the disk of the recording had the label ubuntu-boot, which the case does not tell'],
]);

/** Where what is expected is not what GRUB does, and why. */
const EXPLAINED: ReadonlyMap<string, string> = new Map([
  ['insights-grub2-unclosed', 'insights reads an entry whose brace is never closed; GRUB drops it'],
  ['petitboot-grub2-blscfg-opts-config', 'petitboot joins the words of `set kernelopts=a b`; GRUB sets the first one'],
  [
    'petitboot-grub2-blscfg-opts-grubenv',
    "petitboot expands $blank in initrd lines; GRUB puts ($root) before it and tries to load a file called ''",
  ],
  ['petitboot-grub2-if-formats', 'petitboot takes `; ;`; for GRUB it is a syntax error'],
  ['petitboot-grub2-rhel8', "the case counts entries whose files are not in it (petitboot's test makes them)"],
  ['petitboot-grub2-search-args', 'petitboot sets the variable to the searched name even where nothing is found'],
  ['petitboot-grub2-search-label', "petitboot's own device names"],
  ['petitboot-grub2-search-uuid', "petitboot's own device names, and unknown UUIDs passed through"],
  ['petitboot-grub2-test-file-ops', 'petitboot takes a directory for a file that is not empty; GRUB 2.06 does not (see the recording)'],
  ['uroot-iso-CentOS-Stream-Image-MATE-Live.x86_64-9-202601110111', 'u-root ignores if and else'],
  [
    'uroot-iso-nixos-graphical-25.11.8801.36a601196c4e-x86_64-linux',
    'u-root lists entries of submenus as if all of them stood in one list',
  ],
]);

describe.skipIf(skip('GRUB 2 configurations of peers', peerData()))('GRUB 2 configurations of other projects', () => {
  const cases = peerData() === null ? (peerCases(peerPath('boot-configs'), ['grub2']) as Grub2Case[]) : [];

  async function score(name: string, pick: (peer: Grub2Case) => Expectation | null, flavour?: Flavour) {
    const counts = { default: [0, 0], list: [0, 0] } as Record<'default' | 'list', [number, number]>;
    const failures: string[] = [];
    for (const peer of cases) {
      const wanted = pick(peer);
      if (wanted === null) continue;
      const result = scoreMenu(await read(peer, flavour), { ...peer, expect: wanted });
      for (const key of ['default', 'list'] as const) {
        if (result[key] === null) continue;
        counts[key][1] += 1;
        if (result[key]) counts[key][0] += 1;
      }
      if (result.default === false || result.list === false) failures.push(`${peer.id}: ${result.differences.join(' | ').slice(0, 900)}`);
    }
    const row = `${name.padEnd(24)} default ${counts.default.join(' of ')}, list ${counts.list.join(' of ')}`;
    process.stderr.write(`${row}\n`);
    return failures;
  }

  it('are read as GRUB 2.06 read them', async () => {
    const failures = await score('GRUB 2.06', (peer) => (peer.truth == null ? null : withoutPlaceholders(peer.truth)), 'upstream');
    expect(failures.filter((line) => !MISRECORDED.has(line.split(':')[0] ?? ''))).toEqual([]);
    expect(failures.map((line) => line.split(':')[0]).sort()).toEqual([...MISRECORDED.keys()].sort());
  });

  it('are read as their projects expect, where GRUB agrees', async () => {
    const failures = await score('peers, GRUB agrees', (peer) => (peer.expect_vs_grub === 'agree' ? peer.expect : null));
    expect(failures).toEqual([]);
  });

  it('differ from the rest of what their projects expect only where GRUB does', async () => {
    const failures = await score('peers, GRUB differs', (peer) => (peer.expect_vs_grub === 'agree' ? null : peer.expect));
    const unexplained = failures.filter((line) => !EXPLAINED.has(line.split(':')[0] ?? ''));
    expect(unexplained).toEqual([]);
    expect(failures.map((line) => line.split(':')[0]).sort()).toEqual([...EXPLAINED.keys()].sort());
  });
});
