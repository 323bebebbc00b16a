// A 4 GiB dynamic VHD with 1 GiB allocated becomes a raw disk: tygrub against qemu-img, as a ratio in one run. And opening a
// 2 TiB VHD whose BAT is full, against the same with a small one and against start-up alone. Needs qemu-img and 3 GB of room.

import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ratioTable, run, workFolder } from './against-peers.mjs';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/tygrub.cjs', import.meta.url));
const MiB = 1024 * 1024;
const tygrub = (...args) => run(process.execPath, [PROGRAM, ...args]);

/** 4 GiB, of which 1 GiB in pieces of 2 to 16 MiB is not zero. */
function makeSource(path) {
  const fd = openSync(path, 'w');
  const noise = randomBytes(16 * MiB);
  for (let at = 0, stretch = 1; at < 4096; at += stretch * 8, stretch = (stretch % 4) + 1) {
    writeSync(fd, noise, 0, stretch * 2 * MiB, at * MiB);
  }
  ftruncateSync(fd, 4096 * MiB);
  closeSync(fd);
}

/** A VHD of 2040 GiB with each BAT entry used; its blocks lie in the hole behind the tables. */
function makeFull(path) {
  run('qemu-img', ['create', '-q', '-f', 'vpc', '-o', 'subformat=dynamic,force_size=on', path, '2040G']);
  const blocks = 1020 * 1024;
  const [first, stride] = [8192, 4104];
  const table = Buffer.alloc(blocks * 4);
  for (let block = 0; block < blocks; block++) table.writeUInt32BE(first + block * stride, block * 4);
  const fd = openSync(path, 'r+');
  writeSync(fd, table, 0, table.length, 1536);
  ftruncateSync(fd, (first + blocks * stride) * 512);
  closeSync(fd);
  tygrub('vhd', 'repair', path, '--write', '--quiet');
}

const folder = workFolder('vhd');
try {
  const [source, image, out] = ['source.raw', 'disk.vhd', 'out.raw'].map((name) => join(folder, name));
  makeSource(source);
  run('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=dynamic,force_size=on', source, image]);
  rmSync(source);
  const fresh = (work) => () => {
    rmSync(out, { force: true });
    work();
  };
  ratioTable('VHD of 4 GiB with 1 GiB in it, to raw', {
    tygrub: fresh(() => tygrub('vhd', 'copy', image, out, '--layout', 'raw', '--quiet')),
    'qemu-img': fresh(() => run('qemu-img', ['convert', '-f', 'vpc', '-O', 'raw', image, out])),
  });
  rmSync(out, { force: true });
  const full = join(folder, 'full.vhd');
  makeFull(full);
  const small = join(folder, 'small.vhd');
  run('qemu-img', ['create', '-q', '-f', 'vpc', '-o', 'subformat=dynamic,force_size=on', small, '8M']);
  ratioTable('opening a VHD of 2 TiB with a full BAT', {
    tygrub: () => tygrub('inspect', full),
    'one of 8 MiB': () => tygrub('inspect', small),
    'start-up': () => tygrub('--version'),
  });
} finally {
  run('rm', ['-rf', folder]);
}
