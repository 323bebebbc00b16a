/** `regexp`: a match of an extended regular expression, its groups in variables. */
import type { Machine } from '../machine.js';
import { parseUnsigned } from '../numbers.js';
import { type OptionSpec, parseOptions } from '../options.js';
import { type Match, PatternError, RegularExpression } from '../regular-expression.js';
import { Status } from '../status.js';
import type { Command } from './command.js';

const OPTIONS: readonly OptionSpec[] = [{ long: 'set', short: 's', value: 'required' }];

/** Steps of matching that count as one step of the script. */
const STEPS_IN_ONE = 256;

function setGroups(machine: Machine, names: readonly string[], text: string, match: Match): number {
  for (const name of names) {
    const colon = name.indexOf(':');
    const number = colon < 0 ? null : parseUnsigned(name, 10);
    if (number !== null && (!number.found || number.end !== colon)) {
      return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `regexp: ${name} is no NUMBER:NAME`);
    }
    const group = number?.value ?? 1;
    const [start, end] = [match[group * 2] ?? -1, match[group * 2 + 1] ?? -1];
    machine.set(name.slice(colon + 1), start < 0 || end < 0 ? '' : text.slice(start, end));
  }
  return Status.OK;
}

export const regexp: Command = {
  run(machine, { args }) {
    const parsed = parseOptions(OPTIONS, args);
    if (!parsed.ok) return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', `regexp: ${parsed.message}`);
    const [pattern, text] = parsed.rest;
    if (pattern === undefined || text === undefined || parsed.rest.length > 2) {
      return machine.fail(Status.BAD_ARGUMENT, 'grub2.argument', 'regexp needs a pattern and a text');
    }
    const { limits, budget } = machine.surroundings;
    try {
      const expression = new RegularExpression(pattern, limits.patternSize, limits.scriptNesting);
      budget.step(Math.ceil(expression.cost(text) / STEPS_IN_ONE));
      const match = expression.search(text);
      return match === null ? Status.FALSE : setGroups(machine, parsed.options.get('set') ?? [], text, match);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      return machine.fail(Status.FALSE, 'grub2.pattern', `the pattern ${JSON.stringify(pattern)} cannot be used: ${error.message}`);
    }
  },
};
