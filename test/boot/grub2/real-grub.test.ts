/** Small scripts against what GRUB 2.06 itself did with them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GuestFiles } from '../../../src/boot/dialect.js';
import { COMMANDS, type Command } from '../../../src/boot/grub2/commands/index.js';
import { menuOfContext } from '../../../src/boot/grub2/config-file.js';
import { defaultEntry } from '../../../src/boot/grub2/explained-default.js';
import { listEntries, runMainConfig } from '../../../src/boot/grub2/read-menu.js';
import { Surroundings } from '../../../src/boot/grub2/surroundings.js';
import { memoryGuest } from '../../support/directory-filesystem.js';
import { peerData, peerPath, skip } from '../../support/requirements.js';

interface Boot {
  readonly titles?: readonly string[];
  readonly chosen?: string;
  readonly boots?: boolean;
  readonly kernel?: string;
  readonly cmdline?: string;
  readonly initrd?: readonly string[];
  readonly errors?: readonly string[];
  readonly end?: string;
}

interface Case {
  readonly name: string;
  readonly cfg: string;
  readonly files: Readonly<Record<string, string>>;
  readonly entry: string | null;
  readonly opts: readonly string[];
  readonly result: {
    readonly toplevel: readonly (string | readonly string[])[];
    readonly boot: Boot;
    readonly vars: Readonly<Record<string, string>>;
  };
}

/** A call of a traced command, or a message. */
type Event = readonly string[] | '!';

const TRACED = ['T', 'linux', 'initrd'];

/** GRUB prints several messages for one mistake: a run of them is one. */
function joinMessages(events: readonly Event[]): Event[] {
  return events.filter((event, i) => event !== '!' || events[i - 1] !== '!');
}

class Recording extends Surroundings {
  readonly events: Event[] = [];

  override warn(...[code, message, place]: Parameters<Surroundings['warn']>): void {
    if (code !== 'grub2.config-missing') this.events.push('!');
    super.warn(code, message, place);
  }
}

async function run(one: Case): Promise<{ toplevel: Event[]; boot: Boot; vars: (name: string) => string | undefined }> {
  const quoted = one.entry?.replaceAll("'", "'\\''");
  const config = one.entry === null ? one.cfg : `${one.cfg}\nset default='${quoted}'\n`;
  const files = { ...one.files, '/boot/grub/grub.cfg': config };
  const name = one.opts.includes('gpt') ? 'gpt1' : 'msdos1';
  const guest = memoryGuest([[{ name, files, uuid: '11111111-2222-3333-4444-555555555555', label: 'oracle' }]]);
  const [volume] = guest.volumes;
  if (volume === undefined) throw new Error('no volume');
  const events: Event[] = [];
  const commands = new Map<string, Command>(COMMANDS);
  for (const traced of TRACED) {
    const real = COMMANDS.get(traced);
    commands.set(traced, {
      run: (machine, call) => {
        surroundings.events.push([call.name, ...call.args]);
        return real?.run(machine, call) ?? 0;
      },
    });
  }
  // GRUB prints a message for a status that a function returns.
  commands.set('return', {
    run: async (machine, call) => {
      const status = (await COMMANDS.get('return')?.run(machine, call)) ?? 0;
      if (status !== 0) surroundings.events.push('!');
      return status;
    },
  });
  const surroundings = new Recording(new GuestFiles(guest, guest.limits), 'upstream', commands);
  const start = { volume, path: '/boot/grub/grub.cfg', platform: 'pc' };
  const context = await runMainConfig(surroundings, start);
  events.push(...surroundings.events);
  const vars = (variable: string) => context.machine.get(variable);
  const opened = menuOfContext(context);
  if (opened === null) return { toplevel: events, boot: {}, vars };
  const { listed } = await listEntries(opened);
  const chosen = defaultEntry(listed);
  const entry = chosen?.entry ?? null;
  const boot: Boot = {
    ...(entry === null ? {} : { titles: [...entry.submenus, entry.title] }),
    ...(chosen === null ? {} : { chosen: chosen.run.machine.get('chosen') ?? '', boots: chosen.run.boots }),
    ...(entry?.kernel == null ? {} : { kernel: entry.kernel.path, cmdline: entry.args }),
    ...(entry === null || entry.initrds.length === 0 ? {} : { initrd: entry.initrds.map((file) => file.path) }),
  };
  return { toplevel: events, boot, vars };
}

