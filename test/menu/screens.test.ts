import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundled } from '../support/pty.js';
import { skip, tool } from '../support/requirements.js';

/** A screen of `screens.txt`: what was typed, and what tmux then showed. */
const wanted = new Map<string, string>();
const text = readFileSync(new URL('./screens.txt', import.meta.url), 'utf8');
for (const part of text.split(/^=== /m).slice(1)) {
  const end = part.indexOf('\n');
  wanted.set(part.slice(0, end), part.slice(end + 1).trimEnd());
}

describe.skipIf(skip('screens of the menu in tmux', tool('tmux', 'apt-get install tmux')))('screens of the menu in tmux', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tygrub-screens-'));
  const socket = join(folder, 'socket');
  const tmux = (...args: string[]): string => {
    const run = spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`tmux ${args.join(' ')}: ${run.stderr}`);
    return run.stdout;
  };
  let program = '';
  beforeAll(() => {
    program = bundled(new URL('./menu-program.ts', import.meta.url), join(folder, 'menu.mjs'));
    // A session that stays keeps the server alive between those of the tests.
    tmux('new-session', '-d', '-s', 'keep', 'sleep 600');
    tmux('set-option', '-g', 'status', 'off');
  });
  afterAll(() => {
    spawnSync('tmux', ['-S', socket, 'kill-server']);
    rmSync(folder, { recursive: true, force: true });
  });

  const screen = (): string => tmux('capture-pane', '-p', '-t', 'menu').trimEnd();
  const until = async (right: (shown: string) => boolean): Promise<string> => {
    let shown = screen();
    for (let i = 0; i < 100 && !right(shown); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      shown = screen();
    }
    return shown;
  };

  for (const [columns, rows] of [
    [80, 24],
    [40, 12],
  ] as const) {
    for (const [kind, keys] of [
      ['locked', []],
      ['debian', ['Down']],
      ['debian', ['Down', 'Enter', 'Down']],
      ['debian', ['Down', 'Down', 'Enter']],
      ['debian', ['e', 'Down', 'e']],
      ['debian', ['a']],
      ['debian', ['c', 'ls', 'Space', '/boot', 'Enter']],
      ['debian', ['/', 'recovery']],
      ['debian', ['i']],
      ['debian', ['?']],
      ['locked', ['Down', 'c', 'root', 'Enter', 'geheim']],
      ['evil', ['Down']],
    ] as const) {
      const name = `${columns}x${rows} ${kind}: ${keys.join(' ')}`.trimEnd();
      it(`are as kept for ${name}`, async () => {
        const command = `env TERM=vt100 LC_ALL=C '${process.execPath}' '${program}' ${kind}-still`;
        tmux('new-session', '-d', '-s', 'menu', '-x', String(columns), '-y', String(rows), command);
        tmux('resize-window', '-t', 'menu', '-x', String(columns), '-y', String(rows));
        try {
          await until((shown) => shown.includes('Enter boot') && /vmlinuz/.test(shown));
          for (const key of keys) tmux('send-keys', '-t', 'menu', key);
          const right = wanted.get(name);
          const shown = await until((now) => now === right);
          // To keep new screens: TYGRUB_NEW_SCREENS=FILE, then look at every one of them before FILE becomes screens.txt.
          const file = process.env['TYGRUB_NEW_SCREENS'];
          if (file !== undefined) appendFileSync(file, `=== ${name}\n${shown}\n`);
          expect(shown).toBe(right);
        } finally {
          tmux('kill-session', '-t', 'menu');
        }
      });
    }
  }
});
