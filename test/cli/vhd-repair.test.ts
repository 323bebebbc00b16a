import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeVhd, pattern } from '../disk/vhd/encoder.js';
import { run, runJson, temporaryFolder } from '../support/program.js';
import { loopMount, skip } from '../support/requirements.js';

const folder = temporaryFolder();
let count = 0;
const whole = makeVhd({ type: 3, size: 16384, id: 'a', blocks: new Map([[1, { data: pattern(4096) }]]) }).bytes;
/** The footer was left behind at the old end, and the copy is gone. */
function moved(): string {
  const path = join(folder, `${++count} disk.vhd`);
  const bytes = whole.slice();
  bytes.fill(0, 0, 512);
  writeFileSync(path, bytes);
  truncateSync(path, 64 * 1024);
  return path;
}

describe('tygrub vhd repair', () => {
  it('writes nothing without --write, and says what it would write', () => {
    const image = moved();
    const before = readFileSync(image);
    const { status, stdout } = run(['vhd', 'repair', image]);
    expect(status).toBe(0);
    expect(stdout).toContain(`512 bytes at byte ${64 * 1024 - 512}`);
    expect(stdout).toContain('nothing was written');
    expect(readFileSync(image).equals(before)).toBe(true);
    expect(existsSync(`${image}.tygrub-backup`)).toBe(false);
  });

  it('keeps what it replaces, and puts it back by --restore and by the commands in the backup', () => {
    const image = moved();
    const before = readFileSync(image);
    const report = runJson<{ written: boolean; backup: string; steps: unknown[] }>([
      'vhd',
      'repair',
      image,
      '--write',
      '--quiet',
      '--json',
    ]);
    expect(report).toMatchObject({ written: true, backup: `${image}.tygrub-backup` });
    expect(report.steps).toHaveLength(2);
    const mended = readFileSync(image);
    expect(mended.subarray(-512).equals(whole.subarray(-512))).toBe(true);
    expect(mended.subarray(0, 512).equals(whole.subarray(-512))).toBe(true);
    expect(run(['vhd', 'repair', image, '--write']).stdout).toContain('nothing to mend');
    const commands = readFileSync(report.backup)
      .subarray(0, 4096)
      .toString('utf8')
      .split('\n')
      .filter((line) => line.startsWith('dd '));
    expect(commands).toHaveLength(2);
    for (const command of commands) expect(spawnSync('sh', ['-c', command]).status).toBe(0);
    expect(readFileSync(image).equals(before)).toBe(true);
    writeFileSync(image, mended);
    expect(run(['vhd', 'repair', image, '--restore', report.backup]).status).toBe(2);
    expect(run(['vhd', 'repair', image, '--restore', report.backup, '--write']).status).toBe(0);
    expect(readFileSync(image).equals(before)).toBe(true);
  });

  it('never writes over a backup', () => {
    const image = moved();
    const taken = join(folder, 'taken');
    writeFileSync(taken, 'mine');
    const before = readFileSync(image);
    expect(run(['vhd', 'repair', image, '--write', '--backup', taken]).status).toBe(7);
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    expect(readFileSync(image).equals(before)).toBe(true);
    writeFileSync(`${image}.tygrub-backup`, 'mine');
    expect(runJson<{ backup: string }>(['vhd', 'repair', image, '--write', '--quiet', '--json']).backup).toBe(`${image}.tygrub-backup.2`);
  });

  it('gives back the bytes that --size cut off, and refuses a damaged backup', () => {
    const image = moved();
    writeFileSync(image, Buffer.concat([readFileSync(image).subarray(0, 64 * 1024 - 3), Buffer.from('abc')]));
    const before = readFileSync(image);
    expect(run(['vhd', 'repair', image, '--write', '--size', '16K', '--quiet']).status).toBe(0);
    expect(readFileSync(image).length).toBe(16384);
    const backup = `${image}.tygrub-backup`;
    const good = readFileSync(backup);
    const bad = Buffer.from(good);
    bad[5000] = (bad[5000] ?? 0) ^ 1;
    writeFileSync(backup, bad);
    expect(run(['vhd', 'repair', image, '--restore', backup, '--write']).status).toBe(5);
    expect(readFileSync(image).length).toBe(16384);
    writeFileSync(backup, good);
    expect(run(['vhd', 'repair', image, '--restore', backup, '--write']).status).toBe(0);
    expect(readFileSync(image).equals(before)).toBe(true);
  });

  it.skipIf(skip('repair of block devices', loopMount()))('on a block device needs a place for the backup', () => {
    const image = moved();
    const device = spawnSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).stdout.trim();
    try {
      expect(run(['vhd', 'repair', device, '--write']).stderr).toContain('--backup');
      expect(run(['vhd', 'repair', device, '--write', '--quiet', '--backup', join(folder, 'device.backup')]).status).toBe(0);
      expect(readFileSync(device).subarray(-512).equals(whole.subarray(-512))).toBe(true);
    } finally {
      spawnSync('losetup', ['--detach', device]);
    }
  });
});
