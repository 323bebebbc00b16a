/** Random scripts, run by the real GRUB 2.06 and by tygrub: both must have called the same with the same arguments. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GuestFiles } from '../../../src/boot/dialect.js';
import { COMMANDS } from '../../../src/boot/grub2/commands/index.js';
import { menuOfContext } from '../../../src/boot/grub2/config-file.js';
import { defaultEntry } from '../../../src/boot/grub2/explained-default.js';
import { parseEnvironmentBlock } from '../../../src/boot/grub2/grubenv.js';
import { listEntries, runMainConfig } from '../../../src/boot/grub2/read-menu.js';
import { Surroundings } from '../../../src/boot/grub2/surroundings.js';
import { TygrubError } from '../../../src/errors.js';
import type { Guest } from '../../../src/guest/guest.js';
import { openDisk } from '../../../src/open-disk.js';
import { emptyEnvironment, grubEmu, makeSecondDisk, withGrubDisks } from '../../support/grub-emu.js';
import { Random, seed } from '../../support/mutation.js';
import { skip } from '../../support/requirements.js';
import { GUEST_FILES } from './guest-statements.js';
import { damagedScript } from './script-damage.js';
import { ScriptGenerator } from './script-generator.js';

/** Scripts of one run; each takes GRUB about half a second. */
const SCRIPTS = Number.parseInt(process.env['TYGRUB_GRUB_SCRIPTS'] ?? '30', 10);

const ENVIRONMENT_SIZE = 60_000;

/** `T` notes its arguments in a variable, which `finish` saves: the same script in both GRUBs. */
const PRELUDE = `function T { trace="\${trace}($#"; for T_a in "$@"; do trace="\${trace}<\${T_a}>"; done; trace="\${trace})"; }
function finish { save_env -f (hd0)/out.env trace; halt; }
set timeout=0
`;
const POSTLUDE = 'save_env -f (hd0)/out.env trace\n';

function filesFor(script: string): Record<string, string> {
  return {
    ...GUEST_FILES,
    '/test.cfg': `${PRELUDE}${script}${POSTLUDE}`,
    '/out.env': emptyEnvironment(ENVIRONMENT_SIZE),
  };
}

/** What a damaged script comes to that runs without end: tygrub names the bound, GRUB would not come back. */
const ENDLESS = 'without end';

async function traceOfTygrub(guest: Guest): Promise<string | undefined> {
  try {
    return await tracedMenu(guest);
  } catch (error) {
    if (error instanceof TygrubError && error.kind === 'limit') return ENDLESS;
    throw error;
  }
}

async function tracedMenu(guest: Guest): Promise<string | undefined> {
  const [volume] = guest.volumes;
  if (volume === undefined) throw new Error('no volume');
  const surroundings = new Surroundings(new GuestFiles(guest, guest.limits), 'upstream', COMMANDS);
  const context = await runMainConfig(surroundings, {
    volume,
    path: '/test.cfg',
    platform: 'emu',
    variables: { prefix: '(hd0)/boot/grub' },
  });
  const saved = (machine: typeof context.machine) => machine.environmentBlocks.get('hd0:/out.env')?.get('trace');
  // A script that halts on its own shows no menu.
  const opened = context.machine.ended?.kind === 'left' ? null : menuOfContext(context);
  const chosen = opened === null ? null : defaultEntry((await listEntries(opened)).listed);
  if (chosen?.run.problem?.code.startsWith('limit.') === true) return ENDLESS;
  return saved(chosen?.run.machine ?? context.machine);
}

describe.skipIf(skip('random scripts in grub-emu', grubEmu()))('a random script', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tygrub-grub-emu-'));
  let second = '';
  beforeAll(() => {
    second = makeSecondDisk(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const first = seed();
  it.each(Array.from({ length: SCRIPTS }, (_, i) => first + i))('does in tygrub what it does in GRUB (seed %i)', async (own) => {
    const random = new Random(own);
    const whole = new ScriptGenerator(random).script();
    const script = own % 3 === 0 ? damagedScript(whole, random) : whole;
    await withGrubDisks(filesFor(script), second, async (disks) => {
      const guest = await openDisk(disks.images);
      const ours = await traceOfTygrub(guest).finally(() => guest.close());
      if (ours === ENDLESS) return;
      const real = parseEnvironmentBlock(await disks.run(), ENVIRONMENT_SIZE).get('trace');
      expect(ours, script).toBe(real);
    });
  });
});
