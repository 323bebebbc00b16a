import { describe, expect, it } from 'vitest';
import { KeyDecoder } from '../../src/menu/keys.js';
import { type EditedLine, editedLine, editLine } from '../../src/menu/line-editor.js';

/** Types into a line; `|` shows the cursor. */
function typed(text: string, bytes: string, maxLength = 100): string {
  const decoder = new KeyDecoder();
  let line: EditedLine = editedLine(text);
  for (const key of decoder.feed(Buffer.from(bytes))) line = editLine(line, key, maxLength) ?? line;
  return `${line.chars.slice(0, line.cursor).join('')}|${line.chars.slice(line.cursor).join('')}`;
}

describe('the line editor', () => {
  it('starts at the end and inserts there', () => {
    expect(typed('ro quiet', ' single')).toBe('ro quiet single|');
  });

  it('moves with arrows and with control keys', () => {
    expect(typed('abcd', '\x01x')).toBe('x|abcd');
    expect(typed('abcd', '\x01\x05x')).toBe('abcdx|');
    expect(typed('abcd', '\x02\x02x\x06')).toBe('abxc|d');
    expect(typed('abcd', '\x1b[D\x1bOD\x1b[C')).toBe('abc|d');
    expect(typed('abcd', '\x1b[H\x1b[F\x1b[1~')).toBe('|abcd');
  });

  it('deletes on both sides, to both ends and by words', () => {
    expect(typed('abcd', '\x02\x02\x04')).toBe('ab|d');
    expect(typed('abcd', '\x02\x02\x1b[3~')).toBe('ab|d');
    expect(typed('abcd', '\x08\x7f')).toBe('ab|');
    expect(typed('abcd', '\x02\x02\x0b')).toBe('ab|');
    expect(typed('abcd', '\x02\x02\x15')).toBe('|cd');
    expect(typed('root=x ro  quiet ', '\x17')).toBe('root=x ro  |');
  });

  it('does nothing at the ends of the line', () => {
    expect(typed('', '\x04\x7f\x1b[D\x1b[C\x0b\x15\x17')).toBe('|');
  });

  it('counts characters, not halves of them', () => {
    expect(typed('a😀b', '\x02\x7f')).toBe('a|b');
  });

  it('stops at its longest line', () => {
    expect(typed('', 'x'.repeat(500), 20)).toBe(`${'x'.repeat(20)}|`);
  });
});
