/** What goes wrong without stopping the reading, and the caller's rule for checksums that do not match. */
import { corrupt } from '../../src/errors.js';
import type { FileSystemOptions } from '../filesystem.js';
import { WarningList } from '../warning-list.js';

/** The warnings of one filesystem. */
export class Report extends WarningList {
  constructor(private readonly options: FileSystemOptions) {
    super(options.limits);
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
    this.add('ext.checksum', message, offset);
  }
}
