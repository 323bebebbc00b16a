/**
 * A program with nothing but the menu, for tests on a real terminal. It says on stderr how the menu ended. Arguments: the
 * kind of menu; how many times it is shown (for random keys: until the input ends).
 */
import { writeSync } from 'node:fs';
import { endBySignal } from '../../src/extract/index.js';
import { type MenuResult, personPolicy, runMenu, startPolicy } from '../../src/menu/index.js';
import { oneVolumeGuest } from '../support/directory-filesystem.js';
import { bootMenu, debianEntries, entry } from './menus.js';

const [name = 'debian', times = '1'] = process.argv.slice(2);
// `-still`: without a countdown, whose seconds would change the screens that tests keep.
const kind = name.replace('-still', '');
const still = kind !== name || kind === 'random';
const guest = oneVolumeGuest({
  '/boot/vmlinuz-6.1.0-9-amd64': 'kernel',
  '/boot/vmlinuz-6.1.0-8-amd64': 'kernel',
  '/etc/hostname': 'guest\n',
});
const entries =
  kind === 'long'
    ? Array.from({ length: 60 }, (_, i) => entry(i, `${String(i).padStart(3, '0')} ${'abcdefghij'.repeat(9)}`))
    : kind === 'evil'
      ? [entry(0, 'evil \x1b[2J\u202etxt\x07\x9b1m'), entry(1, 'Système 漢字 😀')]
      : debianEntries();
const problem = { code: 'test.cannot-boot', message: 'nothing boots here' };
// With random keys nothing boots, so that (nearly) all of them reach one menu.
const menu = bootMenu(kind === 'random' ? entries.map((e) => ({ ...e, problem })) : entries, {
  ...(kind === 'untimed' || still ? { timeout: null } : {}),
  ...(kind === 'random' ? { run: async () => ({ ...entry(0, ''), problem }) } : {}),
  ...(kind === 'locked'
    ? { access: { superusers: ['root'], passwords: [{ user: 'root', scheme: 'plain' as const, secret: 'geheim' }] } }
    : {}),
});
const policy = kind === 'untimed' ? startPolicy(menu) : { ...personPolicy(menu), confirmQuit: kind === 'random' };

let result: MenuResult = { kind: 'quit' };
for (let shown = 0; shown < Number(times); shown++) {
  result = await runMenu({
    menu,
    guest,
    policy,
    input: process.stdin,
    output: process.stdout,
    environment: process.env,
    describe: async function* ({ kernel }) {
      const version = /vmlinuz-(.*)/.exec(kernel?.path ?? '')?.[1] ?? '6.1.90';
      yield { version, short: `${version} x86_64 PV PVH xz`, warnings: [], isFinal: true };
    },
  });
  if (result.kind === 'hangup') break;
}
const words = result.kind === 'boot' ? `boot ${result.entry.index} ${result.by} ${result.args}` : result.kind;
if (result.kind === 'hangup') endBySignal('SIGHUP');
writeSync(2, `RESULT ${words}\n`);
process.exit(0);
