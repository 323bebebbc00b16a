/** What all copies of a running GRUB share: the guest, the bounds, the warnings. */
import { limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { GuestFiles } from '../dialect.js';
import type { ConfigWarning } from '../menu.js';
import type { Command } from './commands/command.js';
import { Devices } from './devices.js';
import type { Place } from './variables.js';

/** Whose rules apply where they differ. */
export type Flavour = 'upstream' | 'redhat';

/** How much a script may still do. Shared by all that runs for one menu. */
export class Budget {
  private steps: number;
  private characters: number;
  private includes: number;

  constructor(private readonly limits: Limits) {
    this.steps = limits.scriptSteps;
    this.characters = limits.expansionSize;
    this.includes = limits.includes;
  }

  /** @throws TygrubError limit scriptSteps */
  step(count = 1): void {
    this.steps -= count;
    if (this.steps < 0) throw limitReached('scriptSteps', `the boot script runs more than ${this.limits.scriptSteps} commands`);
  }

  /** @throws TygrubError limit expansionSize */
  charge(characters: number): void {
    this.characters -= characters;
    if (this.characters < 0) {
      throw limitReached('expansionSize', `the boot script makes more than ${this.limits.expansionSize} characters of text`);
    }
  }

  /** @throws TygrubError limit includes */
  include(): void {
    this.includes -= 1;
    if (this.includes < 0) throw limitReached('includes', `the boot configuration includes more than ${this.limits.includes} files`);
  }

  /**
   * Runs something with a part of the steps that are left, so that one endless entry does not leave all others without
   * any. What the part did not use goes back.
   */
  async share<T>(part: number, run: () => Promise<T>): Promise<T> {
    const own = Math.min(this.steps, Math.max(1, Math.ceil(this.limits.scriptSteps / part)));
    const rest = this.steps - own;
    this.steps = own;
    try {
      return await run();
    } finally {
      this.steps = Math.max(0, this.steps) + rest;
    }
  }
}

export class Surroundings {
  readonly budget: Budget;
  readonly devices: Devices;
  readonly warnings: ConfigWarning[] = [];
  /** What `load_env` read, for explaining; each block once. */
  readonly environment: { readonly file: string; readonly name: string; readonly value: string }[] = [];
  private readonly environmentFiles = new Set<string>();
  private dropped = 0;

  constructor(
    readonly files: GuestFiles,
    readonly flavour: Flavour,
    readonly commands: ReadonlyMap<string, Command>,
  ) {
    this.budget = new Budget(files.limits);
    this.devices = new Devices(files);
  }

  get limits(): Limits {
    return this.files.limits;
  }

  /** A message that GRUB would have printed, kept with its place; each only once. */
  warn(code: string, message: string, place: Place | null): void {
    if (this.warnings.length >= this.limits.configWarnings) {
      this.dropped += 1;
      return;
    }
    const warning = {
      code,
      message: message.length > 300 ? `${message.slice(0, 300)}...` : message,
      file: place?.file ?? null,
      line: place?.line ?? null,
    };
    const same = this.warnings.some(
      (w) => w.code === warning.code && w.message === warning.message && w.file === warning.file && w.line === warning.line,
    );
    if (!same) this.warnings.push(warning);
  }

  /** Remembers an environment block that was read. */
  noteEnvironment(file: string, block: ReadonlyMap<string, string>): void {
    if (this.environmentFiles.has(file) || this.environmentFiles.size >= this.limits.includes) return;
    this.environmentFiles.add(file);
    for (const [name, value] of block) this.environment.push({ file, name, value });
  }

  /** All warnings; how many were left out is the last one. */
  allWarnings(): ConfigWarning[] {
    if (this.dropped === 0) return this.warnings;
    const message = `${this.dropped} more warnings were left out`;
    return [...this.warnings, { code: 'boot.more-warnings', message, file: null, line: null }];
  }
}
