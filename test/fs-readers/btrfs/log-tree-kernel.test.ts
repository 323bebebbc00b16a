/** Log trees that the kernel writes during the test, against what it reads after its own replay of them. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FileNode } from '../../../fs-readers/index.js';
import { HostFileSource } from '../../../src/source/host-file.js';
import { seed } from '../../support/mutation.js';
import { temporaryFolder } from '../../support/program.js';
import { loopMount, skip, tool } from '../../support/requirements.js';
import { openBtrfs } from './images.js';
import { kernelBtrfs } from './kernel.js';

const MiB = 1024 * 1024;
const CHANGES = fileURLToPath(new URL('../../support/random-changes.py', import.meta.url));
const KINDS: readonly (readonly string[])[] = [
  ['-M', '-n', '4096'],
  ['-O', '^no-holes,^extref', '--csum', 'xxhash'],
  ['-n', '65536', '--csum', 'sha256'],
];

const missing = skip(
  'log trees of the kernel',
  tool('mkfs.btrfs', 'apt-get install btrfs-progs'),
  tool('python3', 'apt-get install python3'),
  loopMount(),
  kernelBtrfs(),
);

function call(command: string, ...args: string[]): string {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout.trim();
}

/** Mounts a copy of a filesystem that was unmounted before: the kernel refuses that as long as it has not done with the original. */
async function mountCopy(loop: string, top: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const done = spawnSync('mount', ['-t', 'btrfs', '-o', 'ro', loop, top], { encoding: 'utf8' });
    if (done.status === 0) return;
    if (tries >= 100 || !done.stderr.includes('File exists')) throw new Error(done.stderr);
    await setTimeout(200);
  }
}

/** A tree as the kernel shows it: path to type and content. */
function shown(folder: string, path = '', rows = new Map<string, string>()): Map<string, string> {
  for (const name of readdirSync(join(folder, path))) {
    const below = `${path}/${name}`;
    const real = join(folder, below);
    const stat = lstatSync(real);
    if (stat.isDirectory()) {
      rows.set(below, 'd');
      shown(folder, below, rows);
    } else if (stat.isFile()) rows.set(below, `f ${stat.nlink} ${readFileSync(real).toString('latin1')}`);
    else rows.set(below, stat.isSymbolicLink() ? `l ${stat.nlink} ${readlinkSync(real)}` : `other ${stat.nlink}`);
  }
  return rows;
}

/** The same tree as the reader has it. */
async function read(node: FileNode, path = '', rows = new Map<string, string>()): Promise<Map<string, string>> {
  for await (const entry of node.entries()) {
    const below = `${path}/${Buffer.from(entry.name).toString('utf8')}`;
    const child = await entry.node();
    expect((await node.lookup(entry.name))?.id).toBe(child.id);
    if (child.type === 'd') {
      rows.set(below, 'd');
      await read(child, below, rows);
    } else if (child.type === 'f') {
      const source = await child.open();
      rows.set(below, `f ${child.links} ${Buffer.from(await source.read(0, source.size)).toString('latin1')}`);
    } else
      rows.set(
        below,
        child.type === 'l' ? `l ${child.links} ${Buffer.from(await child.readLink()).toString('utf8')}` : `other ${child.links}`,
      );
  }
  return rows;
}

describe.skipIf(missing)('A log tree that the kernel wrote', () => {
  const folder = temporaryFolder();
  it.each(KINDS.map((options, number) => ({ number, options, what: options.join(' ') })))(
    'is replayed as the kernel replays it ($what)',
    async ({ number, options }) => {
      const [image, crashed, replayed, top] = ['image', 'crashed', 'replayed', 'top'].map((name) => join(folder, `${name}${number}`)) as [
        string,
        string,
        string,
        string,
      ];
      writeFileSync(image, '');
      truncateSync(image, 120 * MiB);
      mkdirSync(top);
      call('mkfs.btrfs', '-q', '-f', ...options, image);
      // Nothing is committed meanwhile but what an fsync commits for want of a log.
      call('mount', '-t', 'btrfs', '-o', 'loop,commit=3000', image, top);
      try {
        call('python3', CHANGES, top, String(seed() + number), '60');
        call('btrfs', 'filesystem', 'sync', top);
        call('python3', CHANGES, top, String(seed() + number + 100), '12');
        copyFileSync(image, crashed);
      } finally {
        call('umount', top);
      }
      copyFileSync(crashed, replayed);
      const loop = call('losetup', '--find', '--show', replayed);
      const source = HostFileSource.open(crashed);
      try {
        await mountCopy(loop, top);
        const fs = await openBtrfs(source);
        // The last fsync may have committed the transaction instead, where a log tree would not tell all of it.
        expect(fs.state, `seed ${seed()}`).toMatch(/^$|^log tree replayed/);
        expect(await read(await fs.root()), `seed ${seed()}`).toEqual(shown(top));
        expect(fs.warnings).toEqual([]);
      } finally {
        await source.close();
        spawnSync('umount', [top]);
        call('losetup', '--detach', loop);
      }
    },
  );
});
