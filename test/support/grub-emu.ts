/** Runs a script in the real GRUB 2 (grub-emu) and gives back what it saved in an environment block. */
import { execFileSync, spawnSync } from 'node:child_process';
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

/** What `timeout` ends with when it had to end its program. */
const TIMED_OUT = 124;

/** Seconds until a GRUB that sits in its menu is ended; the second, where nothing was saved, is for a machine that is very busy. */
const PATIENCE = [4, 15];

/**
 * Boots grub-emu on a disk with one ext2 filesystem (`hd0`, no partitions), sources `/test.cfg` of it and waits until it
 * halts or the time is over.
 * @param files path to content; `/out.env` is an environment block that the script saves to
 * @returns the bytes of `/out.env` afterwards
 */
export function runGrubEmu(files: Readonly<Record<string, string>>): Uint8Array {
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
    const saved = (): Buffer => spawnSync('debugfs', ['-R', 'cat /out.env', image], { maxBuffer: 1 << 24 }).stdout;
    const before = saved();
    for (const seconds of PATIENCE) {
      // In the foreground: a shell that does not replace itself by its last command leaves `timeout` in the pseudo-terminal's
      // background, where the kernel stops grub-emu at its first word to the terminal. Which shell it is depends on SHELL.
      const command = `exec timeout --foreground -k 1 ${seconds} grub-emu -m ${folder}/device.map -r host -d ${folder}/host`;
      const { status } = spawnSync('script', ['-qefc', command, '/dev/null'], {
        stdio: ['ignore', 'ignore', 'ignore'],
        env: { ...process.env, TERM: 'vt100', LC_ALL: 'C' },
      });
      if (status !== TIMED_OUT || !saved().equals(before)) break;
    }
    return saved();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
