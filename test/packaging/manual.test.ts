import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, run } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';

const dist = (...parts: string[]) => join(ROOT, 'dist', ...parts);
const PROGRAMS = ['tygrub', 'tygrub-pygrub'];

/** Long options in the `--help` of a command. */
function longOptions(...command: string[]): string[] {
  return [...run([...command, '--help']).stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z0-9-]+)/gm)].map((match) => match[1] ?? '');
}

describe('the manual', () => {
  it('has every command and every option that the programs have', () => {
    const page = readFileSync(dist('man', 'tygrub.1'), 'utf8').replaceAll('\\-', '-');
    const commands = [...run(['--help']).stdout.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1] ?? '');
    expect(commands.length).toBeGreaterThan(8);
    for (const command of commands.filter((name) => name !== 'help' && name !== 'tygrub')) {
      expect(page).toContain(`\\fBtygrub ${command}`);
      for (const option of longOptions(command)) expect(page).toContain(`\\fB${option}\\fR`);
    }
  });

  it.skipIf(skip('manual pages', tool('man', 'apt-get install man-db'), tool('groff', 'apt-get install groff-base')))(
    'is shown by man without a complaint',
    () => {
      for (const program of PROGRAMS) {
        const shown = spawnSync('man', ['--warnings', '-l', dist('man', `${program}.1`)], {
          encoding: 'utf8',
          env: { ...process.env, MANPAGER: 'cat', MANWIDTH: '100', LC_ALL: 'C' },
        });
        expect(shown.status).toBe(0);
        expect(shown.stderr).toBe('');
        expect(shown.stdout).toMatch(/NAME\n +tygrub/);
      }
    },
  );
});

/** What bash offers for the last word of a command line. */
function bashOffers(line: string): string[] {
  const words = line.split(' ');
  const script = `source ${dist('completions', 'bash', words[0] ?? '')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_${(words[0] ?? '').replaceAll('-', '_')}; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: ROOT }).stdout.trim().split('\n');
}

describe('completion in the shells', () => {
  it('offers commands, their options, values and files in bash', () => {
    expect(bashOffers('tygrub li')).toEqual(['list']);
    expect(bashOffers('tygrub vhd ch')).toEqual(['check']);
    expect(bashOffers('tygrub vhd check --ch')).toEqual(['--chain']);
    expect(bashOffers('tygrub list --boot pv')).toEqual(['pv', 'pvh']);
    expect(bashOffers('tygrub list READ')).toEqual(['README.md']);
    expect(bashOffers('tygrub-pygrub --output-format = simple')).toEqual(['simple', 'simple0']);
    for (const option of longOptions('extract')) expect(bashOffers(`tygrub extract ${option}`)).toContain(option);
  });

  it.skipIf(skip('completion in fish', tool('fish', 'apt-get install fish')))('offers the same in fish', () => {
    const offers = (line: string) =>
      spawnSync('fish', ['--no-config', '-c', `source ${dist('completions', 'fish', 'tygrub.fish')}; complete -C '${line}'`], {
        encoding: 'utf8',
      })
        .stdout.split('\n')
        .map((row) => row.split('\t')[0] ?? '');
    expect(offers('tygrub li')).toContain('list');
    expect(offers('tygrub vhd ch')).toContain('check');
    expect(offers('tygrub extract --output-d')).toContain('--output-directory');
    expect(offers('tygrub list --boot ')).toEqual(expect.arrayContaining(['pv', 'pvh', 'any']));
  });

  it.skipIf(skip('completion in zsh', tool('zsh', 'apt-get install zsh')))('is read by zsh', () => {
    for (const program of PROGRAMS) {
      const file = dist('completions', 'zsh', `_${program}`);
      const read = spawnSync(
        'zsh',
        [
          '-f',
          '-c',
          `autoload -U compinit; compinit -D -u; source ${file} 2>&1 | grep -v 'can only be called'; whence -w _${program.replaceAll('-', '_')}`,
        ],
        {
          encoding: 'utf8',
          env: { ...process.env, HOME: '/nonexistent' },
        },
      );
      expect(spawnSync('zsh', ['-n', file], { encoding: 'utf8' }).stderr).toBe('');
      expect(readFileSync(file, 'utf8').startsWith(`#compdef ${program}\n`)).toBe(true);
      expect(read.status).not.toBeNull();
    }
  });
});
