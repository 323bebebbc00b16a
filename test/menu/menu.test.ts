import { describe, expect, it } from 'vitest';
import { withLimits } from '../../src/limits.js';
import { usableSize } from '../../src/menu/layout.js';
import { Random, seed } from '../support/mutation.js';
import { bootMenu, DOWN, Driven, debianEntries, ENTRY_KEYS, ESCAPE, entry, UP } from './menus.js';

const debian = (): Driven => new Driven(bootMenu(debianEntries()));
/** The title of the selected line. */
const selected = (driven: Driven): string | undefined =>
  driven
    .rows()
    .find((row) => row.startsWith(' > '))
    ?.slice(6);
const status = (driven: Driven): string | undefined => driven.rows().at(-1)?.trim();

describe('the list of entries', () => {
  it('shows entries and submenus at their places, with the default marked', () => {
    expect(debian().rows().slice(2, 5)).toEqual([
      ' > *  Debian GNU/Linux',
      '    + Advanced options for Debian GNU/Linux',
      '    ! A kernel that was deleted',
    ]);
  });

  it('moves with both spellings of the arrows and stops at the ends', () => {
    const driven = debian().type(DOWN);
    expect(selected(driven)).toBe('Advanced options for Debian GNU/Linux');
    expect(selected(driven.type('\x1bOB\x1bOB\x1bOB'))).toBe('A kernel that was deleted');
    expect(selected(driven.type('\x1bOA'))).toBe('Advanced options for Debian GNU/Linux');
    expect(selected(driven.type(UP + UP + UP))).toBe('Debian GNU/Linux');
  });

  it('boots the selected entry with Enter, CR, LF and b', () => {
    for (const key of ['\r', '\n', 'b']) {
      expect(debian().type(key).result).toMatchObject({ kind: 'boot', by: 'choice', entry: { index: 0 } });
    }
  });

  it('enters a submenu and leaves it with Escape, back to where it was', () => {
    const driven = debian().type(`${DOWN}\r${DOWN}`);
    expect(driven.rows()[0]).toContain('> Advanced options for Debian GNU/Linux');
    expect(selected(driven)).toBe('Debian GNU/Linux, with Linux 6.1.0-9-amd64 (recovery mode)');
    expect(selected(driven.type(ESCAPE))).toBe('Advanced options for Debian GNU/Linux');
    expect(selected(driven.type(ESCAPE))).toBe('Advanced options for Debian GNU/Linux');
    expect(driven.type(`\r${DOWN}\r`).result).toMatchObject({ kind: 'boot', entry: { index: 2 } });
  });

  it('puts the mark on the way to a default in a submenu, and boots that one', () => {
    const driven = new Driven(bootMenu(debianEntries(), { default: 3 }), { default: 3 });
    expect(selected(driven)).toBe('Advanced options for Debian GNU/Linux');
    expect(driven.screen()).toContain(' > *+ Advanced');
    expect(driven.wait(5).result).toMatchObject({ kind: 'boot', by: 'countdown', entry: { index: 3 } });
  });

  it('says why an entry cannot boot before it is chosen, and does not boot it', () => {
    const driven = debian().type(DOWN + DOWN);
    expect(driven.screen()).toContain('Cannot boot: /boot/vmlinuz-gone does not exist on msdos1');
    driven.type('\r');
    expect(driven.result).toBeNull();
    expect(status(driven)).toContain('Cannot boot');
  });

  it('asks to describe the selected entry until all is known, and shows the kernel in short, and warnings', () => {
    const driven = debian();
    expect(driven.asked('describe').entry.index).toBe(0);
    const version = '6.1.0-9-amd64';
    const described = (short: string | null, warnings: string[], isFinal: boolean) =>
      driven.happen({ kind: 'described', index: 0, details: { version, short, warnings, isFinal } });
    described(`${version} x86_64 xz`, [], false);
    expect(driven.screen()).toContain('6.1.0-9-amd64 x86_64 xz: vmlinuz 7.8M + initrd.img 31.7M');
    const before = driven.effects.length;
    driven.type(DOWN + UP);
    expect(driven.effects.slice(before).filter((effect) => effect.kind === 'describe')).toHaveLength(1);
    described(`${version} x86_64 PV PVH xz`, [], true);
    expect(driven.screen()).toContain('6.1.0-9-amd64 x86_64 PV PVH xz: vmlinuz 7.8M + initrd.img 31.7M');
    described(null, ['it has no Xen notes'], true);
    expect(driven.screen()).toContain('Warning: it has no Xen notes');
    const count = driven.effects.length;
    driven.type(DOWN + UP);
    expect(driven.effects.slice(count).filter((effect) => effect.kind === 'describe')).toEqual([]);
  });

  it('scrolls a list that is longer than the screen, and keeps the selection in sight', () => {
    const driven = new Driven(bootMenu(Array.from({ length: 100 }, (_, i) => entry(i, `entry ${i}`))));
    for (const [keys, at] of [
      [DOWN.repeat(50), 50],
      ['\x1b[6~', 68],
      ['\x1b[5~\x1b[5~', 32],
      ['\x1b[F', 99],
      ['\x1b[H', 0],
    ] as const) {
      driven.type(keys);
      expect(selected(driven)).toBe(`entry ${at}`);
    }
  });

  it('shows an empty menu and what can be done in it', () => {
    const driven = new Driven(bootMenu([]), { default: null, timeout: null });
    expect(driven.screen()).toContain('(no entries)');
    expect(status(driven.type(`${DOWN}\r`))).toContain('The menu is empty');
    driven.type('eai');
    expect(driven.result).toBeNull();
  });

  it('makes titles harmless', () => {
    const driven = new Driven(bootMenu([entry(0, 'evil \x1b[2J\u202etxt\x07\x9b1m')]));
    expect(driven.screen()).toContain('evil \\x1b[2J\\u{202e}txt\\x07\\x9b1m');
  });
});

