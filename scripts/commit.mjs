// The commit that is built, for `--version`.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The top of the project. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The commit, with a mark when the tree has changes; empty outside a checkout. */
export function commit() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return ''; // a tarball has no history
  }
}
