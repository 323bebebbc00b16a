/** What GRUB 2.06's `regexp` found for each of these. */
import { describe, expect, it } from 'vitest';
import { PatternError, RegularExpression } from '../../../src/boot/grub2/regular-expression.js';

function match(pattern: string, text: string, group = 0): string | null {
  const found = new RegularExpression(pattern, 10_000, 64).search(text);
  if (found === null) return null;
  const [start, end] = [found[group * 2] ?? -1, found[group * 2 + 1] ?? -1];
  return start < 0 ? '' : text.slice(start, end);
}

describe('a POSIX extended regular expression', () => {
  it.each([
    ['a|ab|abc', 'xabcd', 0, 'abc'],
    ['(a*)+', 'aaa', 1, 'aaa'],
    ['(a|ab)(c|bcd)', 'abcd', 1, 'a'],
    ['(a|ab)(c|bcd)', 'abcd', 2, 'bcd'],
    ['(a)|b', 'b', 1, ''],
    ['\\bfoo\\w+', 'x foobar', 0, 'foobar'],
    ['a{2,3}', 'aaaa', 0, 'aaa'],
    ['a{,3}b', 'aab', 0, 'aab'],
    ['a\\{1', 'a{1', 0, 'a{1'],
    ['()', 'a', 0, ''],
    ['a||b', 'b', 0, 'b'],
    ['[]a]+', ']a]', 0, ']a]'],
    ['[^[:alpha:]-]+', 'ab12-', 0, '12'],
    ['(^a|b$)', 'cb', 0, 'b'],
    ['\\.', 'a.b', 0, '.'],
    ['[a\\]+', 'xa\\]', 0, 'a\\'],
    ['x$y', 'x$y', 0, null],
    ['a^b', 'a^b', 0, null],
    ['^([a-z]+)-([0-9.]+)', 'vmlinuz-5.10.x', 2, '5.10.'],
  ])('%s in %s, group %i', (pattern, text, group, expected) => {
    expect(match(pattern, text, group)).toBe(expected);
  });

  it.each(['[', '*a', '^*a', 'a{1', '(', 'a)', 'a\\', '[[:nothing:]]', '(.)\\1', 'a{3,2}', '((((a{99}){99}){99}){99})'])(
    'refuses %s',
    (pattern) => {
      if (pattern === 'a)') expect(match(pattern, 'a)')).toBe('a)');
      else expect(() => match(pattern, '')).toThrow(PatternError);
    },
  );

  it('takes time that grows with the text, not with the ways to match it', () => {
    expect(match('(a*)*(a*)*(a|a)*b', 'a'.repeat(5000))).toBeNull();
  });
});
