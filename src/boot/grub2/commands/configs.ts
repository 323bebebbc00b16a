/** The commands that read other configs. */
import { menuOfContext, runConfigFile, runInContext } from '../config-file.js';
import type { Machine } from '../machine.js';
import { Status } from '../status.js';
import type { Command } from './command.js';
import { addEntry } from './menu-entries.js';
import { nested } from './variables.js';

/** Runs a file in the same context; one that is missing is no error of the script. */
const source: Command = {
  run(machine, { name, args }) {
    const [file] = args;
    if (file === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs a file name`);
    return nested(machine, async () => {
      await runConfigFile(machine, file);
      return Status.OK;
    });
  },
};

/** Opens the menu of a file; a menu with entries does not come back. */
async function takeOver(machine: Machine, file: string): Promise<number> {
  return nested(machine, async () => {
    const menu = menuOfContext(await runInContext(machine, file));
    if (menu !== null) machine.ended = { kind: 'menu', menu };
    return Status.OK;
  });
}

const configfile: Command = {
  run(machine, { name, args }) {
    const [file] = args;
    if (file === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs a file name`);
    return takeOver(machine, file);
  },
};

/** Without a file name it looks for grub.cfg where GRUB was loaded from. */
const normal: Command = {
  async run(machine, { args }) {
    const [file] = args;
    if (file !== undefined) return takeOver(machine, file);
    for (const directory of [machine.get('fw_path'), machine.get('prefix')]) {
      if (directory === undefined || directory === '' || machine.ended !== null) continue;
      await takeOver(machine, `${directory}/grub.cfg`);
    }
    return Status.OK;
  },
};

/** Takes the entries out of a config that is not run for anything else: only what cannot do harm is run. */
const extractSource: Command = {
  run(machine, { name, args }) {
    const [file] = args;
    if (file === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs a file name`);
    return nested(machine, async () => {
      const scratch = machine.fork();
      scratch.menu = [];
      scratch.extractor += 1;
      scratch.depth = machine.depth;
      await runConfigFile(scratch, file);
      machine.functions = scratch.functions;
      for (const definition of scratch.menu) addEntry(machine, definition);
      return Status.OK;
    });
  },
};

/** The same, but the entries are shown as a menu of their own. */
const extractConfigfile: Command = {
  run(machine, { name, args }) {
    const [file] = args;
    if (file === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs a file name`);
    return nested(machine, async () => {
      machine.extractor += 1;
      const menu = menuOfContext(await runInContext(machine, file));
      machine.extractor -= 1;
      if (menu !== null) {
        menu.machine.extractor = 0;
        machine.ended = { kind: 'menu', menu };
      }
      return Status.OK;
    });
  },
};

export const CONFIG_COMMANDS: readonly (readonly [string, Command])[] = [
  ['source', source],
  ['.', source],
  ['configfile', configfile],
  ['normal', normal],
  ['extract_entries_source', extractSource],
  ['extract_entries_configfile', extractConfigfile],
];
