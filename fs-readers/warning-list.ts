/** The warnings of one filesystem: kept and told, once each, and never more than a hostile disk may make us keep. */
import type { Warning } from '../src/errors.js';
import type { Limits } from '../src/limits.js';

export class WarningList {
  private readonly known = new Map<string, Warning>();
  private overflowed = false;

  constructor(private readonly limits: Limits) {}

  /** All warnings so far, in the order in which they came. */
  get all(): readonly Warning[] {
    return [...this.known.values()];
  }

  /** Keeps a warning; the same one a second time is not kept again. `code` as in `TygrubError`. */
  add(code: string, message: string, offset?: number): void {
    this.warn(offset === undefined ? { code, message } : { code, message, offset });
  }

  /** As `add`, for a warning with a hint. */
  warn(warning: Warning): void {
    if (this.overflowed || this.known.has(warning.message)) return;
    if (this.known.size >= this.limits.warnings) {
      this.overflowed = true;
      this.known.set('', { code: 'limit.warnings', message: `more than ${this.limits.warnings} warnings: the rest is left out` });
      return;
    }
    this.known.set(warning.message, warning);
  }
}
