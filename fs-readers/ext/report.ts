/** What goes wrong without stopping the reading, and the caller's rule for checksums that do not match. */
import { corrupt, type Warning } from '../../src/errors.js';
import type { FileSystemOptions } from '../filesystem.js';

/** Keeps the warnings of one filesystem, each once and bounded in number: a hostile disk can cause any number of them. */
export class Report {
  readonly warnings: Warning[] = [];
  private readonly seen = new Set<string>();

  constructor(private readonly options: FileSystemOptions) {}

  warn(warning: Warning): void {
    const key = `${warning.code} ${warning.message}`;
    if (this.seen.has(key) || this.warnings.length >= this.options.limits.warnings) return;
    this.seen.add(key);
    this.warnings.push(warning);
  }

  /** Whether a structure with a wrong checksum may be used all the same. */
  get ignoresChecksums(): boolean {
    return this.options.ignoreChecksums;
  }

  /**
   * A structure that is needed has the wrong checksum.
   * @param what the structure, as a phrase
   * @throws TygrubError corrupt `ext.checksum`, unless checksums are ignored (then it is a warning)
   */
  mismatch(what: string, offset: number): void {
    const message = `the checksum of ${what} does not match its contents`;
    if (!this.ignoresChecksums) throw corrupt('ext.checksum', message, { offset, hint: 'use --ignore-checksums to read it all the same' });
    this.warn({ code: 'ext.checksum', message, offset });
  }
}
