import { spawn, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readBootMenu } from '../../src/boot/index.js';
import { copySource, openEntry } from '../../src/extract/index.js';
import { Guest } from '../../src/guest/guest.js';
import { CountingSource } from '../../src/source/counting.js';
import { HostFileSource } from '../../src/source/host-file.js';
import { names, programCommand, programPath, ROOT, temporaryFolder } from '../support/program.js';
import { skip, tool } from '../support/requirements.js';
import { fileSum } from '../support/sample.js';

const MiB = 1024 * 1024;
const needs = [
  tool('mke2fs', 'apt-get install e2fsprogs'),
  tool('qemu-img', 'apt-get install qemu-utils'),
  tool('parted', 'apt-get install parted'),
];

describe.skipIf(skip('memory and bytes read', ...needs))('a 100 MiB initrd in a dynamic VHD of 20 GiB', () => {
  const folder = temporaryFolder();
  const image = join(folder, 'large.vhd');
  const initrd = join(folder, 'tree', 'boot', 'initrd.img');
  beforeAll(() => {
    mkdirSync(join(folder, 'tree', 'boot', 'grub'), { recursive: true });
    writeFileSync(join(folder, 'tree', 'boot', 'vmlinuz'), randomFillSync(Buffer.alloc(8 * MiB)));
    writeFileSync(initrd, randomFillSync(Buffer.alloc(100 * MiB)));
    writeFileSync(
      join(folder, 'tree', 'boot', 'grub', 'grub.cfg'),
      "menuentry 'Large' {\n linux /boot/vmlinuz root=/dev/xvda1\n initrd /boot/initrd.img\n}\n",
    );
    const raw = join(folder, 'large.raw');
    for (const [command, ...args] of [
      [join(ROOT, 'images', 'make-disk.sh'), join(folder, 'tree'), 'mbr', raw, '20480', '11111111-2222-3333-4444-555555555555'],
      ['qemu-img', 'convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic,force_size=on', raw, image],
    ] as const) {
      const result = spawnSync(command, args, { encoding: 'utf8' });
      if (result.status !== 0) throw new Error(`${command}: ${result.stderr}`);
    }
  });

  const forNode =
    process.env['TYGRUB_STANDALONE'] === undefined ? null : 'the standalone executable is tested, which Node cannot preload into';
  it.skipIf(skip('peak memory', forNode))('is extracted with less than 150 MB of memory', () => {
    const out = join(folder, 'memory');
    mkdirSync(out);
    const peak = join(folder, 'peak');
    const preload = join(ROOT, 'test', 'support', 'peak-memory.mjs');
    const result = spawnSync(process.execPath, ['--import', preload, programPath('tygrub'), 'extract', image, '--output-directory', out], {
      env: { ...process.env, TYGRUB_TEST_PEAK: peak },
      encoding: 'utf8',
    });
    expect(result.status, result.stderr).toBe(0);
    expect(fileSum(join(out, 'initrd'))).toBe(fileSum(initrd));
    expect(Number(readFileSync(peak, 'utf8')) * 1024).toBeLessThan(150_000_000);
  });

  it('is extracted without reading more than 2 MiB beside it', async () => {
    const counted = new CountingSource(HostFileSource.open(image));
    const guest = await Guest.open([{ path: image, source: counted }]);
    try {
      const menu = await readBootMenu(guest);
      const entry = menu.entries[0];
      if (entry === undefined) throw new Error('no entry');
      const files = await openEntry(entry);
      const sink = { write: async () => undefined };
      for (const source of [files.kernel, files.initrd]) {
        if (source !== null) await copySource(source, sink, { maxSize: 1024 * MiB, what: 'test' });
      }
      expect(counted.bytesRead - 108 * MiB).toBeGreaterThanOrEqual(0);
      expect(counted.bytesRead - 108 * MiB).toBeLessThan(2 * MiB);
    } finally {
      await guest.close();
    }
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`leaves nothing behind when ${signal} ends the extraction`, async () => {
      const out = join(folder, signal);
      mkdirSync(out);
      const [command, ...first] = programCommand('tygrub');
      const child = spawn(command, [...first, 'extract', image, '--output-directory', out], { stdio: 'ignore' });
      const ended = new Promise<NodeJS.Signals | number | null>((resolve) => child.on('exit', (code, by) => resolve(by ?? code)));
      // The signal comes as soon as the first file is there, which is long before the second is complete.
      while (names(out).length === 0 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill(signal);
      const status = await ended;
      expect(status).not.toBe(0);
      expect(names(out)).toEqual([]);
    });
  }

  it('leaves nothing behind when nobody reads the result', () => {
    const out = join(folder, 'pipe');
    mkdirSync(out);
    const result = spawnSync(
      'bash',
      [
        '-c',
        'set -o pipefail; "$@" | (exec 0<&-; sleep 0.1)',
        'bash',
        ...programCommand('tygrub'),
        ...['extract', image, '--output-directory', out],
      ],
      { encoding: 'utf8' },
    );
    expect(result.status).not.toBe(0);
    expect(names(out)).toEqual([]);
  });
});
