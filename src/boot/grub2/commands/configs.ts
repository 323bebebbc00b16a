/** The commands that read other configs. */
import { menuOfContext, runConfigFile, runInContext } from '../config-file.js';
import { openFile } from '../files.js';
import type { Machine } from '../machine.js';
import { Status } from '../status.js';
import type { Command } from './command.js';
import { addEntry } from './menu-entries.js';

/** A command whose one argument is the file to read. */
export function readsFile(read: (machine: Machine, file: string) => Promise<number>): Command {
  return {
    run(machine, { name, args }) {
      const [file] = args;
      if (file === undefined || args.length > 1)
        return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs one file name and nothing else`);
      return read(machine, file);
    },
  };
}

/** Runs a file in the same context; one that is missing is no error of the script. */
const source = readsFile(async (machine, file) => {
  await runConfigFile(machine, file);
  return Status.OK;
});

/** Opens the menu of a file; a menu with entries does not come back. */
async function takeOver(machine: Machine, file: string): Promise<number> {
  const menu = menuOfContext(await runInContext(machine, file));
  if (menu !== null) machine.ended = { kind: 'menu', menu };
  return Status.OK;
}

const configfile = readsFile(takeOver);

/**
 * Runs a file in the same context and shows the menu, with the entries that were there before; where there are none, GRUB
 * shows its prompt and does not come back either.
 */
async function showMenu(machine: Machine, name: string, file: string | null): Promise<number> {
  const read = file === null ? null : await runConfigFile(machine, file);
  if (machine.ended !== null) return Status.OK;
  const config = read?.volume == null ? null : { volume: read.volume, path: read.path };
  machine.ended =
    machine.menu.length > 0 ? { kind: 'menu', menu: { machine, definitions: machine.menu, config } } : { kind: 'left', command: name };
  return Status.OK;
}

/** Without a file name it looks for grub.cfg where GRUB was loaded from. */
const normal: Command = {
  async run(machine, { name, args }) {
    const [file] = args;
    if (file !== undefined) return showMenu(machine, name, file);
    for (const directory of [machine.get('fw_path'), machine.get('prefix')]) {
      if (directory === undefined || directory === '') continue;
      if ((await openFile(machine, `${directory}/grub.cfg`)).ok) return showMenu(machine, name, `${directory}/grub.cfg`);
    }
    return showMenu(machine, name, null);
  },
};

/** Takes the entries out of a config that is not run for anything else: only what cannot do harm is run. */
const extractSource = readsFile(async (machine, file) => {
  const scratch = machine.fork();
  scratch.menu = [];
  scratch.extractor += 1;
  await runConfigFile(scratch, file);
  machine.functions = scratch.functions;
  machine.depth = scratch.depth;
  machine.searches = scratch.searches;
  for (const definition of scratch.menu) addEntry(machine, definition);
  return Status.OK;
});

/** The same, but the entries are shown as a menu of their own, in which GRUB refuses loaders as well: nothing in it boots. */
const extractConfigfile = readsFile(async (machine, file) => {
  machine.extractor += 1;
  const menu = menuOfContext(await runInContext(machine, file));
  machine.extractor -= 1;
  if (menu !== null) machine.ended = { kind: 'menu', menu };
  return Status.OK;
});

export const CONFIG_COMMANDS: readonly (readonly [string, Command])[] = [
  ['source', source],
  ['.', source],
  ['configfile', configfile],
  ['normal', normal],
  ['extract_entries_source', extractSource],
  ['extract_entries_configfile', extractConfigfile],
];
