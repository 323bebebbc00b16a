import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../src/boot/version-order.js';
import { Random, seed } from '../support/mutation.js';
import { skip, tool } from '../support/requirements.js';

/** Each older than the next, from the examples of the specification and from kernels of distributions. */
const ASCENDING = [
  '122.1',
  '123~rc1-1',
  '123',
  '123-a',
  '123-a.1',
  '123-1',
  '123-1.1',
  '123^post1',
  '123.a-1',
  '123.1-1',
  '123a-1',
  '124-1',
];
const KERNELS = ['5.4.17-2136.el8uek', '5.14.0-70.el9', '5.14.0-427.el9', '6.1.0-9-amd64', '6.1.0-10-amd64', '6.12~rc3', '6.12', '6.12.1'];

describe('the version order', () => {
  it.each([[ASCENDING], [KERNELS]])('sorts %j', (versions) => {
    const shuffled = versions.map((version, i) => ({ version, at: (i * 7) % versions.length })).sort((a, b) => a.at - b.at);
    expect(shuffled.map(({ version }) => version).sort(compareVersions)).toEqual(versions);
  });

  it.each([
    ['1', '1', 0],
    ['01', '1', 0],
    ['1_', '1', 0],
    ['', '', 0],
    ['', '1', -1],
    ['1~', '1', -1],
    ['a', 'B', 1],
    ['9'.repeat(400), `1${'0'.repeat(400)}`, -1],
  ])('puts %j beside %j', (a, b, order) => {
    expect(Math.sign(compareVersions(a, b))).toBe(order);
    expect(Math.sign(compareVersions(b, a))).toBe(0 - order);
  });

  const analyze = tool('systemd-analyze', 'apt-get install systemd');
  it.skipIf(skip('version order against systemd', analyze))('is the one of systemd for random versions', () => {
    const random = new Random(seed());
    const alphabet = ['0', '1', '2', '10', 'a', 'b', 'rc', 'A', '.', '-', '~', '^', '_', '+'];
    const make = (): string => Array.from({ length: 1 + random.next(6) }, () => random.pick(alphabet)).join('');
    for (let i = 0; i < 150; i++) {
      const [a, b] = [`1${make()}`, `1${make()}`];
      // Output like "1.0~rc1 < 1.0".
      const { stdout } = spawnSync('systemd-analyze', ['compare-versions', a, b], { encoding: 'utf8' });
      const theirs = stdout.includes(' < ') ? -1 : stdout.includes(' > ') ? 1 : stdout.includes(' == ') ? 0 : Number.NaN;
      expect(Math.sign(compareVersions(a, b)), `${a} ${b}, seed ${seed()}: ${stdout}`).toBe(theirs);
    }
  });
});
