/** Giving up rights before the first byte of the disk is parsed. */
import { readFileSync, stat } from 'node:fs';
import { usageError } from '../errors.js';
import { hostError } from '../source/host-file.js';
import type { RunBounds } from './run-bounds.js';

/** The user of a domain, as xapi numbers them: the user `qemu_base` plus the domain's number. @throws TygrubError usage */
export function userOfDomain(domid: number): number {
  let passwd: string;
  try {
    passwd = readFileSync('/etc/passwd', 'latin1');
  } catch (error) {
    throw hostError(error, 'the users of this host cannot be read');
  }
  const base = passwd.split('\n').find((line) => line.startsWith('qemu_base:'));
  const uid = Number(base?.split(':')[2] ?? Number.NaN);
  if (!Number.isSafeInteger(uid)) {
    throw usageError('pygrub.no-qemu-base', '--domid needs the user qemu_base, which this host does not have', { hint: 'use --runas=UID' });
  }
  return uid + domid;
}

/**
 * Gives up groups, group and user for good, after everything that must still be read from the host was read.
 * @param tell gets a line about each protection that is there or missing (`--debug`)
 * @throws TygrubError usage when the user is none; io when the host refuses
 */
export async function dropPrivileges(uid: number, bounds: RunBounds, tell: (line: string) => void): Promise<void> {
  if (uid < 1 || uid > 0xfffffffe) throw usageError('pygrub.runas', `${uid} is no user to run as`);
  if (process.setgroups === undefined || process.setgid === undefined || process.setuid === undefined) {
    throw usageError('pygrub.runas', 'this system has no users to run as');
  }
  // The threads of the pool must exist before their number is limited. The program is one file: what it evaluates late, such
  // as decompressors, is in memory already.
  await Promise.all(Array.from({ length: 16 }, () => new Promise((resolve) => stat('/', resolve))));
  await limitProcess(bounds, tell);
  try {
    process.setgroups([uid]);
    process.setgid(uid);
    process.setuid(uid);
  } catch (error) {
    throw hostError(error, `the rights of user ${uid} cannot be taken on`);
  }
  let back = true;
  try {
    process.setuid(0);
  } catch {
    back = false; // EPERM is what makes it for good
  }
  if (back) throw usageError('pygrub.runas', `the rights of user ${uid} can be changed back: nothing is read like this`);
  tell(`runs as user ${uid}, group ${uid}`);
}

/**
 * Threads and processes that the user may have. It counts those that exist already, and so ends new ones only: Node's are all
 * there. Bun's engine starts threads when it has work for them, and aborts where it cannot.
 */
const THREADS = process.versions['bun'] === undefined ? 0 : 1024;

/** Sets limits of the kernel on this process, with prlimit(1) where the host has it. */
async function limitProcess(bounds: RunBounds, tell: (line: string) => void): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  // One more byte than tygrub's own bound, which speaks first.
  const limits = ['--core=0', '--memlock=0', '--msgqueue=0', `--nproc=${THREADS}`, `--fsize=${bounds.fileSize + 1}`];
  const run = spawnSync('prlimit', ['--pid', String(process.pid), ...limits], { stdio: 'ignore', cwd: '/' });
  if (run.status === 0) tell(`prlimit: ${limits.join(' ')}`);
  else tell("prlimit is not there or failed: tygrub's own bounds hold");
  const namespaces = process.env['TYGRUB_NAMESPACES'];
  tell(namespaces === undefined ? "unshare was not used: tygrub's own bounds hold" : `namespaces: ${namespaces}`);
}
