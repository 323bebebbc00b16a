/** All commands that a script can call, by name. */
import { CHAINLOADER_COMMANDS } from './chainloader.js';
import type { Command } from './command.js';
import { CONFIG_COMMANDS } from './configs.js';
import { ENVIRONMENT_COMMANDS } from './environment.js';
import { LOADER_COMMANDS } from './loaders.js';
import { MENU_COMMANDS } from './menu-entries.js';
import { OTHER_LOADER_COMMANDS } from './other-loaders.js';
import { PROBE_COMMANDS } from './probe.js';
import { SEARCH_COMMANDS } from './search.js';
import { VARIABLE_COMMANDS } from './variables.js';
import { OTHER_COMMANDS } from './without-effect.js';

export type { Call, Command } from './command.js';

/** Commands whose code is loaded when a script calls one: most scripts call none. */
const blscfg: Command = { run: async (machine, call) => (await import('./blsuki.js')).blscfg.run(machine, call) };
const uki: Command = { run: async (machine, call) => (await import('./blsuki.js')).uki.run(machine, call) };
const regexp: Command = { run: async (machine, call) => (await import('./regexp.js')).regexp.run(machine, call) };

export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ...VARIABLE_COMMANDS,
  ...MENU_COMMANDS,
  ['blscfg', blscfg],
  ['bls_import', blscfg],
  ['uki', uki],
  ...LOADER_COMMANDS,
  ...CHAINLOADER_COMMANDS,
  ...SEARCH_COMMANDS,
  ...CONFIG_COMMANDS,
  ...ENVIRONMENT_COMMANDS,
  ...OTHER_LOADER_COMMANDS,
  ...PROBE_COMMANDS,
  ['regexp', regexp],
  ...OTHER_COMMANDS,
]);
