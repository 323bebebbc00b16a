/** What a test needs beyond Node, and the line that is printed where it is missing. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Why a test cannot run here, or null when it can. */
export type Missing = string | null;

const missingTools = new Map<string, Missing>();

/** A program on the PATH. `how` says how to get it. */
export function tool(name: string, how: string): Missing {
  let known = missingTools.get(name);
  if (known === undefined) {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':');
    known = path.some((folder) => existsSync(`${folder}/${name}`)) ? null : `${name} is not installed (${how})`;
    missingTools.set(name, known);
  }
  return known;
}

/** The rights of root. */
export function root(): Missing {
  return process.getuid?.() === 0 ? null : 'not run as root (use sudo)';
}

let loop: Missing | undefined;

/** Loop mounts of ext4, checked by asking for a loop device. */
export function loopMount(): Missing {
  if (loop === undefined) {
    loop = root() ?? tool('losetup', 'apt-get install mount');
    if (loop === null && spawnSync('losetup', ['--find']).status !== 0) loop = 'no loop device is free (run on a host with loop devices)';
  }
  return loop;
}

/** The folder with images and answers of other programs. */
export function peerData(): Missing {
  const folder = process.env['TYGRUB_PEER_DATA'];
  if (folder === undefined || folder === '') return 'TYGRUB_PEER_DATA is not set (the folder with the peer images)';
  return existsSync(folder) ? null : `TYGRUB_PEER_DATA names ${folder}, which is not there`;
}

/** A path below the peer data; call it only where `peerData()` is null. */
export function peerPath(...parts: string[]): string {
  return [process.env['TYGRUB_PEER_DATA'] ?? '', ...parts].join('/');
}

/**
 * Whether to skip, with the reasons printed: `describe.skipIf(skip('what', peerData(), tool(...)))(...)`.
 * @param what the tests that are skipped, for the printed line
 */
export function skip(what: string, ...missing: Missing[]): boolean {
  const reasons = missing.filter((reason) => reason !== null);
  if (reasons.length > 0) process.stderr.write(`SKIPPED ${what}: ${reasons.join('; ')}\n`);
  return reasons.length > 0;
}
