// The programs as data, read from the tables that they parse their command lines with: manual pages and shell completions
// are made from this, and so cannot say anything else than the programs do.
import { makeProgram } from '../../dist/src/cli/program.js';
import { PROGRAM as PYGRUB, OPTIONS as PYGRUB_OPTIONS } from '../../dist/src/pygrub/option-table.js';

/**
 * @typedef {{ short: string | null, long: string | null, value: string | null, optionalValue: boolean, choices: string[], words: string }} ManualOption
 * @typedef {{ name: string, words: string }} ManualArgument
 * @typedef {{ name: string, words: string, arguments: ManualArgument[], options: ManualOption[], commands: ManualCommand[],
 *   sections: Map<string, string[]> }} ManualCommand
 */

/** What follows the options in a command's `--help`: lines by their heading (`Examples`, `Exit status`). */
function sections(command) {
  let text = '';
  command.emit('afterHelp', { error: false, command, write: (piece) => (text += piece) });
  const found = new Map();
  let heading = null;
  for (const line of text.split('\n')) {
    const start = /^(Example|Exit status)(?:s)?:$/.exec(line);
    if (start !== null) {
      heading = start[1] === 'Example' ? 'Examples' : 'Exit status';
      found.set(heading, []);
    } else if (heading !== null && line.trim() !== '') found.get(heading).push(line.trim());
  }
  return found;
}

/** @returns {ManualOption} */
function fromCommander(option) {
  return {
    short: option.short ?? null,
    long: option.long ?? null,
    value: /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? null,
    optionalValue: option.optional,
    choices: option.argChoices ?? [],
    words: option.description,
  };
}

/** @returns {ManualCommand} */
function describe(command) {
  const help = command.createHelp();
  const name = (argument) => {
    const dots = argument.variadic ? '...' : '';
    return argument.required ? `<${argument.name()}${dots}>` : `[${argument.name()}${dots}]`;
  };
  return {
    name: command.name(),
    words: command.description(),
    arguments: command.registeredArguments.map((argument) => ({ name: name(argument), words: argument.description })),
    options: help.visibleOptions(command).map(fromCommander),
    commands: command.commands.map(describe),
    sections: sections(command),
  };
}

/** `tygrub` and `tygrub-pygrub`. @returns {ManualCommand[]} */
export function programs(version) {
  const pygrub = {
    name: PYGRUB.name,
    words: PYGRUB.words,
    arguments: [{ name: '<image>', words: 'a disk image or a block device' }],
    options: PYGRUB_OPTIONS.map(({ name, letter, value, choices, words }) => ({
      short: letter === null ? null : `-${letter}`,
      long: `--${name}`,
      value,
      optionalValue: false,
      choices: choices ?? [],
      words,
    })),
    commands: [],
    sections: new Map([
      ['Exit status', PYGRUB.statuses],
      ['Examples', PYGRUB.examples],
    ]),
  };
  return [describe(makeProgram(version, () => undefined)), pygrub];
}
