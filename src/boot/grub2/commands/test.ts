/** `test` and `[`: one scan from left to right, without precedence. */

import type { FileNode } from '../../../../fs-readers/index.js';
import { attempt, openFile, parseFileName } from '../files.js';
import type { Machine } from '../machine.js';
import { parseUnsigned } from '../numbers.js';
import { Status } from '../status.js';
import type { Command } from './command.js';

const STRING_TESTS = new Map<string, (a: string, b: string) => boolean>([
  ['=', (a, b) => a === b],
  ['==', (a, b) => a === b],
  ['!=', (a, b) => a !== b],
  ['<', (a, b) => a < b],
  ['<=', (a, b) => a <= b],
  ['>', (a, b) => a > b],
  ['>=', (a, b) => a >= b],
]);

const NUMBER_TESTS = new Map<string, (a: number, b: number) => boolean>([
  ['-eq', (a, b) => a === b],
  ['-ne', (a, b) => a !== b],
  ['-lt', (a, b) => a < b],
  ['-le', (a, b) => a <= b],
  ['-gt', (a, b) => a > b],
  ['-ge', (a, b) => a >= b],
]);

const FILE_TESTS = new Set(['-d', '-e', '-f', '-s']);

function signedNumber(machine: Machine, text: string): number {
  const negative = text.startsWith('-');
  const number = parseUnsigned(text, 0, negative ? 1 : 0);
  if (!number.found) machine.fail(Status.BAD_NUMBER, 'grub2.number', `${JSON.stringify(text)} is no number`);
  return negative ? -number.value : number.value;
}

/** What stands after the common start, from the start of the number that it may cut through. */
function differingNumbers(a: string, b: string): [number, number] {
  let at = 0;
  while (at < a.length && at < b.length && a.charAt(at) === b.charAt(at)) at += 1;
  const isDigit = (c: string): boolean => c >= '0' && c <= '9' && c.length === 1;
  while (at > 0 && isDigit(a.charAt(at - 1))) at -= 1;
  return [parseUnsigned(a, 0, at).value, parseUnsigned(b, 0, at).value];
}

/**
 * The directory entry of a path: a link at its end is not followed. Without any slash it is a name in the root
 * directory, and nothing at all is the root directory itself.
 */
async function directoryEntry(machine: Machine, text: string): Promise<FileNode | null> {
  const name = parseFileName(machine, text);
  const volume = name?.device?.volume ?? null;
  if (name === null || volume === null) return null;
  // Here, and only here, GRUB takes what follows a `)` for the path wherever it stands.
  let path = text.slice(text.indexOf(')') + 1);
  while (path.endsWith('/')) path = path.slice(0, -1);
  if (!path.startsWith('/') && path.includes('/')) return null;
  return attempt(machine, () => machine.surroundings.files.lstat(volume, path.startsWith('/') ? path : `/${path}`));
}

/** Seconds since 1970; a file that is not there is older than all others. */
async function modificationTime(machine: Machine, file: string): Promise<number> {
  return (await directoryEntry(machine, file))?.mtime.seconds ?? 0;
}

/** A test of two words; null when the word between them is no operator. */
async function binary(machine: Machine, a: string, operator: string, b: string): Promise<boolean | null> {
  const onStrings = STRING_TESTS.get(operator);
  if (onStrings !== undefined) return onStrings(a, b);
  const onNumbers = NUMBER_TESTS.get(operator);
  if (onNumbers !== undefined) return onNumbers(signedNumber(machine, a), signedNumber(machine, b));
  if (operator === '-pgt' || operator === '-plt') {
    const [first, second] = differingNumbers(a, b);
    return operator === '-pgt' ? first > second : first < second;
  }
  if (operator.startsWith('-nt') || operator.startsWith('-ot')) {
    const bias = operator.length > 3 ? signedNumber(machine, operator.slice(3)) : 0;
    const [first, second] = [(await modificationTime(machine, a)) + bias, await modificationTime(machine, b)];
    return operator.startsWith('-nt') ? first > second : first < second;
  }
  return null;
}

async function fileTest(machine: Machine, operator: string, file: string): Promise<boolean> {
  if (operator === '-s') {
    const opened = await openFile(machine, file);
    return opened.ok && opened.source.size > 0;
  }
  const node = await directoryEntry(machine, file);
  if (node === null) return false;
  return operator === '-e' || (node.type === 'd') === (operator === '-d');
}

/** Evaluates from `at` to the end or to `)`; gives the truth and where it stopped. */
async function evaluate(machine: Machine, args: readonly string[], start: number, depth: number): Promise<{ truth: boolean; at: number }> {
  let at = start;
  let or = false;
  let and = true;
  let invert = false;
  const take = (value: boolean): void => {
    and &&= value !== invert;
    invert = false;
  };
  while (at < args.length) {
    machine.surroundings.budget.step();
    const [word = '', second, third] = args.slice(at, at + 3);
    if (second !== undefined && third !== undefined) {
      const value = await binary(machine, word, second, third);
      if (value !== null) {
        take(value);
        at += 3;
        continue;
      }
    }
    if (second !== undefined && (word === '-n' || word === '-z')) {
      take((second !== '') === (word === '-n'));
      at += 2;
    } else if (second !== undefined && FILE_TESTS.has(word)) {
      take(await fileTest(machine, word, second));
      at += 2;
    } else if (word === '(') {
      if (depth >= machine.surroundings.limits.scriptNesting) {
        machine.fail(Status.BAD_ARGUMENT, 'grub2.recursion', 'a test nests too many parentheses');
        return { truth: false, at: args.length };
      }
      const inner = await evaluate(machine, args, at + 1, depth + 1);
      take(inner.truth);
      at = inner.at;
    } else if (word === ')') {
      return { truth: or || and, at: at + 1 };
    } else if (word === '!') {
      invert = !invert;
      at += 1;
    } else if (word === '-a') {
      at += 1;
    } else if (word === '-o') {
      or ||= and;
      and = true;
      at += 1;
    } else {
      take(word !== '');
      at += 1;
    }
  }
  return { truth: or || and, at };
}

export const TEST: Command = {
  extractor: true,
  async run(machine, { args }) {
    const words = args[args.length - 1] === ']' ? args.slice(0, -1) : args;
    const { truth } = await evaluate(machine, words, 0, 0);
    return truth ? Status.OK : Status.FALSE;
  },
};
