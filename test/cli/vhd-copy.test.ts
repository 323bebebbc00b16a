import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { byteSum } from '../../src/disk/vhd/checksum.js';
import type { CheckReport } from '../../src/disk/vhd/index.js';
import { BATMAP_HEADER, DYNAMIC_HEADER, FOOTER } from '../../src/disk/vhd/layout.js';
import { makeVhd, pattern, type VhdPlan } from '../disk/vhd/encoder.js';
import { matrixFolder, matrixRows } from '../disk/vhd/matrix.js';
import { names, programCommand, run, runJson, temporaryFolder } from '../support/program.js';
import { loopMount, peerData, skip, tool } from '../support/requirements.js';

const MiB = 1024 * 1024;
const BLOCK = 2 * MiB;
const LAYOUTS = ['xcp', 'compact', 'fixed', 'raw'] as const;
const folder = temporaryFolder();
const path = (name: string) => join(folder, name);
let count = 0;
const fresh = (suffix = '.img') => path(`${++count}${suffix}`);

/** A raw disk of 9 MiB and a bit: data, a hole, zeros, one byte in a block, no multiple of 2 MiB. */
const SIZE = 9 * MiB + 3 * 512;
const content = new Uint8Array(SIZE);
content.set(pattern(3 * MiB), 0);
content[5 * MiB + 12345] = 1;
content.set(pattern(1000, 5), SIZE - 1000);
const raw = path('source.raw');
writeFileSync(raw, content);

/** The disk as the copy shows it, read by tygrub into a raw file. */
function readBack(image: string): Buffer {
  const out = fresh('.raw');
  expect(run(['vhd', 'copy', image, out, '--layout', 'raw'])).toMatchObject({ status: 0 });
  return readFileSync(out);
}

function expectContent(disk: Buffer, expected: Uint8Array): void {
  expect(disk.length).toBeGreaterThanOrEqual(expected.length);
  expect(Buffer.compare(disk.subarray(0, expected.length), expected)).toBe(0);
  expect(disk.subarray(expected.length).every((byte) => byte === 0)).toBe(true);
}

const qemu = tool('qemu-img', 'apt-get install qemu-utils');

