/** Runs a script in the real GRUB 2 (grub-emu) and gives back what it saved in an environment block. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
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

/** Disks for one run. */
export interface GrubDisks {
  /** The images of `hd0` and `hd1`. */
  readonly images: readonly string[];
  /**
   * Boots grub-emu on them, sources `/test.cfg` of the first and waits until it halts, sits in a menu or at its prompt, or the
   * time is over.
   * @returns the bytes of `/out.env` afterwards
   */
  run(): Promise<Uint8Array>;
}

/** Seconds since 1970 of every file whose name tells none: `@N` at its end does. */
const FILE_TIME = 1_600_000_000;

function writeTree(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const at = join(folder, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, content);
    const time = FILE_TIME + Number.parseInt(/@(\d+)$/.exec(path)?.[1] ?? '0', 10);
    utimesSync(at, time, time);
  }
}

/** The partitions of `hd1`: where they start, in sectors, and what they hold. */
const PARTITIONS = [
  {
    start: 64,
    name: 'first',
    label: 'first',
    files: { '/both': 'x', '/x1': 'x', '/k/v-1': 'x', '/k/v-10': 'x', '/k/.v': 'x' },
  },
  { start: 2112, name: 'second', label: 'two words', files: { '/both': 'x', '/x2': 'x', '/k/v-2': '' } },
  { start: 4160, name: '', label: '', files: {} },
  { start: 4224, name: 'logical', label: 'Two Words', files: { '/x5': 'x', '/K/w': 'x' } },
];
const PARTITION_KIB = 1024;

/** A row of an MBR's partition table: no cylinders, sectors counted from the sector that the table belongs to. */
function row(start: number, sectors: number, type: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(16));
  bytes.setUint8(4, type);
  bytes.setUint32(8, start, true);
  bytes.setUint32(12, sectors, true);
  return new Uint8Array(bytes.buffer);
}

function partitionTable(rows: readonly Uint8Array[]): Uint8Array {
  const sector = new Uint8Array(512);
  for (const [i, bytes] of rows.entries()) sector.set(bytes, 446 + i * 16);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

/** Makes `hd1`: two primary partitions and a logical one, each an ext2 filesystem with a label and a UUID. */
export function makeSecondDisk(folder: string): string {
  const image = join(folder, 'second.img');
  writeFileSync(image, '');
  truncateSync(image, (4224 / 2 + PARTITION_KIB + 64) * 1024);
  const disk = openSync(image, 'r+');
  const [first, second, extended, logical] = PARTITIONS.map(({ start }) => start) as [number, number, number, number];
  const size = PARTITION_KIB * 2;
  const table = partitionTable([row(first, size, 0x83), row(second, size, 0x83), row(extended, size + logical - extended, 5)]);
  writeSync(disk, table, 0, table.length, 0);
  const inner = partitionTable([row(logical - extended, size, 0x83)]);
  writeSync(disk, inner, 0, inner.length, extended * 512);
  closeSync(disk);
  for (const [i, { start, name, label, files }] of PARTITIONS.entries()) {
    if (name === '') continue;
    writeTree(join(folder, name), files);
    const uuid = `${String(i).repeat(8)}-aaaa-bbbb-cccc-dddddddddddd`;
    const options = ['-q', '-F', '-t', 'ext2', '-L', label, '-U', uuid, '-d', join(folder, name), '-E', `offset=${start * 512}`];
    execFileSync('mke2fs', [...options, image, `${PARTITION_KIB}k`], { stdio: 'ignore' });
  }
  return image;
}

/**
 * Makes the disks for a run: `hd0` is one ext2 filesystem without a partition table.
 * @param files path to content; `/out.env` is an environment block that the script saves to
 * @param second an image for `hd1`
 */
export async function withGrubDisks<T>(
  files: Readonly<Record<string, string>>,
  second: string,
  use: (disks: GrubDisks) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tygrub-grub-emu-'));
  try {
    writeTree(join(folder, 'tree'), files);
    mkdirSync(join(folder, 'host'));
    const image = join(folder, 'disk.img');
    const uuid = '99999999-aaaa-bbbb-cccc-dddddddddddd';
    execFileSync('mke2fs', ['-q', '-t', 'ext2', '-U', uuid, '-L', 'zero', '-d', join(folder, 'tree'), image, '2M'], { stdio: 'ignore' });
    writeFileSync(join(folder, 'device.map'), `(hd0) ${image}\n(hd1) ${second}\n`);
    writeFileSync(join(folder, 'host', 'grub.cfg'), 'set root=hd0\nset prefix=(hd0)/boot/grub\nsource /test.cfg\n');
    return await use({
      images: [image, second],
      run: async () => {
        // In the foreground: a shell that does not replace itself by its last command leaves `timeout` in the pseudo-terminal's
        // background, where the kernel stops grub-emu at its first word to the terminal. Which shell it is depends on SHELL.
        const command = `exec timeout --foreground -k 1 ${PATIENCE} grub-emu -m ${folder}/device.map -r host -d ${folder}/host`;
        await untilItWaits(command);
        return spawnSync('debugfs', ['-R', 'cat /out.env', image], { maxBuffer: 1 << 24 }).stdout;
      },
    });
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
