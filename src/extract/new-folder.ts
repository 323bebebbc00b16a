import { mkdirSync } from 'node:fs';
import { hostError } from '../source/host-file.js';
import { discard, finished, unfinishedFolder } from './unfinished-files.js';

/** A folder that this run made: it goes away unless the run succeeds. */
export class NewFolder {
  private constructor(readonly path: string) {}

  /**
   * Makes a folder for its owner alone (0700).
   * @returns null where something of that name is there already: what it is shows when files are put into it
   * @throws TygrubError io, also where the folder above it does not exist
   */
  static create(path: string): NewFolder | null {
    unfinishedFolder(path);
    try {
      mkdirSync(path, 0o700);
      return new NewFolder(path);
    } catch (error) {
      finished(path); // it is not ours
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
      throw hostError(error, `the folder ${path} cannot be made`);
    }
  }

  /** The folder stays. */
  keep(): void {
    finished(this.path);
  }

  /** Removes the folder if it is empty. */
  discard(): void {
    discard(this.path);
  }
}
