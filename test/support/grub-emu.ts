/** Runs a script in the real GRUB 2 (grub-emu) and gives back what it saved in an environment block. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Missing, tool } from './requirements.js';

/** What a run needs. */
export function grubEmu(): Missing {
  return (
    tool('grub-emu', 'apt-get install grub-emu') ??
    tool('mke2fs', 'apt-get install e2fsprogs') ??
    tool('debugfs', 'apt-get install e2fsprogs') ??
    tool('script', 'apt-get install bsdutils')
  );
}

/** An environment block without variables, large enough for a long trace. */
export function emptyEnvironment(size: number): string {
  const signature = '# GRUB Environment Block\n';
  return signature + '#'.repeat(size - signature.length);
}

/** Seconds until a GRUB that says nothing any more is ended. */
const PATIENCE = 20;

/** What GRUB shows where it waits for a key: nothing that a script says is printed, so these words are its own. */
const PAUSE = 'Press any key to continue';
const WAITING = ['Failed to boot both', 'GNU GRUB  version', 'grub> '];

/**
 * Boots grub-emu on a disk with one ext2 filesystem (`hd0`, no partitions), sources `/test.cfg` of it and waits until it
 * halts, sits in a menu or at its prompt, or the time is over.
 * @param files path to content; `/out.env` is an environment block that the script saves to
 * @returns the bytes of `/out.env` afterwards
 */
export async function runGrubEmu(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'tygrub-grub-emu-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'tree', path)), { recursive: true });
      writeFileSync(join(folder, 'tree', path), content);
    }
    mkdirSync(join(folder, 'host'));
    const image = join(folder, 'disk.img');
    execFileSync('mke2fs', ['-q', '-t', 'ext2', '-d', join(folder, 'tree'), image, '2M'], { stdio: 'ignore' });
    writeFileSync(join(folder, 'device.map'), `(hd0) ${image}\n`);
    writeFileSync(join(folder, 'host', 'grub.cfg'), 'set root=hd0\nset prefix=(hd0)/boot/grub\nsource /test.cfg\n');
    // In the foreground: a shell that does not replace itself by its last command leaves `timeout` in the pseudo-terminal's
    // background, where the kernel stops grub-emu at its first word to the terminal. Which shell it is depends on SHELL.
    const command = `exec timeout --foreground -k 1 ${PATIENCE} grub-emu -m ${folder}/device.map -r host -d ${folder}/host`;
    await untilItWaits(command);
    return spawnSync('debugfs', ['-R', 'cat /out.env', image], { maxBuffer: 1 << 24 }).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a command in a pseudo-terminal; keys are pressed where GRUB asks for one, and where it would wait it is ended. */
async function untilItWaits(command: string): Promise<void> {
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    env: { ...process.env, TERM: 'vt100', LC_ALL: 'C' },
  });
  // A key that nobody reads any more is no failure.
  child.stdin.on('error', () => {});
  let shown = '';
  let pauses = 0;
  child.stdout.setEncoding('latin1');
  child.stdout.on('data', (piece: string) => {
    shown += piece;
    const now = shown.split(PAUSE).length - 1;
    for (; pauses < now; pauses++) child.stdin.write('z');
    if (WAITING.some((words) => shown.includes(words)) && child.pid !== undefined) process.kill(-child.pid);
  });
  await new Promise((resolve) => child.on('close', resolve));
}
