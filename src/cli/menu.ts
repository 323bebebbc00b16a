/** `tygrub menu`: a person picks the entry, and its kernel and initrd become files. */
import { type Command, InvalidArgumentError } from 'commander';
import { type BootEntry, findEntry, readBootMenu } from '../boot/index.js';
import { ioError, notFound } from '../errors.js';
import { endBySignal } from '../extract/index.js';
import { EXIT_QUIT } from './exit-status.js';
import { type ExtractCommandOptions, extractAndTell } from './extract.js';
import { addKernelOptions, bootWish } from './kernel-options.js';
import { addMenuOptions, bootOptions, withGuest } from './options.js';

interface MenuCommandOptions extends ExtractCommandOptions {
  readonly timeout?: number;
}

/**
 * Adds the `menu` command; the menu's code is loaded when it runs.
 * @param setStatus called with the exit status where it is not 0
 */
export function registerMenuCommand(program: Command, setStatus: (status: number) => void): Command {
  return addKernelOptions(addMenuOptions(program.command('menu')))
    .description('show the boot menu as its boot loader would, and extract what is chosen')
    .argument('<image...>', 'disk images or block devices')
    .option('--entry <entry>', 'the entry that is selected first and that a countdown boots (default: what the boot loader would boot)')
    .option('--timeout <seconds>', "boot by itself after so many seconds, 0 for never (default: the config's timeout)", parseSeconds)
    .option('--output-directory <dir>', 'where the files go (default: here)')
    .option('--json', 'the result for programs; the menu is then shown on standard error')
    .addHelpText('after', '\nExamples:\n  tygrub menu disk.vhd\n  tygrub menu disk.vhd --json --output-directory out > chosen.json')
    .action(async (images: string[], options: MenuCommandOptions) => setStatus(await runMenuCommand(images, options)));
}

function parseSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('a number of seconds is expected');
  return Number(text);
}

async function runMenuCommand(images: readonly string[], options: MenuCommandOptions): Promise<number> {
  const { describeEntry, personPolicy, runMenu } = await import('../menu/index.js');
  let status = 0;
  await withGuest(images, options, async (guest) => {
    const menu = await readBootMenu(guest, bootOptions(options));
    const preferred = options.entry === undefined ? null : findEntry(menu, options.entry).index;
    const policy = personPolicy(menu, preferred);
    const { timeout } = options;
    const result = await runMenu({
      menu,
      guest,
      policy: timeout === undefined ? policy : { ...policy, timeout: timeout === 0 ? null : timeout },
      input: process.stdin,
      // Standard output may be a file or a pipe that takes the result.
      output: process.stdout.isTTY ? process.stdout : process.stderr,
      environment: process.env,
      ...(options.kernels === false
        ? {}
        : {
            describe: (entry: BootEntry, isWanted: () => boolean) =>
              describeEntry(guest, entry, { ...bootWish(options), kernels: options.kernels === 'header' ? 'header' : 'notes' }, isWanted),
          }),
    });
    switch (result.kind) {
      case 'boot': {
        const chosen: BootEntry = { ...result.entry, args: result.args };
        await extractAndTell(guest, chosen, options);
        return;
      }
      case 'quit':
        status = EXIT_QUIT;
        return;
      case 'no-default':
        throw notFound('menu.no-default', 'the countdown ended, and the boot menu has no entry that boots by default', {
          hint: 'choose one with --entry',
        });
      case 'hangup':
        endBySignal('SIGHUP');
        throw ioError('menu.hangup', 'the terminal was closed');
    }
  });
  return status;
}
