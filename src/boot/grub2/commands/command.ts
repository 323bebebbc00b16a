/** What a GRUB command is to the interpreter. */
import type { Machine } from '../machine.js';
import type { Block } from '../syntax.js';

/** One call of a command. */
export interface Call {
  /** The name by which it was called. */
  readonly name: string;
  readonly args: readonly string[];
  readonly block: Block | null;
}

export interface Command {
  /** May run where entries are extracted from a config that is not trusted to boot. */
  readonly extractor?: boolean;
  /** Takes a block, which then is no argument. */
  readonly block?: boolean;
  /**
   * Does it, and gives the status. What GRUB would print as an error is reported with `machine.fail`.
   * @throws TygrubError limit only
   */
  run(machine: Machine, call: Call): number | Promise<number>;
}
