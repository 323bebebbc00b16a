import { formatSize } from './output.js';

/** A line on stderr that shows how far a long copy is: only on a terminal, only when it takes a while. */
export class Progress {
  private readonly shown: boolean;
  private readonly started = Date.now();
  private last = 0;
  private visible = false;

  constructor(
    private readonly what: string,
    quiet: boolean,
  ) {
    this.shown = !quiet && process.stderr.isTTY === true;
  }

  /** Reports bytes done of bytes in all. */
  update(done: number, total: number): void {
    if (!this.shown) return;
    const now = Date.now();
    if (now - this.started < 500 || (now - this.last < 100 && done < total)) return;
    this.last = now;
    this.visible = true;
    const share = total === 0 ? 1 : done / total;
    const width = 30;
    const bar = '#'.repeat(Math.round(share * width)).padEnd(width, '.');
    process.stderr.write(`\r${this.what} [${bar}] ${Math.floor(share * 100)}% ${formatSize(done)} of ${formatSize(total)}  `);
  }

  /** Removes the line. */
  end(): void {
    if (this.visible) process.stderr.write(`\r${' '.repeat(78)}\r`);
    this.visible = false;
  }
}

/** The same for work that is counted in steps. */
export class Steps {
  private readonly shown: boolean;
  private readonly started = Date.now();
  private visible = false;

  constructor(
    private readonly what: string,
    quiet: boolean,
  ) {
    this.shown = !quiet && process.stderr.isTTY === true;
  }

  /** Reports steps done of steps in all. */
  update(done: number, total: number): void {
    if (!this.shown || Date.now() - this.started < 500) return;
    this.visible = true;
    process.stderr.write(`\r${this.what}: ${done} of ${total}  `);
  }

  /** Removes the line. */
  end(): void {
    if (this.visible) process.stderr.write(`\r${' '.repeat(78)}\r`);
    this.visible = false;
  }
}
