/** `set`, `unset`, `export`, and the commands that belong to control flow. */

import { runSource } from '../interpreter.js';
import { parseUnsigned } from '../numbers.js';
import { ScriptText } from '../script-text.js';
import { Status } from '../status.js';
import type { Command } from './command.js';

/** Only the first argument counts: `set a=1 b=2` sets `a`. */
const set: Command = {
  extractor: true,
  run(machine, { args }) {
    const [assignment] = args;
    if (assignment === undefined) return Status.OK;
    const equals = assignment.indexOf('=');
    if (equals < 0) return machine.fail(Status.BAD_ARGUMENT, 'grub2.not-an-assignment', `set ${assignment} assigns nothing`);
    machine.set(assignment.slice(0, equals), assignment.slice(equals + 1));
    return Status.OK;
  },
};

const unset: Command = {
  run(machine, { args }) {
    const [name] = args;
    if (name === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'unset needs a name');
    machine.variables.unset(name);
    return Status.OK;
  },
};

const exportCommand: Command = {
  run(machine, { args }) {
    if (args.length === 0) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'export needs a name');
    for (const name of args) machine.variables.export(name, machine.place);
    return Status.OK;
  },
};

/** A count as `break`, `continue` and `shift` take it; null for what is none. */
function count(args: readonly string[]): number | null {
  const [text] = args;
  if (text === undefined) return 1;
  const number = parseUnsigned(text, 10);
  return args.length === 1 && number.found && number.end === text.length ? number.value : null;
}

function breaking(isContinue: boolean): Command {
  return {
    run(machine, { name, args }) {
      const loops = count(args);
      if (loops === null || loops === 0) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} takes a number above 0`);
      machine.isContinue = isContinue;
      machine.activeBreaks = Math.min(machine.activeLoops, loops);
      return Status.OK;
    },
  };
}

const shift: Command = {
  run(machine, { args }) {
    if (machine.parameters === null) return Status.OK;
    const number = count(args);
    if (number === null) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'shift takes a number');
    if (number > machine.parameters.args.length) return Status.BAD_ARGUMENT;
    machine.parameters = { args: machine.parameters.args.slice(number) };
    return Status.OK;
  },
};

const setparams: Command = {
  run(machine, { args }) {
    if (machine.parameters === null)
      return machine.fail(Status.INVALID_COMMAND, 'grub2.no-function', 'setparams stands outside of functions');
    machine.parameters = { args };
    return Status.OK;
  },
};

/** Without a number it keeps the status of the last command. */
const returnCommand: Command = {
  run(machine, { args }) {
    if (machine.parameters === null || args.length > 1) {
      return machine.fail(Status.BAD_ARGUMENT, 'grub2.no-function', 'return stands outside of functions');
    }
    const text = args[0] ?? machine.get('?') ?? '0';
    const number = parseUnsigned(text, 10);
    if (args.length === 1 && number.end !== text.length)
      return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'return takes a number');
    machine.functionReturn = true;
    return number.value;
  },
};

/** Joins its arguments and runs them. */
const evalCommand: Command = {
  async run(machine, { args }) {
    const { file, line } = machine.place;
    const source = ScriptText.ofString(args.join(' '), file, line);
    return runSource(machine, source);
  },
};

/** Red Hat's `increment` and `decrement`. */
function stepping(by: 1 | -1): Command {
  return {
    run(machine, { name, args }) {
      const [variable] = args;
      const old = variable === undefined ? undefined : machine.get(variable);
      if (variable === undefined || args.length !== 1) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name} needs one name`);
      if (old === undefined) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `${name}: ${variable} is not set`);
      const negative = old.startsWith('-');
      const number = parseUnsigned(old, 0, negative ? 1 : 0);
      machine.set(variable, String((negative ? -number.value : number.value) + by));
      return Status.OK;
    },
  };
}

export const VARIABLE_COMMANDS: readonly (readonly [string, Command])[] = [
  ['set', set],
  ['unset', unset],
  ['export', exportCommand],
  ['break', breaking(false)],
  ['continue', breaking(true)],
  ['shift', shift],
  ['setparams', setparams],
  ['return', returnCommand],
  ['eval', evalCommand],
  ['increment', stepping(1)],
  ['decrement', stepping(-1)],
];
