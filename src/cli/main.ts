#!/usr/bin/env node
/** `tygrub`: the program for people and scripts. */
import { CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { EXIT_STATUS } from './exit-status.js';
import { reportFailure } from './output.js';
import { makeProgram } from './program.js';

let status = 0;
const program = makeProgram(VERSION, (partial) => {
  status = partial;
});
for (const command of [program, ...program.commands]) {
  command.exitOverride().configureOutput({ writeErr: (text) => process.stderr.write(text) });
}
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) status = error.exitCode === 0 ? 0 : EXIT_STATUS.usage;
  else status = reportFailure('tygrub', error);
}
process.exitCode = status;
