import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckReport, DiskMap, VhdInfo } from '../../src/disk/vhd/index.js';
import { makeVhd, pattern, type VhdPlan } from '../disk/vhd/encoder.js';
import { run, runJson, temporaryFolder } from '../support/program.js';

const BLOCK = 2 * 1024 * 1024;
const folder = temporaryFolder();

function write(name: string, plan: VhdPlan, change: (bytes: Uint8Array) => void = () => undefined): string {
  const { bytes } = makeVhd(plan);
  change(bytes);
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

// Data at a multiple of 4096: footer, header and BAT end at 2048, the bitmap stands at 3584.
const base: VhdPlan = {
  type: 3,
  size: 4 * BLOCK,
  id: 'a',
  blockSize: BLOCK,
  tableOffset: 3072,
  blocks: new Map([[1, { data: pattern(BLOCK) }]]),
};
const clean = write('clean.vhd', base);
const half = new Map([[2, { data: pattern(BLOCK, 2), present: (sector: number) => sector < 2048 }]]);
const leaf = write('leaf.vhd', { ...base, type: 4, id: 'b', parent: { id: 'a', name: 'clean.vhd' }, blocks: half });
const orphan = write('orphan.vhd', { ...base, type: 4, id: 'c', parent: { id: 'z', name: '\u001b[31mgone.vhd' } });
const noCopy = write('no copy.vhd', base, (bytes) => bytes.fill(0, 0, 512));
const unaligned = write('unaligned.vhd', { ...base, tableOffset: 1536 });

describe('tygrub vhd check', () => {
  it.each([
    ['a clean disk', clean, 0, 'clean'],
    ['findings', unaligned, 1, 'findings'],
    ['damage', noCopy, 5, 'damaged'],
    ['a missing parent', orphan, 5, 'damaged'],
  ])('ends with a status of its own for %s', (_what, image, status, verdict) => {
    const text = run(['vhd', 'check', image]);
    expect(text.status).toBe(status);
    expect(text.stdout).toContain(`: ${verdict}`);
    const json = run(['vhd', 'check', '--json', image]);
    expect(json.status).toBe(status);
    expect((JSON.parse(json.stdout) as CheckReport).verdict).toBe(verdict);
  });

  it('says what each finding means and which command mends it', () => {
    const { stdout } = run(['vhd', 'check', noCopy]);
    expect(stdout).toContain('ERROR footer.copy: the copy of the footer at offset 0 is missing (at byte 0)');
    expect(stdout).toContain('meaning: ');
    expect(stdout).toContain(`mend it: tygrub vhd repair '${noCopy}' --write`);
  });

  it('names the status of other failures as every command does', () => {
    expect(run(['vhd', 'check', join(folder, 'nothing.vhd')]).status).toBe(7);
    expect(run(['vhd', 'check', folder]).status).toBe(2);
    expect(run(['vhd', 'check']).status).toBe(2);
    expect(run(['vhd', 'nonsense']).status).toBe(2);
    const text = join(folder, 'text');
    writeFileSync(text, 'no disk');
    const result = run(['vhd', 'check', text]);
    expect(result.status).toBe(5);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('tygrub vhd info', () => {
  it('says it all in words', () => {
    const { stdout, status } = run(['vhd', 'info', leaf]);
    expect(status).toBe(0);
    for (const words of [
      'differencing',
      'Windows or Hyper-V',
      '62626262-6262',
      'at the end, where it belongs',
      '1 of 4 (25.0%)',
      'clean.vhd',
      'chain',
    ]) {
      expect(stdout).toContain(words);
    }
  });

  it('gives the same as JSON, with the chain', () => {
    const info = runJson<VhdInfo>(['vhd', 'info', '--json', leaf]);
    expect(info).toMatchObject({
      type: 'differencing',
      size: 4 * BLOCK,
      footer: { place: 'end', created: '2009-07-04T05:20:00Z' },
      chainProblem: null,
    });
    expect(info.chain.map(({ path, blocks }) => [path, blocks?.allocated])).toEqual([
      [leaf, 1],
      [clean, 1],
    ]);
  });

  it('tells what it can where the parent is missing, and shows no control characters of the disk', () => {
    const { stdout, status } = run(['vhd', 'info', orphan]);
    expect(status).toBe(0);
    expect(stdout).toContain('PROBLEM');
    expect(stdout).toContain('\\x1b[31mgone.vhd');
    expect(stdout).not.toContain('\u001b[31m');
  });
});

describe('tygrub vhd map', () => {
  it('draws where each part comes from', () => {
    const { stdout } = run(['vhd', 'map', '--width', '1', leaf]);
    // 32 signs of 256 KiB: the parent has the second quarter, the leaf the first half of the third.
    const picture = stdout
      .split('\n')
      .slice(0, 32)
      .map((line) => line.slice(-1))
      .join('');
    expect(picture).toBe('.'.repeat(8) + 'B'.repeat(8) + 'A'.repeat(4) + '.'.repeat(12));
  });

  it('gives the same as JSON', () => {
    const map = runJson<DiskMap>(['vhd', 'map', '--width', '1', '--json', leaf]);
    expect(map.cells).toHaveLength(32);
    expect(map.cells[8]).toEqual({ levels: [0, 256 * 1024], absent: 0, damaged: 0 });
  });

  it('writes a picture for a report, and never over another file', () => {
    const svg = join(folder, 'map.svg');
    expect(run(['vhd', 'map', leaf, '--svg', svg]).status).toBe(0);
    const text = readFileSync(svg, 'utf8');
    expect(text).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(text.match(/<rect /g)?.length).toBeGreaterThan(2000);
    expect(run(['vhd', 'map', leaf, '--svg', svg]).status).toBe(7);
    expect(run(['vhd', 'map', orphan, '--svg', join(folder, 'none.svg')]).status).toBe(3);
    expect(existsSync(join(folder, 'none.svg'))).toBe(false);
  });
});

describe('the confinement of parents', () => {
  it('holds on the command line, and its options lift it', () => {
    const other = temporarySibling();
    const { stderr, status } = run(['vhd', 'map', other]);
    expect(status).toBe(2);
    expect(stderr).toContain('--parent-dir');
    expect(run(['vhd', 'map', other, '--parent-dir', folder]).status).toBe(0);
    expect(run(['vhd', 'map', other, '--allow-any-parent']).status).toBe(0);
  });
});

function temporarySibling(): string {
  const path = join(temporary, 'far.vhd');
  writeFileSync(path, makeVhd({ ...base, type: 4, id: 'd', parent: { id: 'a', name: clean } }).bytes);
  return path;
}

const temporary = temporaryFolder();
