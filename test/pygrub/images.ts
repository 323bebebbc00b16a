/** Small guests on ext4 for tests of the contract, and runs of both programs on them. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { ROOT } from '../support/program.js';

const STANDALONE = process.env['TYGRUB_STANDALONE'];
export const LAUNCHER = STANDALONE === undefined ? join(ROOT, 'bin', 'tygrub-pygrub') : join(dirname(STANDALONE), 'tygrub-pygrub');
export const PYGRUB = '/usr/lib/xen-4.17/bin/pygrub';

/** A user that owns nothing. */
export const UID = 42_424;

/** Why the real pygrub cannot be asked, or null. */
export function realPygrub(): string | null {
  return existsSync(PYGRUB) ? null : 'pygrub is not installed (apt-get install xen-utils-4.17)';
}

const folder = mkdtempSync(join(tmpdir(), 'tygrub-contract-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Path to content; a number makes a sparse file of that size. */
export type Tree = Readonly<Record<string, string | number>>;

let images = 0;

/** A disk that is one ext4 filesystem. @param size MiB */
export function ext4(tree: Tree, size = 8): string {
  const at = join(folder, `tree${++images}`);
  for (const [path, content] of Object.entries(tree)) {
    const file = join(at, path);
    mkdirSync(path.endsWith('/') ? file : dirname(file), { recursive: true });
    if (path.endsWith('/')) continue;
    if (typeof content === 'string') writeFileSync(file, content);
    else spawnSync('truncate', ['-s', String(content), file]);
  }
  const image = join(folder, `image${images}`);
  spawnSync('truncate', ['-s', `${size}M`, image]);
  const made = spawnSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', at, image], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`mke2fs: ${made.stderr}`);
  return image;
}

/** The guest of most tests: two entries with an initrd, one without, one whose files are missing. */
export const GUEST: Tree = {
  '/boot/vmlinuz': 'kernel '.repeat(1000),
  '/boot/initrd': 'initrd '.repeat(2000),
  '/boot/empty': '',
  '/boot/dir/': '',
  '/boot/grub/grub.cfg': `set default=0
set timeout=5
menuentry 'One' --class debian {
	set root='hd0,msdos1'
	linux /boot/vmlinuz root=UUID=1234 ro console=hvc0 quiet
	initrd /boot/initrd
}
menuentry 'Two' {
	linux /boot/vmlinuz root=/dev/xvda1 single
	initrd /boot/initrd
}
menuentry 'No initrd' {
	linux /boot/vmlinuz
}
menuentry 'No kernel file' {
	linux /boot/nokernel ro
	initrd /boot/initrd
}
menuentry 'No initrd file' {
	linux /boot/vmlinuz ro
	initrd /boot/noinitrd
}
menuentry 'Empty kernel' {
	linux /boot/empty ro
}
menuentry 'Directory' {
	linux /boot/dir ro
}
`,
};

/** A run, with what it left in its output directory. */
export interface PygrubRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Names without their random part, and contents. */
  readonly left: Readonly<Record<string, string>>;
  readonly out: string;
}

/** Runs a program on an image, in an output directory of its own; `OUT` in arguments stands for it. */
export function runPygrub(
  program: string,
  args: readonly string[],
  image: string | null,
  options: { env?: Record<string, string>; prefix?: readonly string[] } = {},
): PygrubRun {
  const out = mkdtempSync(join(folder, 'out-'));
  const words = [...args.map((arg) => arg.replaceAll('OUT', out)), ...(image === null ? [] : [image])];
  const [command = '', ...before] = [...(options.prefix ?? []), program];
  const run = spawnSync(command, [...before, `--output-directory=${out}`, ...words], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const left: Record<string, string> = {};
  for (const name of readdirSync(out)) left[name.replace(/\.[a-z0-9_]{8}$/, '')] = readFileSync(join(out, name), 'latin1');
  return { status: run.status, stdout: run.stdout, stderr: run.stderr, left, out };
}

/** Output without what differs from run to run: the directory and the random parts of names. */
export function settled(run: PygrubRun): string {
  return run.stdout.replaceAll(run.out, 'OUT').replace(/(boot_(?:kernel|ramdisk))\.[a-z0-9_]{8}/g, '$1.XXXXXXXX');
}

/** A copy of an image under a name of its own. */
export function copyOf(image: string, name: string): string {
  const path = join(folder, name);
  cpSync(image, path);
  return path;
}

/** The folder of the test's files. */
export function scratch(name: string): string {
  return join(folder, name);
}
