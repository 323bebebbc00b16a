/** Text in the room that there is: titles cut, paragraphs wrapped, an edited line in a field. */
import { type Cell, cellsOf, type Row } from './frame.js';
import { type Charset, type Glyph, glyphs } from './glyphs.js';
import type { EditedLine } from './line-editor.js';

/** A title in so many cells. One that is too long loses its middle: versions and modes stand at the end. */
export function fitted(title: string, cells: number, charset: Charset): readonly Glyph[] {
  const whole = glyphs(title.slice(0, LONGEST_TITLE), charset);
  if (cellCount(whole) <= cells) return whole;
  const room = Math.max(0, cells - CUT.length);
  const head: Glyph[] = [];
  for (const glyph of whole) {
    if (cellCount(head) + glyph.width > Math.floor(room / 3)) break;
    head.push(glyph);
  }
  const tail: Glyph[] = [];
  for (const glyph of whole.toReversed()) {
    if (cellCount(head) + cellCount(tail) + glyph.width > room) break;
    tail.unshift(glyph);
  }
  return [...head, ...glyphs(CUT, charset, Math.max(0, cells)), ...tail];
}

/** Stands for what was cut out of a title. */
const CUT = '...';
/** Characters of a title that are looked at. */
const LONGEST_TITLE = 1000;

/** Cells that glyphs take. */
function cellCount(line: readonly Glyph[]): number {
  return line.reduce((sum, glyph) => sum + glyph.width, 0);
}

/** A text cut into rows of a width, at blanks where it can. */
export function wrapped(text: string, width: number, charset: Charset): (readonly Glyph[])[] {
  const rows: (readonly Glyph[])[] = [];
  let row: Glyph[] = [];
  let used = 0;
  for (const glyph of glyphs(text.replaceAll('\t', '  '), charset)) {
    if (used + glyph.width > width) {
      const blank = row.findLastIndex((g) => g.text === ' ');
      const carried = blank > 0 && glyph.text !== ' ' ? row.splice(blank + 1) : [];
      rows.push(row);
      row = carried;
      used = cellCount(carried);
      if (used === 0 && glyph.text === ' ') continue; // the blank at which the row was cut
    }
    row.push(glyph);
    used += glyph.width;
  }
  rows.push(row);
  return rows;
}

/** An edited line in rows of a width, of which those around the cursor are shown, and where the cursor is in them. */
export function field(
  line: EditedLine,
  width: number,
  rows: number,
  charset: Charset,
): { rows: Row[]; cursor: { row: number; column: number } } {
  const columns = Math.max(1, width);
  const cells: Cell[][] = [[]];
  let cursor = { row: 0, column: 0 };
  const current = (): Cell[] => cells[cells.length - 1] ?? [];
  for (let at = 0; at <= line.chars.length; at++) {
    if (at === line.cursor) {
      if (current().length >= columns) cells.push([]);
      cursor = { row: cells.length - 1, column: current().length };
    }
    // A tab is one blank here, so that each key moves the cursor by one cell.
    const char = line.chars[at] ?? '';
    for (const glyph of glyphs(char === '\t' ? ' ' : char, charset)) {
      if (current().length + glyph.width > columns) cells.push([]);
      current().push(...cellsOf([glyph]));
    }
  }
  const first = Math.max(0, Math.min(cursor.row - Math.floor(rows / 2), cells.length - rows));
  return { rows: cells.slice(first, first + rows), cursor: { row: cursor.row - first, column: cursor.column } };
}
