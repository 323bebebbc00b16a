import { describe, expect, it } from 'vitest';
import { type Charset, charsetOf, glyphs, textWidth } from '../../src/menu/glyphs.js';

const shown = (text: string, charset: Charset = 'utf-8', cells?: number): string =>
  glyphs(text, charset, cells)
    .map((glyph) => glyph.text)
    .join('');

describe('text from a guest on a terminal', () => {
  it('shows control and direction characters instead of obeying them', () => {
    expect(shown('a\x1b[2Jb\x9b5m\u202egnp.exe\n')).toBe('a\\x1b[2Jb\\x9b5m\\u{202e}gnp.exe\\x0a');
  });

  it('becomes ASCII where the terminal is not UTF-8', () => {
    expect(shown('Système – 漢字 😀', 'ascii')).toBe('Systeme ? ?? ?');
    expect(/^[ -~]*$/.test(shown('\u{e000}é\u0301\u00a0ﬁ', 'ascii'))).toBe(true);
  });

  it('counts wide characters as two cells and cuts between characters', () => {
    expect(textWidth('漢字', 'utf-8')).toBe(4);
    expect(textWidth('漢字', 'ascii')).toBe(2);
    expect(shown('漢字漢', 'utf-8', 5)).toBe('漢字');
  });

  it('keeps few marks on a letter, however many there are', () => {
    expect(Buffer.byteLength(shown(`e${'\u0301'.repeat(10_000)}x`))).toBeLessThan(10);
    expect(textWidth(`e${'\u0301'.repeat(100)}x`, 'utf-8')).toBe(2);
  });

  it('shows what no terminal agrees on as a question mark', () => {
    expect(shown('\u{10ffff}\ud800\u00ad\u{e0041}')).toBe('????');
  });

  it('believes in UTF-8 only where the locale and the terminal say so', () => {
    expect(charsetOf({ LANG: 'en_US.UTF-8', TERM: 'xterm' })).toBe('utf-8');
    expect(charsetOf({ LANG: 'en_US.UTF-8', LC_ALL: 'C', TERM: 'xterm' })).toBe('ascii');
    expect(charsetOf({ LANG: 'C.utf8', LC_ALL: '', TERM: 'screen' })).toBe('utf-8');
    expect(charsetOf({ LANG: 'en_US.UTF-8', TERM: 'vt100' })).toBe('ascii');
    expect(charsetOf({ TERM: 'xterm' })).toBe('ascii');
    expect(charsetOf({ LANG: 'en_US.UTF-8' })).toBe('ascii');
  });
});