/** Devices of the recording that no guest has. */
const HOST_DEVICES = new Set(['(proc)', '(host)']);

/**
 * In this case the recording's traced commands matter: they are functions of its own, and an extractor refuses what they
 * call. So they are functions here, too.
 */
const WITH_FUNCTIONS = 'extract-entries';
const TRACING = `function T { echo "T $#"; for a in "$@"; do echo "$a"; done; return 0; }
function linux { echo "linux $#"; for a in "$@"; do echo "$a"; done; return 0; }
`;

describe.skipIf(skip('scripts that GRUB ran', peerData()))('a GRUB 2 script does what GRUB 2.06 did', () => {
  const cases = peerData() === null ? (JSON.parse(readFileSync(peerPath('grub2-cases', 'cases.json'), 'utf8')) as Case[]) : [];
  it(WITH_FUNCTIONS, async () => {
    const one = cases.find(({ name }) => name === WITH_FUNCTIONS);
    if (one === undefined) throw new Error('the case is gone');
    const files = { ...one.files, '/boot/grub/grub.cfg': `${TRACING}${one.cfg}` };
    const guest = memoryGuest([[{ name: 'msdos1', files }]]);
    const [volume] = guest.volumes;
    if (volume === undefined) throw new Error('no volume');
    const refused: string[] = [];
    class Refusals extends Surroundings {
      override warn(...[code, message, place]: Parameters<Surroundings['warn']>): void {
        if (code === 'grub2.extractor') refused.push(message.split(' ')[0] ?? '');
        super.warn(code, message, place);
      }
    }
    const commands = new Map([...COMMANDS].filter(([name]) => !TRACED.includes(name)));
    const surroundings = new Refusals(new GuestFiles(guest, guest.limits), 'upstream', commands);
    const context = await runMainConfig(surroundings, { volume, path: '/boot/grub/grub.cfg', platform: 'pc' });
    // GRUB: `echo isn't allowed to execute in an extractor`, and so on.
    expect(refused).toEqual(one.result.boot.errors?.map((message) => message.split(' ')[0]));
    // It sits in the menu that the script opened, which has no timeout: nothing boots, and the script's own menu is not reached.
    expect(one.result.boot).toMatchObject({ end: 'returned-to-menu' });
    expect(one.result.boot.titles).toBeUndefined();
    expect(context.machine.ended).toMatchObject({ kind: 'menu' });
    const opened = menuOfContext(context);
    expect(opened?.definitions.map(({ title }) => title)).toEqual(['from-a']);
    expect(opened?.machine.get('timeout')).toBeUndefined();
  });

  it.each(cases.filter(({ name }) => name !== WITH_FUNCTIONS).map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const got = await run(one);
    const wanted = one.result.toplevel.map(
      (event): Event => (typeof event === 'string' ? '!' : event.filter((arg) => !HOST_DEVICES.has(arg))),
    );
    expect(joinMessages(got.toplevel)).toEqual(joinMessages(wanted));
    const { titles, chosen, boots, kernel, cmdline, initrd } = one.result.boot;
    if (titles !== undefined) {
      expect(got.boot).toEqual(
        JSON.parse(
          JSON.stringify({
            titles,
            chosen,
            boots: boots ?? false,
            kernel,
            cmdline: kernel === undefined ? undefined : (cmdline ?? ''),
            initrd,
          }),
        ),
      );
    }
    for (const [variable, value] of Object.entries(one.result.vars)) expect([variable, got.vars(variable)]).toEqual([variable, value]);
  });
});