describe('the countdown', () => {
  it('shows its seconds and boots the default', () => {
    const driven = debian();
    expect(status(driven)).toBe('Boots the default entry in 5 s; t stops');
    expect(status(driven.wait(2))).toBe('Boots the default entry in 3 s; t stops');
    expect(driven.wait(3).result).toMatchObject({ kind: 'boot', by: 'countdown', entry: { index: 0 } });
  });

  it('stops at any key, and goes on with t where it stopped', () => {
    const driven = debian().wait(2).type('z');
    expect(status(driven.wait(4))).toBe('');
    expect(status(driven.wait(96))).toBe('Countdown stopped; t lets it go on');
    expect(driven.result).toBeNull();
    expect(status(driven.type('t'))).toBe('Boots the default entry in 3 s; t stops');
    expect(status(driven.type('t'))).toBe('');
    expect(driven.type('t').wait(3).result).toMatchObject({ kind: 'boot', by: 'countdown' });
  });

  it('boots the default, whatever is selected when it ends', () => {
    expect(debian().type(`${DOWN}t`).wait(5).result).toMatchObject({ kind: 'boot', entry: { index: 0 } });
  });

  it('is not stopped by what a terminal answers by itself', () => {
    expect(debian().type('\x1b[?1;2c\x00').wait(5).result).toMatchObject({ kind: 'boot' });
  });

  it('goes on by itself after a while where a VM start must not hang, with time to stop it', () => {
    const driven = new Driven(bootMenu(debianEntries()), { timeout: 1, resumeAfter: 120 }).type('z').wait(119);
    expect(driven.result).toBeNull();
    expect(status(driven.wait(1))).toBe('Boots the default entry in 10 s; t stops');
    expect(driven.wait(10).result).toMatchObject({ kind: 'boot', by: 'countdown' });
  });

  it('does not go on by itself while something is edited', () => {
    const driven = new Driven(bootMenu(debianEntries()), { resumeAfter: 120 }).type('e').wait(1000);
    expect(driven.result).toBeNull();
  });

  it('ends the menu where no entry boots by default', () => {
    const driven = new Driven(bootMenu(debianEntries()), { default: null, timeout: 3 });
    expect(status(driven)).toBe('No entry boots by default; ends in 3 s');
    expect(driven.wait(3).result).toEqual({ kind: 'no-default' });
  });
});

describe('leaving', () => {
  it('quits with q and with Control-C', () => {
    expect(debian().type('q').result).toEqual({ kind: 'quit' });
    expect(debian().type('\x03').result).toEqual({ kind: 'quit' });
  });

  it('asks first where a stray byte must not fail a VM start', () => {
    const driven = new Driven(bootMenu(debianEntries()), { confirmQuit: true }).type('q');
    expect(driven.result).toBeNull();
    expect(status(driven)).toBe('Quit without booting? y: yes, any other key: no');
    expect(driven.type('n').result).toBeNull();
    expect(driven.type('qy').result).toEqual({ kind: 'quit' });
  });
});

