/**
 * The interactive boot menu, for a person at a serial console or in a terminal. Load it only when there is a menu:
 * `const { runMenu } = await import('../menu/index.js')`.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import type { BootEntry, BootMenu } from '../boot/index.js';
import { TygrubError, usageError } from '../errors.js';
import type { Guest } from '../guest/guest.js';
import { draw } from './draw.js';
import { charsetOf } from './glyphs.js';
import { handle, startMenu } from './handle.js';
import { complete, look } from './look.js';
import { authenticate } from './passwords.js';
import type { Effect, EntryDetails, MenuEvent, MenuPolicy, MenuResult, MenuState } from './state.js';
import { Terminal } from './terminal.js';

export { type DescribeOptions, describeEntry } from './describe.js';
export type { EntryDetails, MenuPolicy, MenuResult } from './state.js';

/** What the menu needs. */
export interface RunMenuOptions {
  readonly menu: BootMenu;
  readonly guest: Guest;
  readonly policy: MenuPolicy;
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** The locale and the terminal's name are taken from it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Finds out more about an entry than its config says, for the line below the list; what comes later takes the place of
   * what came before. May stop as soon as it is not wanted any more.
   * @throws TygrubError shown as a warning of the entry
   */
  readonly describe?: (entry: BootEntry, isWanted: () => boolean) => AsyncIterable<EntryDetails>;
}

/**
 * The policy of a VM start, as pygrub's menu behaves: a config without a timeout, or with none above zero, boots after
 * about a second; leaving asks first; and a countdown that a stray byte stopped goes on after two minutes.
 * @param preferred an entry to boot instead of the config's default
 */
export function startPolicy(menu: BootMenu, preferred: number | null = null): MenuPolicy {
  const timeout = menu.timeout !== null && menu.timeout > 0 ? Math.ceil(menu.timeout) : 1;
  return { timeout, default: preferred ?? menu.default, confirmQuit: true, resumeAfter: 120 };
}

/**
 * The policy of a menu that a person asked for: the config's countdown, and no end without a key where it has none.
 * @param preferred an entry to boot instead of the config's default
 */
export function personPolicy(menu: BootMenu, preferred: number | null = null): MenuPolicy {
  const timeout = menu.timeout !== null && menu.timeout > 0 ? Math.ceil(menu.timeout) : null;
  return { timeout, default: preferred ?? menu.default, confirmQuit: false, resumeAfter: null };
}

/**
 * Shows the menu until an entry is chosen, the countdown ends, the person leaves or the terminal goes away.
 * @throws TygrubError usage when input and output are not a terminal
 */
export async function runMenu(options: RunMenuOptions): Promise<MenuResult> {
  if (!options.input.isTTY || !options.output.isTTY) {
    throw usageError('menu.no-terminal', 'the menu needs a terminal', { hint: 'run without a menu (-q), or on a terminal' });
  }
  const terminal = new Terminal(options.input, options.output);
  try {
    return await new Session(options, terminal).run();
  } finally {
    terminal.stop();
  }
}

/** One showing of the menu: events in, pictures and results out. */
class Session {
  private state: MenuState;
  private readonly context;
  private readonly charset;
  private finish: (result: MenuResult) => void = () => {};
  private fail: (error: unknown) => void = () => {};
  private ended = false;
  /** The entry to describe next, and whether one is being described: one at a time, the newest wins. */
  private wanted: BootEntry | null = null;
  private describing = false;
  private readonly firstEffects: readonly Effect[];

  constructor(
    private readonly options: RunMenuOptions,
    private readonly terminal: Terminal,
  ) {
    this.charset = charsetOf(options.environment);
    const { context, step } = startMenu(options.menu, options.policy, options.guest.limits, terminal.size, options.describe !== undefined);
    this.context = context;
    this.state = step.state;
    this.firstEffects = step.effects;
  }

  run(): Promise<MenuResult> {
    return new Promise<MenuResult>((resolve, reject) => {
      const ticker = setInterval(() => this.take({ kind: 'tick' }), 1000);
      const end = (): void => {
        this.ended = true;
        clearInterval(ticker);
      };
      this.finish = (result) => {
        end();
        resolve(result);
      };
      this.fail = (error) => {
        end();
        reject(error);
      };
      this.terminal.start({
        key: (key) => this.take({ kind: 'key', key }),
        resize: (size) => this.take({ kind: 'resize', size }),
        hangup: () => this.finish({ kind: 'hangup' }),
      });
      this.show();
      for (const effect of this.firstEffects) this.perform(effect);
    });
  }

  private take(event: MenuEvent): void {
    if (this.ended) return;
    const { state, effects } = handle(this.state, event, this.context);
    this.state = state;
    for (const effect of effects) this.perform(effect);
    this.show();
  }

  private show(): void {
    if (!this.ended) this.terminal.show(draw(this.state, this.context, this.charset));
  }

  private perform(effect: Effect): void {
    const { guest, menu } = this.options;
    switch (effect.kind) {
      case 'finish':
        this.finish(effect.result);
        return;
      case 'redraw':
        this.terminal.forget();
        return;
      case 'describe':
        this.wanted = effect.entry;
        if (!this.describing) this.work(this.describeNext());
        return;
      case 'run':
        this.work(
          this.answer(effect.token, async (token) => {
            const entry = await menu.run(effect.commands, effect.like);
            return { kind: 'ran', token, entry: entry.kernel === null ? null : entry, problem: entry.problem?.message ?? null };
          }),
        );
        return;
      case 'look':
        this.work(
          this.answer(effect.token, async (token) => {
            return { kind: 'output', token, lines: await look(effect.line, effect.commands, { guest, menu }) };
          }),
        );
        return;
      case 'complete':
        this.work(
          this.answer(effect.token, async (token) => {
            return { kind: 'completed', token, ...(await complete(effect.text, effect.commands, { guest, menu })) };
          }),
        );
        return;
      case 'authenticate':
        this.work(
          this.answer(effect.token, async (token) => {
            const user = menu.access === null ? null : await authenticate(menu.access, effect.user, effect.password, guest.limits);
            if (user === null) await new Promise((resolve) => setTimeout(resolve, WRONG_PASSWORD_WAIT));
            return { kind: 'authenticated', token, user };
          }),
        );
        return;
    }
  }

  /** Does work for the state; a failure of the disk is an answer too. */
  private async answer(token: number, work: (token: number) => Promise<MenuEvent>): Promise<void> {
    try {
      this.take(await work(token));
    } catch (error) {
      if (!(error instanceof TygrubError)) throw error;
      this.take({ kind: 'failed', token, problem: error.summary });
    }
  }

  private async describeNext(): Promise<void> {
    const { describe } = this.options;
    if (describe === undefined) return;
    this.describing = true;
    for (let entry = this.wanted; entry !== null && !this.ended; entry = this.wanted) {
      this.wanted = null;
      const { index } = entry;
      try {
        for await (const details of describe(entry, () => !this.ended && this.wanted === null)) {
          this.take({ kind: 'described', index, details });
        }
      } catch (error) {
        if (!(error instanceof TygrubError)) throw error;
        this.take({ kind: 'described', index, details: { version: null, short: null, warnings: [error.summary], isFinal: true } });
      }
    }
    this.describing = false;
  }

  private work(promise: Promise<void>): void {
    promise.catch((error: unknown) => this.fail(error));
  }
}

/** Milliseconds that a wrong password costs, so that a console cannot try many. */
const WRONG_PASSWORD_WAIT = 1000;
