#!/usr/bin/env node
/** `tygrub`: the program for people and scripts. */
import { type Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { EXIT_STATUS } from './exit-status.js';
import { spellOutKernels } from './kernel-options.js';
import { reportFailure } from './output.js';
import { makeProgram } from './program.js';

/** Commander's own exits become errors, in every command below as well: the exit status is decided in one place. */
function overrideExits(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: (text) => process.stderr.write(text) });
  for (const below of command.commands) overrideExits(below);
}

async function main(): Promise<number> {
  let status = 0;
  const program = makeProgram(VERSION, (partial) => {
    status = partial;
  });
  overrideExits(program);
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