function qemuCompare(source: string, format: string, copy: string, layout: string): string {
  const { stdout, stderr } = spawnSync('qemu-img', ['compare', '-f', format, '-F', layout === 'raw' ? 'raw' : 'vpc', source, copy], {
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`;
}

describe('tygrub vhd copy', () => {
  it.each(LAYOUTS)('writes the layout %s, which reads back as the source', (layout) => {
    const dest = fresh();
    const report = runJson<{ size: number; fileSize: number; verified: boolean; uuid: string | null }>([
      'vhd',
      'copy',
      raw,
      dest,
      '--layout',
      layout,
      '--verify',
      '--json',
    ]);
    expect(report).toMatchObject({ size: layout === 'xcp' ? 10 * MiB : SIZE, fileSize: statSync(dest).size, verified: true });
    expect(report.uuid === null).toBe(layout === 'raw');
    expectContent(readBack(dest), content);
    if (layout !== 'raw') {
      const check = JSON.parse(run(['vhd', 'check', '--data', '--json', dest]).stdout) as CheckReport;
      expect(check.findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
      expect(check.findings.map(({ code }) => code)).toEqual(layout === 'xcp' ? [] : [layout === 'fixed' ? 'disk.fixed' : 'bat.reserve']);
    }
  });

  it.skipIf(skip('copies opened by qemu-img', qemu)).each(LAYOUTS)('writes the layout %s so that qemu-img reads the same', (layout) => {
    const dest = fresh();
    run(['vhd', 'copy', raw, dest, '--layout', layout]);
    expect(qemuCompare(raw, 'raw', dest, layout)).toMatch(/Images are identical/);
  });

  it("writes exactly the structures of Xen's layout", () => {
    const dest = fresh();
    run(['vhd', 'copy', raw, dest]);
    const bytes = readFileSync(dest);
    const footer = FOOTER.decode(bytes);
    expect(footer).toMatchObject({
      creatorApplication: 'tap\0',
      creatorVersion: 0x10003,
      creatorHostOs: '\0\0\0\0',
      diskType: 3,
      features: 2,
      dataOffset: 512,
    });
    expect(footer).toMatchObject({ currentSize: 10 * MiB, originalSize: 10 * MiB, savedState: 0, hidden: 0 });
    expect(DYNAMIC_HEADER.decode(bytes, 512)).toMatchObject({ tableOffset: 1536, maxTableEntries: 1_048_576, blockSize: BLOCK });
    const batmap = BATMAP_HEADER.decode(bytes, 4_195_840);
    expect(batmap).toMatchObject({ cookie: 'tdbatmap', batmapOffset: 4_196_352, batmapSize: 256, batmapVersion: 0x10002 });
    expect(batmap.checksum).toBe(~byteSum(bytes.subarray(4_196_352, 4_196_352 + 512)) >>> 0);
    // Blocks 0, 1 and 2 and the last one hold something; block 3 does not.
    expect(bytes[4_196_352]).toBe(0b1110_1000);
    const table = new DataView(bytes.buffer, bytes.byteOffset + 1536);
    const entries = [0, 1, 2, 3, 4].map((block) => table.getUint32(block * 4));
    const first = 4_328_960 / 512;
    expect(entries).toEqual([first, first + 4104, first + 2 * 4104, 0xffff_ffff, first + 3 * 4104]);
    expect(bytes.length).toBe(4_328_960 + 4 * 4104 * 512 - 7 * 512 + 512);
    expect(bytes.subarray(-512)).toEqual(bytes.subarray(0, 512));
  });

  it.each([
    ['1G', 512],
    ['10M', 5],
    ['2T', 1_048_576],
  ])('makes room in the BAT for --max-size %s', (size, entries) => {
    const dest = fresh();
    run(['vhd', 'copy', raw, dest, '--max-size', size]);
    expect(DYNAMIC_HEADER.decode(readFileSync(dest), 512).maxTableEntries).toBe(entries);
    expectContent(readBack(dest), content);
  });

  it.each([
    ['less than the disk', ['--max-size', '8M'], 'less than'],
    ['more than a VHD can have', ['--max-size', '3T'], '2 TiB'],
    ['for another layout', ['--max-size', '1G', '--layout', 'compact'], 'xcp'],
  ])('refuses a --max-size %s', (_what, args, message) => {
    const dest = fresh();
    const { status, stderr } = run(['vhd', 'copy', raw, dest, ...args]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(existsSync(dest)).toBe(false);
  });

  it('copies an empty disk and a disk of one byte', () => {
    for (const bytes of [0, 1]) {
      const source = fresh('.raw');
      writeFileSync(source, new Uint8Array(bytes).fill(7));
      for (const layout of LAYOUTS) {
        const dest = fresh();
        expect(run(['vhd', 'copy', source, dest, '--layout', layout, '--verify']).stderr).toBe('');
        expectContent(readBack(dest), new Uint8Array(bytes).fill(7));
      }
    }
  });

  it('keeps holes: a disk of 100 GiB with little in it is copied at once and stays small', () => {
    const source = fresh('.raw');
    writeFileSync(source, pattern(MiB));
    truncateSync(source, 100 * 1024 * MiB);
    // Through a VHD, whose BAT says what is not there.
    const sparse = fresh('.vhd');
    writeFileSync(
      sparse,
      makeVhd({ type: 3, size: 4 * BLOCK, id: 'a', blockSize: BLOCK, blocks: new Map([[1, { data: pattern(BLOCK) }]]) }).bytes,
    );
    const dest = fresh('.raw');
    run(['vhd', 'copy', sparse, dest, '--layout', 'raw']);
    expect(statSync(dest).size).toBe(4 * BLOCK);
    expect(statSync(dest).blocks * 512).toBeLessThan(BLOCK + 64 * 1024);
  });

  it('never replaces a file without --force, and replaces it whole with it, where it really lies', () => {
    const dest = fresh();
    writeFileSync(dest, 'precious');
    chmodSync(dest, 0o640);
    const link = fresh();
    symlinkSync(dest, link);
    const refused = run(['vhd', 'copy', raw, link]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('--force');
    expect(readFileSync(dest, 'utf8')).toBe('precious');
    expect(run(['vhd', 'copy', raw, link, '--force']).status).toBe(0);
    expectContent(readBack(dest), content);
    expect(statSync(dest).mode & 0o777).toBe(0o640);
  });

  it('never writes into what it reads, whatever the name and with --force', () => {
    const base = fresh('.vhd');
    const plan: VhdPlan = { type: 3, size: 4 * BLOCK, id: 'p', blockSize: BLOCK, blocks: new Map([[1, { data: pattern(BLOCK) }]]) };
    writeFileSync(base, makeVhd(plan).bytes);
    const leaf = fresh('.vhd');
    const name = base.slice(base.lastIndexOf('/') + 1);
    writeFileSync(leaf, makeVhd({ ...plan, type: 4, id: 'l', parent: { id: 'p', name } }).bytes);
    const link = fresh('.vhd');
    symlinkSync(base, link);
    for (const dest of [leaf, base, link]) {
      const before = readFileSync(dest);
      const { status, stderr } = run(['vhd', 'copy', leaf, dest, '--force']);
      expect(status).toBe(2);
      expect(stderr).toContain('that is copied, or one of its parents');
      expect(Buffer.compare(readFileSync(dest), before)).toBe(0);
    }
  });

  it('keeps the UUID and the time of a VHD without parents, and makes new ones for everything else', () => {
    const base = fresh('.vhd');
    const plan: VhdPlan = { type: 3, size: 4 * BLOCK, id: 'k', blockSize: BLOCK };
    const { bytes } = makeVhd(plan);
    writeFileSync(base, bytes);
    const leaf = fresh('.vhd');
    writeFileSync(leaf, makeVhd({ ...plan, type: 4, id: 'm', parent: { id: 'k', name: base.slice(base.lastIndexOf('/') + 1) } }).bytes);
    const uuidOf = (args: string[]) => {
      const dest = fresh('.vhd');
      run(['vhd', 'copy', ...args, dest]);
      return FOOTER.decode(readFileSync(dest));
    };
    expect(uuidOf([base])).toMatchObject({ uniqueId: FOOTER.decode(bytes).uniqueId, timestamp: 300_000_000 });
    const others = [uuidOf([base, '--new-uuid']), uuidOf([leaf]), uuidOf([raw])];
    expect(new Set(others.map(({ uniqueId }) => uniqueId.join())).size).toBe(3);
    for (const { uniqueId, timestamp } of others) {
      expect([107, 109]).not.toContain(uniqueId[0] === uniqueId[1] ? uniqueId[0] : 0);
      expect(timestamp).not.toBe(300_000_000);
    }
  });

  it('leaves nothing at DEST when it fails or is ended by a signal', async () => {
    const damaged = fresh('.vhd');
    const made = makeVhd({
      type: 3,
      size: 4 * BLOCK,
      id: 'a',
      blockSize: BLOCK,
      blocks: new Map([
        [0, { data: pattern(BLOCK) }],
        [2, { data: pattern(BLOCK) }],
      ]),
    });
    writeFileSync(damaged, made.bytes.subarray(0, made.footerOffset - MiB));
    const out = join(temporaryOut(), 'copy.vhd');
    expect(run(['vhd', 'copy', damaged, out]).status).toBe(5);
    expect(names(join(out, '..'))).toEqual([]);
    const large = fresh('.raw');
    spawnSync('dd', ['if=/dev/urandom', `of=${large}`, 'bs=1M', 'count=192', 'status=none']);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const [command, ...first] = programCommand('tygrub');
      const child = spawn(command, [...first, 'vhd', 'copy', large, out], { stdio: 'ignore' });
      const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_status, by) => resolve(by)));
      while (child.exitCode === null && names(join(out, '..')).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill(signal);
      expect(await ended).toBe(signal);
      expect(names(join(out, '..'))).toEqual([]);
    }
  });
});

function temporaryOut(): string {
  const out = path(`out${++count}`);
  spawnSync('mkdir', [out]);
  return out;
}

function firstSector(path: string): Buffer {
  const fd = openSync(path, 'r');
  const sector = Buffer.alloc(512);
  readSync(fd, sector, 0, 512, 0);
  closeSync(fd);
  return sector;
}

describe('a copy into a volume', () => {
  it.each(LAYOUTS)('of a file with a size and no content puts the footer into its last sector (%s)', (layout) => {
    const dest = fresh();
    writeFileSync(dest, '');
    truncateSync(dest, 24 * MiB);
    expect(run(['vhd', 'copy', raw, dest, '--layout', layout, '--verify']).stderr).toBe('');
    expect(statSync(dest).size).toBe(24 * MiB);
    const bytes = readFileSync(dest);
    if (layout === 'raw') expectContent(bytes, content);
    else {
      expect(FOOTER.decode(bytes, 24 * MiB - 512).cookie).toBe('conectix');
      expectContent(readBack(dest), content);
    }
  });

  it.each(LAYOUTS)('that holds other data needs --force, and then nothing of the old data shows (%s)', (layout) => {
    const dest = fresh();
    writeFileSync(dest, Buffer.alloc(24 * MiB, 0xee));
    const refused = run(['vhd', 'copy', raw, dest, '--layout', layout, '--volume']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('not empty');
    expect(run(['vhd', 'copy', raw, dest, '--layout', layout, '--volume', '--force', '--verify']).stderr).toBe('');
    const disk = layout === 'raw' ? readFileSync(dest).subarray(0, SIZE) : readBack(dest);
    expectContent(disk, content);
    if (qemu === null && layout !== 'raw' && layout !== 'fixed')
      expect(qemuCompare(raw, 'raw', dest, layout)).toMatch(/Images are identical/);
  });

  it.each(LAYOUTS)('that is too small is left as it is (%s)', (layout) => {
    const dest = fresh();
    writeFileSync(dest, Buffer.alloc(7 * MiB, 0xee));
    const { status, stderr } = run(['vhd', 'copy', raw, dest, '--layout', layout, '--volume', '--force']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/7340032 bytes, the copy needs \d+/);
    expect(Buffer.compare(readFileSync(dest), Buffer.alloc(7 * MiB, 0xee))).toBe(0);
  });

  it('that is interrupted at any time is no disk, neither the new nor the old one', async () => {
    const large = fresh('.raw');
    spawnSync('dd', ['if=/dev/urandom', `of=${large}`, 'bs=1M', 'count=96', 'status=none']);
    const dest = fresh('.vhd');
    let interrupted = 0;
    for (const layout of ['xcp', 'compact', 'xcp', 'compact'] as const) {
      writeFileSync(
        dest,
        makeVhd({ type: 3, size: 4 * BLOCK, id: 'o', blockSize: BLOCK, blocks: new Map([[1, { data: pattern(BLOCK) }]]) }).bytes,
      );
      truncateSync(dest, 128 * MiB);
      expect(run(['vhd', 'info', dest]).status).toBe(0);
      const [command, ...first] = programCommand('tygrub');
      const child = spawn(command, [...first, 'vhd', 'copy', large, dest, '--layout', layout, '--volume', '--force'], { stdio: 'ignore' });
      const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_status, by) => resolve(by)));
      while (child.exitCode === null && firstSector(dest).some((byte) => byte !== 0))
        await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill('SIGKILL');
      await ended;
      const { status, stderr } = run(['vhd', 'info', dest]);
      // Where the copy was complete before the signal came, it must be complete.
      if (status === 0) expectContent(readBack(dest), readFileSync(large));
      else expect(stderr).toContain('no VHD footer');
      if (status === 5) interrupted++;
    }
    expect(interrupted).toBeGreaterThan(0);
  });

  describe.skipIf(skip('copies to block devices', loopMount()))('on a block device', () => {
    it.each(LAYOUTS)('puts the footer into the last sector of the device (%s)', (layout) => {
      const file = fresh();
      writeFileSync(file, '');
      truncateSync(file, 24 * MiB);
      const { stdout } = spawnSync('losetup', ['--find', '--show', file], { encoding: 'utf8' });
      const device = stdout.trim();
      try {
        expect(run(['vhd', 'copy', raw, device, '--layout', layout, '--verify']).stderr).toBe('');
        expect(run(['vhd', 'copy', raw, device, '--layout', layout]).stderr).toContain('not empty');
        if (layout !== 'raw') expectContent(readBack(device), content);
        else expectContent(readFileSync(device).subarray(0, SIZE), content);
        expect(run(['vhd', 'copy', device, device, '--force']).stderr).toContain('that is copied');
      } finally {
        spawnSync('losetup', ['--detach', device]);
      }
    });
  });
});

describe.skipIf(skip('copies of the matrix', peerData(), qemu))('copies of the matrix of VHDs', () => {
  // Each row in one layout: they take turns.
  const rows = (peerData() === null ? matrixRows('vhd-', 'xo') : [])
    .filter(({ expect: wanted }) => wanted === 'read')
    .map((row, index) => ({ ...row, layout: LAYOUTS[index % LAYOUTS.length] ?? 'xcp' }));

  it.each(rows)('$file as $layout gives qemu-img the right disk', ({ file, sha256, size, layout }) => {
    const source = join(matrixFolder(), file);
    const dest = fresh();
    const report = runJson<{ size: number }>(['vhd', 'copy', source, dest, '--layout', layout, '--allow-raw-parent', '--quiet', '--json']);
    const out = fresh('.raw');
    const { stderr } = spawnSync('qemu-img', ['convert', '-f', layout === 'raw' ? 'raw' : 'vpc', '-O', 'raw', dest, out], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(statSync(out).size).toBe(report.size);
    truncateSync(out, size);
    const { stdout } = spawnSync('sha256sum', [out], { encoding: 'utf8' });
    expect(stdout.slice(0, 64)).toBe(sha256);
    spawnSync('rm', [out, dest]);
  });

  it("Xen's layout of the matrix's content has the same tables as the one that blktap wrote", () => {
    const dest = fresh();
    run(['vhd', 'copy', join(matrixFolder(), 'matrix/v-dyn-2t.vhd'), dest]);
    const ours = readFileSync(dest);
    const theirs = readFileSync(join(matrixFolder(), 'matrix/v-dyn-2t.vhd'));
    expect(ours.length).toBe(theirs.length);
    expect(Buffer.compare(ours.subarray(512, 4_195_840), theirs.subarray(512, 4_195_840))).toBe(0);
    expect(FOOTER.decode(ours)).toEqual(FOOTER.decode(theirs));
  });
});
