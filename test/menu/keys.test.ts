import { describe, expect, it } from 'vitest';
import { KeyDecoder, keyWord } from '../../src/menu/keys.js';

const words = (...pieces: string[]): string[] => {
  const decoder = new KeyDecoder();
  const keys = pieces.flatMap((piece) => decoder.feed(Buffer.from(piece, 'latin1')));
  return [...keys, ...decoder.flush()].map(keyWord);
};

describe('keys', () => {
  it('knows both spellings of the arrows', () => {
    expect(words('\x1b[A\x1b[B\x1b[C\x1b[D')).toEqual(['up', 'down', 'right', 'left']);
    expect(words('\x1bOA\x1bOB\x1bOC\x1bOD')).toEqual(['up', 'down', 'right', 'left']);
  });

  it('knows an arrow that comes byte by byte', () => {
    expect(words('\x1b', '[', 'B')).toEqual(['down']);
  });

  it('knows an arrow with a modifier, Home, End, Delete and the page keys', () => {
    expect(words('\x1b[1;5A\x1b[H\x1b[4~\x1b[3~\x1b[5~\x1b[6~\x1b[1~\x1bOF')).toEqual([
      'up',
      'home',
      'end',
      'delete',
      'page-up',
      'page-down',
      'home',
      'end',
    ]);
  });

  it('takes an Escape with nothing after it for the key', () => {
    expect(words('\x1b')).toEqual(['escape']);
    expect(words('\x1b\x1b')).toEqual(['escape', 'escape']);
    expect(words('\x1bq')).toEqual(['escape', 'q']);
    expect(words('\x1b[')).toEqual(['escape', '[']);
  });

  it('takes answers of a terminal for no keys at all', () => {
    expect(words('\x1b[?1;2c\x1b[24;80R\x1b]11;rgb:0/0/0\x07\x1bP1$r0m\x1b\\\x1b[[A\x1b[200~')).toEqual(['', '', '', '', '', '']);
  });

  it('reads CR, LF, Tab, both backspaces and control letters', () => {
    expect(words('\r\n\t\x08\x7f\x01\x0b\x1a')).toEqual(['enter', 'enter', 'tab', 'backspace', 'backspace', '^a', '^k', '^z']);
  });

  it('reads UTF-8 letters and drops bytes that are none, and C1 controls', () => {
    const decoder = new KeyDecoder();
    expect(decoder.feed(Buffer.from('é漢😀')).map(keyWord)).toEqual(['é', '漢', '😀']);
    expect(words('\xff\xc3a\x80')).toEqual(['', '', 'a', '']);
    expect(words('\xc2\x9b')).toEqual(['']);
    expect(words('\xed\xa0\x80', 'a')).toEqual(['', 'a']);
  });

  it('forgets a sequence that never ends', () => {
    expect(words(`\x1b[${'1'.repeat(1000)}a`).at(-1)).toBe('a');
  });
});
