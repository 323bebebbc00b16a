/** Whether somebody looks at what the program writes. */
import { fstatSync } from 'node:fs';

/**
 * Whether a descriptor is a terminal. A pipe or a file is told from one by its kind: `process.stdout` and `process.stderr`
 * load the network and streams where they are touched, which is a tenth of a start.
 */
export function isTerminal(descriptor: 1 | 2): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false; // closed
  }
  return (descriptor === 1 ? process.stdout : process.stderr).isTTY === true;
}
