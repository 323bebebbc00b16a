#!/usr/bin/env node
/** `tygrub`: the program for people and scripts. */
import { type Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { EXIT_STATUS } from './exit-status.js';
import { spellOutKernels } from './kernel-options.js';
import { reportFailure } from './output.js';
import { makeProgram } from './program.js';

/**
 * Commander's own exits become errors and its messages one line, in every command below as well: the exit status is decided in one place.
 * @param name the command as people type it, for the next step in its messages
 */
function overrideExits(command: Command, name: string): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) =>
      write(
        `tygrub: ${text
          .trim()
          .replace(/^error: /, '')
          .replace(/\s*\n\s*/g, ' ')}; ${name} --help says more\n`,
      ),
  });
  for (const below of command.commands) overrideExits(below, `${name} ${below.name()}`);
}

async function main(): Promise<number> {
  let status = 0;
  const program = makeProgram(VERSION, (partial) => {
    status = partial;
  });
  overrideExits(program, program.name());
  try {
    await program.parseAsync([...process.argv.slice(0, 2), ...spellOutKernels(process.argv.slice(2))]);
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure('tygrub', error);
    return error.exitCode === 0 ? 0 : EXIT_STATUS.usage;
  }
  return status;
}

void main().then((status) => {
  process.exitCode = status;
});
