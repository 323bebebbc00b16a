/** Runs parsed scripts on a machine: control flow, functions, the search for what a command's name means. */
import { limitReached } from '../../errors.js';
import { expandWords } from './expansion.js';
import { expandPattern } from './file-pattern.js';
import type { Machine } from './machine.js';
import { chunks } from './parser.js';
import type { ScriptText } from './script-text.js';
import { Status } from './status.js';
import {
  blockText,
  type CommandStatement,
  type ForStatement,
  type FunctionDefinition,
  type IfStatement,
  type Statement,
  type WhileStatement,
  type Word,
} from './syntax.js';

/** Levels of lists and commands within each other that GRUB runs. */
const RECURSION_LIMIT = 64;

/**
 * Runs one level: a list of commands, or one of them. A level that GRUB refuses stays counted, so that a script which
 * calls itself without end loses what comes after it as well.
 * @throws TygrubError limit scriptNesting, where the bound is set below GRUB's own
 */
async function level(machine: Machine, run: () => Promise<number>): Promise<number> {
  machine.depth += 1;
  if (machine.depth >= RECURSION_LIMIT) {
    return machine.fail(Status.RECURSION_DEPTH, 'grub2.recursion', `commands are nested more than ${RECURSION_LIMIT} deep`);
  }
  if (machine.depth > machine.surroundings.limits.scriptNesting) {
    throw limitReached('scriptNesting', `commands of the boot script are nested more than ${machine.depth - 1} deep`);
  }
  const status = await run();
  machine.depth -= 1;
  // `$?` is an ordinary variable.
  machine.variables.set('?', String(status), null);
  return status;
}

/** Runs a file: a chunk that cannot be parsed is left out, and nothing stops the rest. */
export async function runFile(machine: Machine, source: ScriptText): Promise<void> {
  await runChunks(machine, source, false);
}

/** Runs text from memory (an entry's body, `eval`): it ends at the first chunk that cannot be parsed. */
export async function runSource(machine: Machine, source: ScriptText): Promise<number> {
  return runChunks(machine, source, true);
}

/**
 * Runs an entry's body, whose parameters are the entry's title and arguments. A `return` in it is not forgotten at its
 * end, so that in a submenu it reaches the entries below, as it does in GRUB.
 */
export async function runWithParameters(machine: Machine, source: ScriptText, args: readonly string[]): Promise<number> {
  const before = machine.parameters;
  machine.parameters = { args };
  const status = await runSource(machine, source);
  machine.parameters = before;
  return status;
}

async function runChunks(machine: Machine, source: ScriptText, stopAtError: boolean): Promise<number> {
  const { surroundings } = machine;
  surroundings.budget.charge(source.text.length);
  let status: number = Status.OK;
  const options = {
    nesting: surroundings.limits.scriptNesting,
    keepHexEscapes: surroundings.flavour === 'redhat',
    define: (definition: FunctionDefinition) => machine.functions.define(definition),
  };
  for (const chunk of chunks(source, options)) {
    if (!chunk.ok) {
      surroundings.budget.step();
      surroundings.warn('grub2.syntax', chunk.message, { file: source.file, line: chunk.line });
      // The message is printed, and with that the error is forgotten.
      if (stopAtError) return Status.OK;
      continue;
    }
    status = await runList(machine, chunk.statements, source.file);
    if (machine.ended !== null) break;
  }
  return status;
}

async function runList(machine: Machine, statements: readonly Statement[], file: string | null): Promise<number> {
  // Nothing at all leaves `$?` alone.
  if (statements.length === 0) return Status.OK;
  return level(machine, async () => {
    let status: number = Status.OK;
    for (const statement of statements) {
      if (machine.activeBreaks > 0) break;
      machine.surroundings.budget.step();
      status = await level(machine, () => dispatch(machine, statement, file));
      if (machine.functionReturn || machine.ended !== null) break;
    }
    return status;
  });
}

function dispatch(machine: Machine, statement: Statement, file: string | null): Promise<number> {
  if (statement.type === 'command') return runCommand(machine, statement, file);
  if (statement.type === 'if') return runIf(machine, statement, file);
  return statement.type === 'for' ? runFor(machine, statement, file) : runWhile(machine, statement, file);
}

