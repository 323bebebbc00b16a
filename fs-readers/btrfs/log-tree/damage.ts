/** What is said where a log tree cannot be replayed. */
import { corrupt, type TygrubError } from '../../../src/errors.js';

/** What can be done about it. */
export const LOG_HINT = 'use --no-journal to read what was on the disk before the log tree was written';

/** `btrfs.log-tree`: Linux would refuse to mount the filesystem. @param why a clause */
export function cannotReplay(why: string, cause?: unknown): TygrubError {
  return corrupt('btrfs.log-tree', `the log tree cannot be replayed: ${why}`, { hint: LOG_HINT, cause });
}
