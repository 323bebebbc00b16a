import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { xzDictionarySize } from '../../src/codec/xz/dictionary-size.js';
import { skip, tool } from '../support/requirements.js';

const KiB = 1024;
const MiB = 1024 * KiB;

function xz(...options: string[]): Uint8Array {
  const done = spawnSync('xz', ['-c', ...options], { input: Buffer.alloc(100_000, 'tygrub '), maxBuffer: MiB });
  if (done.status !== 0) throw new Error(`xz ${options.join(' ')}: ${done.stderr}`);
  return new Uint8Array(done.stdout);
}

describe.skipIf(skip('the dictionary of xz files', tool('xz', 'xz-utils')))('the dictionary that an xz file takes', () => {
  it.each([
    [['-0'], 256 * KiB],
    [['-6'], 8 * MiB],
    [['-9e'], 64 * MiB],
    [['--lzma2=dict=4KiB'], 4 * KiB],
    [['--lzma2=dict=12MiB'], 12 * MiB],
    [['--x86', '--lzma2=dict=32MiB'], 32 * MiB],
    [['--delta=dist=4', '--arm', '--lzma2=dict=64KiB'], 64 * KiB],
    // Sizes in the block header.
    [['-T2', '--block-size=50000', '--lzma2=dict=1MiB'], MiB],
    [['--check=none', '-3'], 4 * MiB],
  ])('%j', (options, expected) => {
    expect(xzDictionarySize(xz(...options))).toBe(expected);
  });

  it('is not known where there is no block, or its header is cut off or wrong', () => {
    const whole = xz('--x86', '--lzma2=dict=32MiB');
    for (let length = 0; length < 19; length++) expect(xzDictionarySize(whole.subarray(0, length)), String(length)).toBeNull();
    const empty = spawnSync('xz', ['-c'], { input: '' }).stdout;
    expect(xzDictionarySize(new Uint8Array(empty))).toBeNull();
    expect(xzDictionarySize(new Uint8Array(1040).fill(0xff))).toBeNull();
  });
});