describe('editing', () => {
  it('changes the arguments with a and boots with them', () => {
    const driven = debian().type('a');
    expect(driven.screen()).toContain('root=UUID=0d4a4ae6-5bd1-4ab6-ae4b-1e2d0b0d1fe4 ro quiet');
    expect(driven.type('\x17single\r').result).toMatchObject({
      kind: 'boot',
      by: 'edit',
      args: 'root=UUID=0d4a4ae6-5bd1-4ab6-ae4b-1e2d0b0d1fe4 ro single',
    });
  });

  it('gives up changed arguments with Escape', () => {
    expect(debian().type(`axxx${ESCAPE}\r`).result).toMatchObject({ by: 'choice', args: entry(0, '').args });
  });

  it('runs the edited commands as the loader would, and boots what they load', () => {
    const driven = debian().type(`e${DOWN}e single\rb`);
    const { token, commands, like } = driven.asked('run');
    expect(commands).toBe(
      "set root='hd0,msdos1'\nlinux /boot/vmlinuz-6.1.0-9-amd64 root=/dev/xvda1 ro quiet single\ninitrd /boot/initrd.img-6.1.0-9-amd64",
    );
    expect(like?.index).toBe(0);
    driven.happen({ kind: 'ran', token, entry: entry(0, 'edited', { args: 'ro single' }), problem: null });
    expect(driven.result).toMatchObject({ kind: 'boot', by: 'edit', args: 'ro single', entry: { title: 'edited' } });
  });

  it('goes back to the editor with the reason when the commands load nothing', () => {
    const driven = debian().type('edddb');
    driven.happen({ kind: 'ran', token: driven.asked('run').token, entry: null, problem: 'there is no /boot/nokernel' });
    expect(driven.result).toBeNull();
    expect(status(driven)).toBe('there is no /boot/nokernel');
    expect(driven.rows()[0]).toContain('Commands of Debian GNU/Linux');
  });

  it('adds lines after and before, deletes them, and forgets a new line on Escape', () => {
    const driven = debian().type(`eofirst\rOabove\r${DOWN}${DOWN}d`);
    expect(driven.type('b').asked('run').commands).toBe("set root='hd0,msdos1'\nabove\nfirst\ninitrd /boot/initrd.img-6.1.0-9-amd64");
    const other = debian().type(`eoxxx${ESCAPE}`);
    expect(other.type('b').asked('run').commands.split('\n')).toHaveLength(3);
  });

  it('does not take the answer of work that was given up', () => {
    const driven = debian().type('eb');
    expect(status(driven)).toContain('Running the commands');
    driven.type(ESCAPE).happen({ kind: 'ran', token: driven.asked('run').token, entry: entry(0, 'late'), problem: null });
    expect(driven.result).toBeNull();
  });

  it('keeps typed lines within their bound', () => {
    const driven = new Driven(bootMenu(debianEntries()), {}, { columns: 80, rows: 24 }, withLimits({ typedLine: 100, typedLines: 10 }));
    driven.type(`a${'x'.repeat(10_000)}\r`);
    expect(driven.result).toMatchObject({ kind: 'boot' });
    expect((driven.result?.kind === 'boot' ? driven.result.args : '').length).toBe(100);
    const editor = new Driven(bootMenu(debianEntries()), {}, { columns: 80, rows: 24 }, withLimits({ typedLines: 10 })).type('e');
    for (let i = 0; i < 50; i++) editor.type('ox\r');
    expect(editor.type(`${ESCAPE}b`).asked('run').commands.split('\n')).toHaveLength(10);
  });
});

describe('the command line', () => {
  it('collects lines and boots them as an entry', () => {
    const driven = debian().type('cset root=hd0,msdos1\rlinux /boot/vmlinuz ro\rboot\r');
    expect(driven.asked('run')).toMatchObject({ commands: 'set root=hd0,msdos1\nlinux /boot/vmlinuz ro', like: { index: 0 } });
  });

  it('has a history that outlives it, with the line being typed at its end', () => {
    const driven = debian().type(`cone\rtwo\r${ESCAPE}cthr${UP}${UP}`);
    expect(driven.screen()).toContain('> one');
    driven.type(DOWN + DOWN);
    expect(driven.rows().filter((row) => row === '> thr')).toHaveLength(1);
  });

  it('shows what ls found, and a failure as a line', () => {
    const driven = debian().type('cls /boot\r');
    expect(driven.asked('look').line).toBe('ls /boot');
    driven.happen({ kind: 'output', token: driven.asked('look').token, lines: ['vmlinuz-6  initrd-6'] });
    expect(driven.screen()).toContain('vmlinuz-6  initrd-6');
    driven.type('cat /nothing\r').happen({ kind: 'failed', token: driven.asked('look').token, problem: '/nothing does not exist' });
    expect(driven.screen()).toContain('/nothing does not exist');
  });

  it('puts a completion in, or shows the choices', () => {
    const driven = debian().type('clinux /boot/vm\t');
    expect(driven.asked('complete').text).toBe('linux /boot/vm');
    driven.happen({ kind: 'completed', token: driven.asked('complete').token, insert: 'linuz-', candidates: ['vmlinuz-6', 'vmlinuz-7'] });
    expect(driven.screen()).toContain('> linux /boot/vmlinuz-');
    driven
      .type('\t')
      .happen({ kind: 'completed', token: driven.asked('complete').token, insert: '', candidates: ['vmlinuz-6', 'vmlinuz-7'] });
    expect(driven.screen()).toContain('vmlinuz-6  vmlinuz-7');
  });

  it('goes back with quit, return and Escape', () => {
    for (const end of ['quit\r', 'return\r', ESCAPE]) expect(selected(debian().type(`c${end}`))).toBe('Debian GNU/Linux');
  });
});

