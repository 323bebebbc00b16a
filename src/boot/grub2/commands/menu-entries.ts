/** `menuentry` and `submenu`. */
import { limitReached } from '../../../errors.js';
import type { EntryDefinition, Machine } from '../machine.js';
import { type OptionSpec, parseOptions } from '../options.js';
import { ScriptText } from '../script-text.js';
import { Status } from '../status.js';
import { blockText } from '../syntax.js';
import type { Command } from './command.js';

const OPTIONS: readonly OptionSpec[] = [
  { long: 'class', value: 'required' },
  { long: 'users', value: 'required' },
  { long: 'hotkey', value: 'required' },
  { long: 'source', value: 'required' },
  { long: 'id', value: 'required' },
  { long: 'unrestricted', value: 'none' },
];

/** Splits a list of users: spaces, commas, semicolons, bars and ampersands part names. */
export function userNames(text: string): string[] {
  const names: string[] = [];
  let name = '';
  for (const c of `${text} `) {
    if (!' ,;|&'.includes(c)) name += c;
    else if (name !== '') {
      names.push(name);
      name = '';
    }
  }
  return names;
}

/** @throws TygrubError limit menuEntries */
export function addEntry(machine: Machine, definition: EntryDefinition): void {
  const { menuEntries } = machine.surroundings.limits;
  if (machine.menu.length >= menuEntries) throw limitReached('menuEntries', `the boot menu has more than ${menuEntries} entries`);
  machine.menu.push(definition);
}

function entryCommand(submenu: boolean): Command {
  return {
    extractor: true,
    block: true,
    run(machine, { name, args, block }) {
      // To the options the block is the last argument: one that lacks its value takes it, and the argument before it is the body.
      const text = block === null ? null : blockText(block);
      const parsed = parseOptions(OPTIONS, text === null ? args : [...args, text], true);
      if (!parsed.ok) return machine.fail(Status.BAD_ARGUMENT, 'grub2.entry', `${name}: ${parsed.message}`);
      const given = parsed.options.get('source')?.at(-1);
      if (parsed.rest.length === 0) return machine.fail(Status.BAD_ARGUMENT, 'grub2.entry', `${name} has no arguments`);
      if (given !== undefined && block !== null)
        return machine.fail(Status.BAD_ARGUMENT, 'grub2.entry', `${name} has a block and a --source`);
      if (given === undefined && block === null)
        return machine.fail(Status.BAD_ARGUMENT, 'grub2.entry', `${name} has no block on its line`);
      const params = block === null ? parsed.rest : parsed.rest.slice(0, -1);
      const [title] = params;
      if (title === undefined) return machine.fail(Status.MENU, 'grub2.entry', `${name} has no title`);
      const body = given ?? parsed.rest.at(-1) ?? '';
      const { file, line } = machine.place;
      const users = parsed.options.get('users')?.at(-1);
      addEntry(machine, {
        title,
        id: parsed.options.get('id')?.at(-1) ?? title,
        args: params,
        source: block !== null && body === text ? block.source : ScriptText.ofString(given ?? body.slice(1, -1), file, line),
        submenu,
        users: users !== undefined ? userNames(users) : parsed.options.has('unrestricted') ? null : [],
        place: machine.place,
      });
      return Status.OK;
    },
  };
}

export const MENU_COMMANDS: readonly (readonly [string, Command])[] = [
  ['menuentry', entryCommand(false)],
  ['submenu', entryCommand(true)],
  // openSUSE's entries that only a hotkey starts: they are in no menu.
  ['hiddenentry', { block: true, run: () => Status.OK }],
];