/** @param first the branch to begin with: an `elif` is an `if` of its own in the place of `else` */
async function runIf(machine: Machine, statement: IfStatement, file: string | null, first = 0): Promise<number> {
  const branch = statement.branches[first];
  if (branch === undefined) return Status.OK;
  const status = await runList(machine, branch.condition, file);
  if (machine.functionReturn || machine.ended !== null) return status;
  if (machine.get('?') === '0') return runList(machine, branch.body, file);
  if (first + 1 < statement.branches.length) return level(machine, () => runIf(machine, statement, file, first + 1));
  return statement.otherwise === null ? Status.OK : runList(machine, statement.otherwise, file);
}

async function runFor(machine: Machine, statement: ForStatement, file: string | null): Promise<number> {
  machine.place = { file, line: statement.line };
  const values = await expand(machine, statement.words);
  machine.activeLoops += 1;
  let status: number = Status.OK;
  for (const value of values) {
    machine.surroundings.budget.step();
    if (machine.isContinue && machine.activeBreaks === 1) machine.activeBreaks = 0;
    if (machine.activeBreaks > 0) continue;
    machine.set(statement.name, value);
    status = await runList(machine, statement.body, file);
    if (machine.functionReturn || machine.ended !== null) break;
  }
  leaveLoop(machine);
  return status;
}

async function runWhile(machine: Machine, statement: WhileStatement, file: string | null): Promise<number> {
  machine.activeLoops += 1;
  let status: number;
  for (;;) {
    machine.surroundings.budget.step();
    status = await runList(machine, statement.condition, file);
    if (machine.functionReturn || machine.ended !== null) break;
    if ((status === Status.OK) === statement.until) break;
    status = await runList(machine, statement.body, file);
    if (machine.functionReturn || machine.ended !== null) break;
    if (machine.isContinue && machine.activeBreaks === 1) machine.activeBreaks = 0;
    if (machine.activeBreaks > 0) break;
  }
  leaveLoop(machine);
  return status;
}

function leaveLoop(machine: Machine): void {
  if (machine.activeBreaks > 0) machine.activeBreaks -= 1;
  machine.activeLoops -= 1;
}

/** Words to arguments, patterns replaced by what they match. */
async function expand(machine: Machine, words: readonly Word[]): Promise<string[]> {
  const { budget } = machine.surroundings;
  const args = expandWords(words, {
    variable: (name) => machine.get(name),
    parameters: machine.parameters,
    charge: (characters) => budget.charge(characters),
  });
  const result: string[] = [];
  for (const arg of args) {
    const matches = await expandPattern(machine, arg);
    if (matches.length === 0) result.push(arg.text);
    else result.push(...matches);
  }
  return result;
}

async function runCommand(machine: Machine, statement: CommandStatement, file: string | null): Promise<number> {
  machine.place = { file, line: statement.line };
  const words = await expand(machine, statement.words);
  if (words.length === 0 && statement.block === null) return Status.OK;
  const inverted = words[0] === '!';
  if (inverted) {
    words.shift();
    if (words.length === 0) return machine.fail(Status.BAD_ARGUMENT, 'grub2.no-command', '! stands without a command');
  }
  const [name = '', ...args] = words;
  const status = await call(machine, name, args, statement);
  if (!inverted) return status;
  return status === Status.OK ? Status.FALSE : Status.OK;
}

/** Built-in commands come before functions, functions before assignments. */
async function call(machine: Machine, name: string, args: string[], statement: CommandStatement): Promise<number> {
  const command = machine.surroundings.commands.get(name);
  if (command !== undefined) {
    if (machine.extractor > 0 && command.extractor !== true) {
      return machine.fail(Status.EXTRACTOR, 'grub2.extractor', `${name} is not run while entries are extracted`);
    }
    if (statement.block !== null && command.block !== true) args.push(blockText(statement.block));
    return command.run(machine, { name, args, block: statement.block });
  }
  if (statement.block !== null) args.push(blockText(statement.block));
  const definition = machine.functions.get(name);
  if (definition !== undefined) return callFunction(machine, definition, args);
  const equals = name.indexOf('=');
  if (equals >= 0) machine.set(name.slice(0, equals), name.slice(equals + 1));
  else machine.surroundings.warn('grub2.unknown-command', `GRUB has no command ${JSON.stringify(name)}`, machine.place);
  return Status.OK;
}

async function callFunction(machine: Machine, definition: FunctionDefinition, args: readonly string[]): Promise<number> {
  const before = { parameters: machine.parameters, loops: machine.activeLoops };
  machine.parameters = { args };
  machine.activeLoops = 0;
  const status = await runList(machine, definition.body, definition.file);
  machine.functionReturn = false;
  machine.activeLoops = before.loops;
  machine.parameters = before.parameters;
  return status;
}