describe('search', () => {
  it('finds entries in submenus by a part of the title and goes there', () => {
    const driven = debian().type('/8-AMD64 (rec');
    expect(driven.rows().slice(2, 4)).toEqual([' > Advanced options for Deb...U/Linux, with Linux 6.1.0-8-amd64 (recovery mode)', '']);
    driven.type('\r');
    expect(selected(driven)).toBe('Debian GNU/Linux, with Linux 6.1.0-8-amd64 (recovery mode)');
    expect(driven.type('\r').result).toMatchObject({ kind: 'boot', entry: { index: 4 } });
  });

  it('says when there is none, and goes back with Escape', () => {
    expect(status(debian().type('/nothing like it\r'))).toBe('No entry has that in its title');
    expect(selected(debian().type(`/8${ESCAPE}`))).toBe('Debian GNU/Linux');
  });
});

describe('pages', () => {
  it('explains the keys with ?', () => {
    const driven = debian().type('?');
    expect(driven.screen()).toContain('search the titles');
    expect(selected(driven.type(ESCAPE))).toBe('Debian GNU/Linux');
  });

  it('shows everything about an entry with i', () => {
    const text = debian().type('i').screen();
    for (const part of ['gnulinux-0', 'msdos1:/boot/vmlinuz-6.1.0-9-amd64, 7.8 MiB', 'ro quiet', 'default is 0'])
      expect(text).toContain(part);
  });

  it('scrolls on a small screen', () => {
    const driven = new Driven(bootMenu(debianEntries()), {}, { columns: 40, rows: 7 }).type('?');
    const first = driven.screen();
    expect(driven.type(DOWN).screen()).not.toBe(first);
    expect(driven.type('\x1b[H').screen()).toBe(first);
  });
});

describe('sizes', () => {
  it('takes a terminal without a size for 80x24', () => {
    expect(usableSize(0, 0)).toEqual({ columns: 80, rows: 24 });
    expect(usableSize(Number.NaN, 24)).toEqual({ columns: 80, rows: 24 });
  });

  it('shows selection, details and countdown at 20x5', () => {
    const driven = new Driven(bootMenu(debianEntries()), {}, { columns: 20, rows: 5 });
    expect(driven.rows()).toEqual([
      ' > *  Deb...U/Linux',
      '    + Adv...U/Linux',
      '    ! A k...deleted',
      ' /boot/vmlinuz-6.1.',
      ' Boots the default',
    ]);
  });

  it('keeps the selection through resizes in every screen', () => {
    for (const keys of ['', 'e', 'a', 'c', '/', '?', 'i', `${DOWN}\r`]) {
      const driven = debian().type(keys);
      for (const [columns, rows] of [
        [20, 5],
        [1, 1],
        [500, 300],
        [40, 12],
        [80, 24],
      ] as const) {
        driven.happen({ kind: 'resize', size: { columns, rows } });
        const { cursor, size } = driven.frame();
        expect(cursor?.row ?? 0).toBeLessThan(size.rows);
        expect(cursor?.column ?? 0).toBeLessThan(size.columns);
      }
    }
  });
});

describe('any keys', () => {
  it('keep the menu in a state that can be drawn', () => {
    const random = new Random(seed());
    const all = [...ENTRY_KEYS, '\r', 'b', 'q', 'p', 'n', 'y', '(', ')', '漢', '\x03', '\x1b['];
    let driven = debian();
    for (let i = 0; i < 20_000; i++) {
      driven.type(random.pick(all));
      const top = driven.state.screens.at(-1);
      if (top?.kind === 'busy' && random.next(2) === 0) driven.happen({ kind: 'failed', token: top.token, problem: 'failed' });
      if (random.next(500) === 0) driven.happen({ kind: 'resize', size: { columns: 1 + random.next(90), rows: 1 + random.next(30) } });
      expect(driven.frame().rows.length).toBe(driven.state.size.rows);
      if (driven.result !== null) driven = debian();
    }
  });
});
