import { describe, expect, it } from 'vitest';
import { compileGlob } from '../../src/boot/glob.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';

describe('a glob', () => {
  it.each([
    ['arch*', 'arch-linux.conf', true],
    ['*', '', true],
    ['*.conf', 'a.efi', false],
    ['?.conf', 'ab.conf', false],
    ['a[0-3]b', 'a2b', true],
    ['a[0-3]b', 'a4b', false],
    ['a[]]b', 'a]b', true],
    ['a[!x]', 'a!', true],
    ['a[!x]', 'ay', false],
    ['a[x', 'ax', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['*a*b*c', 'xxaxxbxxc', true],
    ['*a*b*c', 'xxaxxcxxb', false],
    ['', '', true],
    ['', 'a', false],
    ['a\\', 'a', false],
  ])('%j and %j', (pattern, text, matches) => {
    expect(compileGlob(pattern, DEFAULT_LIMITS)(text)).toBe(matches);
  });

  it('does not go back more than once for each star', () => {
    expect(compileGlob(`${'*a'.repeat(120)}b`, DEFAULT_LIMITS)('a'.repeat(255))).toBe(false);
  });

  it('is bounded in length', () => {
    expect(() => compileGlob('a'.repeat(5000), DEFAULT_LIMITS)).toThrow(/pathLength/);
  });
});
