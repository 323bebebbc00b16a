import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random, seed } from '../support/mutation.js';
import { bundled, onPty, type PtyRun, type PtyStep } from '../support/pty.js';
import { skip, tool } from '../support/requirements.js';
import { DOWN, ESCAPE, UP } from './menus.js';
import { Vt100 } from './vt100.js';

const READY = { until: 'Deb', quiet: 0.3 } as const;

describe.skipIf(skip('the menu on a pty', tool('python3', 'apt-get install python3')))('the menu on a terminal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tygrub-menu-'));
  let program = '';
  beforeAll(() => {
    program = bundled(new URL('./menu-program.ts', import.meta.url), join(folder, 'menu.mjs'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (kind: string, steps: readonly PtyStep[], options: Parameters<typeof onPty>[2] = {}, times = 1): Promise<PtyRun> =>
    onPty([process.execPath, program, kind, String(times)], steps, { env: { TERM: 'vt100', LC_ALL: 'C' }, ...options });

  it('costs at most 200 bytes for one arrow key at 80x24, all that follows it included', async () => {
    const arrows = [DOWN, DOWN, UP, UP, '\x1bOB', '\x1bOA'].map((send) => ({ send, quiet: 0.5 }));
    const { outputs } = await run('debian', [READY, ...arrows]);
    for (const output of outputs.slice(1)) {
      expect(output.length).toBeGreaterThan(0);
      expect(output.length).toBeLessThanOrEqual(200);
    }
    const long = await run('long', [{ until: '000 abc', quiet: 0.3 }, ...Array(25).fill({ send: DOWN, quiet: 0.2 })]);
    for (const output of long.outputs.slice(1)) expect(output.length).toBeLessThanOrEqual(200);
  });

  it('sends nothing but VT100 sequences and ASCII to a vt100', async () => {
    const keys = [DOWN, '?', ESCAPE, 'e', ESCAPE, 'a', ESCAPE, 'c', 'ls\r', ESCAPE, '/dd', ESCAPE].map((send) => ({ send, quiet: 0.3 }));
    const { outputs } = await run('evil', [{ until: 'evil', quiet: 0.3 }, ...keys]);
    const all = outputs.join('');
    expect(/^[\x1b\r\n -~]*$/.test(all)).toBe(true);
    new Vt100(80, 24).write(all);
  });

  it('shows letters beyond ASCII where locale and terminal are UTF-8', async () => {
    const { outputs } = await run('evil', [{ until: 'evil', quiet: 0.3 }], { env: { TERM: 'screen', LC_ALL: 'C.UTF-8' } });
    expect(Buffer.from(outputs[0] ?? '', 'latin1').toString('utf8')).toContain('Système 漢字 😀');
  });

  it('boots the default after about a second where the config has no timeout', async () => {
    const { outputs, status } = await run('untimed', [{ until: 'RESULT' }]);
    expect(outputs.join('')).toContain('RESULT boot 0 countdown');
    expect(status).toBe(0);
  });

  it('ends at once when the terminal is closed, whatever is open', async () => {
    for (const send of ['', 'e', 'eo', 'c', '/', '?']) {
      const { status } = await run('debian', [READY, { send, quiet: 0.2, close: true }], { timeout: 10 });
      expect(status).toBe(-1); // as SIGHUP ends a program
    }
  });

  it('ends when the terminal is closed before the menu is drawn', async () => {
    const { status } = await run('debian', [{ quiet: 0, close: true }], { timeout: 10 });
    expect(status).not.toBeNull();
  });

  it('takes a size of 0x0 for 80x24', async () => {
    const { outputs } = await run('debian', [READY, { send: `${DOWN}\r${DOWN}\r`, until: 'RESULT' }], { rows: 0, columns: 0 });
    new Vt100(80, 24).write(outputs[0] ?? '');
    expect(outputs.join('')).toContain('RESULT boot 2 choice');
  });

  it('works at 20x5 and draws again after a resize', async () => {
    const { outputs } = await run(
      'debian',
      [READY, { send: DOWN, quiet: 0.3 }, { resize: [24, 80], until: 'Submenu with', quiet: 0.3 }, { send: `${UP}\r`, until: 'RESULT' }],
      { rows: 5, columns: 20 },
    );
    new Vt100(20, 5).write((outputs[0] ?? '') + (outputs[1] ?? ''));
    const large = new Vt100(80, 24);
    large.write(outputs[2] ?? '');
    expect(large.screen()).toMatch(/^\[ \]\[>\]\[ \]\[ \]\[\+\]/m);
    expect(outputs.join('')).toContain('RESULT boot 0 choice');
  });

  it('knows an arrow key whose bytes come slowly, and a lone Escape', async () => {
    const slow = [
      { send: '\x1b', quiet: 0.05 },
      { send: '[', quiet: 0.05 },
      { send: 'B', quiet: 0.2 },
    ];
    const { outputs } = await run('debian', [
      READY,
      ...slow,
      { send: '\r', quiet: 0.2 },
      { send: ESCAPE, quiet: 0.5 },
      { send: `${UP}\r`, until: 'RESULT' },
    ]);
    expect(outputs.join('')).toContain('RESULT boot 0 choice');
  });

  it('completes paths in the image and lists them', async () => {
    const { outputs } = await run('debian', [
      READY,
      { send: 'c', quiet: 0.2 },
      { send: 'cat /etc/h\t', quiet: 0.3 },
      { send: '\r', until: 'guest' },
    ]);
    expect(outputs[2]).toContain('ostname');
  });

  it('leaves the terminal as it was', async () => {
    const { outputs } = await onPty(
      ['sh', '-c', `'${process.execPath}' '${program}' debian; stty -a`],
      [READY, { send: 'q', until: 'isig', quiet: 0.3 }],
    );
    const after = outputs.join('').split('RESULT quit')[1] ?? '';
    for (const flag of ['icanon', 'echo', 'isig', 'opost']) expect(after.split(/\s+/)).toContain(flag);
  });

  it('survives 100,000 random keys', async () => {
    const random = new Random(seed());
    const pieces = [
      UP,
      DOWN,
      '\x1bOA',
      '\x1bOB',
      '\x1b[5~',
      '\x1b[6~',
      ESCAPE,
      '\r',
      '\t',
      '\x7f',
      '\x1b[',
      '\x1bO',
      'e',
      'c',
      'a',
      'o',
      'b',
      'q',
      'y',
    ];
    let keys = '';
    // Control-C and the like must reach the menu as keys: it is in raw mode before the first of them is typed.
    for (let i = 0; i < 100_000; i++) keys += random.next(2) === 0 ? random.pick(pieces) : String.fromCharCode(random.next(256));
    const steps = [
      { until: 'Deb', quiet: 0.3 },
      { send: keys, quiet: 1 },
      { send: `${ESCAPE.repeat(3)}`, quiet: 0.5, close: true },
    ];
    const { status } = await run('random', steps, { timeout: 200 }, 1_000_000);
    expect(status, `seed ${seed()}`).toBe(-1);
  });
});
