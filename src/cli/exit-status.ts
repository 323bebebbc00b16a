import type { ErrorKind } from '../errors.js';

/** Exit statuses of `tygrub`, documented in the README. 0 is success, 1 is left to findings (`vhd check`). */
export const EXIT_STATUS: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  'not-found': 3,
  unsupported: 4,
  corrupt: 5,
  limit: 6,
  io: 7,
};

/** A person left the menu without booting. */
export const EXIT_QUIT = 8;

/** A bug in tygrub itself. */
export const EXIT_BUG = 70;
