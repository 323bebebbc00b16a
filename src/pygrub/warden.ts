/**
 * Who cleans up where the main process may not: once it gave up its rights it cannot remove files from a directory of
 * root's, and when it is killed it cannot do anything. A shell of root's waits at a pipe. It knows the file names from
 * the start and takes nothing but fixed words, so a main process that a guest took over can at most have them removed.
 * When the pipe closes without a word, which is also what happens when the main process is killed, it removes them all.
 */
import type { ChildProcess } from 'node:child_process';
import { ioError } from '../errors.js';

const SCRIPT = `
trap '' HUP INT TERM PIPE
word=killed
IFS= read -r word
case $word in
  keep) exit 0 ;;
  keep-kernel) rm -f -- "$2" ;;
  *) rm -f -- "$@" ;;
esac
[ "$word" = failed ] || [ "$word" = keep-kernel ] || echo "RuntimeError: pygrub was ended before it was done: killed, or out of memory" >&2
exit 0
`;

/** How a run ended. */
export type LastWord = 'keep' | 'keep-kernel' | 'failed';

/** The waiting shell. */
export class Warden {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<void>,
  ) {}

  /**
   * Starts it, while this process still has its rights.
   * @param files the kernel, the ramdisk, and what else goes when the run fails
   * @throws TygrubError io
   */
  static async start(files: readonly string[]): Promise<Warden> {
    const { spawn } = await import('node:child_process'); // costs a tenth of the start, and most runs need no warden
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'warden', ...files], {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
      cwd: '/',
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', () => resolve());
      child.once('error', (error) => reject(ioError('pygrub.warden', `/bin/sh cannot be started: ${error.message}`, { cause: error })));
    });
    child.stdin?.on('error', () => {}); // it is gone: `ended` tells
    return new Warden(child, ended);
  }

  /** Says how the run ended and waits until what is to go is gone. */
  async end(word: LastWord): Promise<void> {
    this.child.stdin?.end(`${word}\n`);
    await this.ended;
  }
}
