import { formatSize } from './output.js';
import { isTerminal } from './terminal.js';

/** Milliseconds of work before anything is shown. */
const PATIENCE = 500;
/** Milliseconds between two pictures. */
const PAUSE = 100;
/** Signs of the bar. */
const BAR = 30;

/** A line on stderr that tells how far long work is: only on a terminal, only when it takes a while. */
class ProgressLine {
  private readonly shown: boolean;
  private next = Date.now() + PATIENCE;
  private visible = false;

  constructor(quiet: boolean) {
    this.shown = !quiet && isTerminal(2);
  }

  /** @param text called only where it is shown */
  protected show(isLast: boolean, text: () => string): void {
    if (!this.shown) return;
    const now = Date.now();
    if (now < this.next && !(isLast && this.visible)) return;
    this.next = now + PAUSE;
    this.visible = true;
    process.stderr.write(`\r${text()}  `);
  }

  /** Removes the line. */
  end(): void {
    if (this.visible) process.stderr.write(`\r${' '.repeat(78)}\r`);
    this.visible = false;
  }
}

/** How far a copy is, as a bar and in bytes. */
export class Progress extends ProgressLine {
  constructor(
    private readonly what: string,
    quiet: boolean,
  ) {
    super(quiet);
  }

  /** Reports bytes done of bytes in all. */
  update(done: number, total: number): void {
    this.show(done >= total, () => {
      const share = total === 0 ? 1 : done / total;
      const bar = '#'.repeat(Math.round(share * BAR)).padEnd(BAR, '.');
      return `${this.what} [${bar}] ${Math.floor(share * 100)}% ${formatSize(done)} of ${formatSize(total)}`;
    });
  }
}

/** How far work is that is counted in steps. */
export class Steps extends ProgressLine {
  constructor(
    private readonly what: string,
    quiet: boolean,
  ) {
    super(quiet);
  }

  /** Reports steps done of steps in all. */
  update(done: number, total: number): void {
    this.show(done >= total, () => `${this.what}: ${done} of ${total}`);
  }
}
