/** A picture of the whole screen, and the bytes that turn one picture into the next: VT100 sequences only. */
import { type Charset, type Glyph, glyphs } from './glyphs.js';

/** A terminal's size, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** One cell; the second cell of a wide character has the text `''`. */
export interface Cell {
  readonly text: string;
  readonly reverse: boolean;
}

/** One row: cells from the left; cells that are left out at the end are blank. */
export type Row = readonly Cell[];

/** Rows that scroll together, so that a list that moves by one costs one new row. */
export interface ScrollArea {
  /** First row of the area, from 0. */
  readonly top: number;
  readonly height: number;
  /** Which line of the list is in the first row. */
  readonly first: number;
  /** Pictures of different lists never scroll into each other. */
  readonly list: string;
}

/** The whole screen. */
export interface Frame {
  readonly size: Size;
  readonly rows: readonly Row[];
  /** Null where it does not matter: it then stays where the last change left it. */
  readonly cursor: { readonly row: number; readonly column: number } | null;
  readonly scroll: ScrollArea | null;
  /** A row that stays as it is on the screen, because what belongs there will be known in a moment. */
  readonly kept: number | null;
}

const BLANK: Cell = { text: ' ', reverse: false };

/**
 * Cells of a text.
 * @param bar how many cells from the left are in reverse video
 */
export function rowOf(text: string, charset: Charset, cells: number, bar = 0): Row {
  return cellsOf(glyphs(text, charset, cells), bar);
}

/** Cells of glyphs; the first `bar` of them in reverse video. */
export function cellsOf(line: readonly Glyph[], bar = 0): Row {
  const cells: Cell[] = [];
  for (const glyph of line) {
    const reverse = cells.length < bar;
    cells.push({ text: glyph.text, reverse });
    if (glyph.width === 2) cells.push({ text: '', reverse });
  }
  return cells;
}

/** Cells between two changes that are cheaper to print again than to jump over (`ESC [ r ; c H` is 6 to 8 bytes). */
const JUMP = 7;

const moveTo = (row: number, column: number): string => `\x1b[${row + 1};${column + 1}H`;
const CLEAR_LINE = '\x1b[K';
const NORMAL = '\x1b[m';
const REVERSE = '\x1b[7m';

/** What draws a picture on a terminal of which nothing is known. */
export function drawWhole(frame: Frame): string {
  let out = `${NORMAL}\x1b[r\x1b[H\x1b[J`;
  for (const [index, row] of frame.rows.entries()) out += rowChange(index, [], row);
  return frame.cursor === null ? out : out + moveTo(frame.cursor.row, frame.cursor.column);
}

/** What turns the picture `old` into `next`; empty where they are the same. */
export function drawChanges(old: Frame, next: Frame): string {
  if (old.size.columns !== next.size.columns || old.size.rows !== next.size.rows) return drawWhole(next);
  const scrolled = scroll(old, next);
  let out = scrolled.bytes;
  for (let index = 0; index < next.size.rows; index++) out += rowChange(index, scrolled.rows[index] ?? [], next.rows[index] ?? []);
  const { cursor } = next;
  if (cursor === null) return out;
  const there = out === '' && old.cursor !== null && old.cursor.row === cursor.row && old.cursor.column === cursor.column;
  return there ? out : out + moveTo(cursor.row, cursor.column);
}

/** A picture with the row that is kept taken from the one before. */
export function withKeptRow(old: Frame | null, next: Frame): Frame {
  const { kept } = next;
  const same = old !== null && old.size.columns === next.size.columns && old.size.rows === next.size.rows;
  if (kept === null || !same) return next;
  return { ...next, rows: next.rows.map((row, i) => (i === kept ? (old.rows[i] ?? []) : row)) };
}

/** Scrolls a list by one line where that is what happened; gives the rows that are then on the screen. */
function scroll(old: Frame, next: Frame): { bytes: string; rows: readonly Row[] } {
  const before = old.scroll;
  const after = next.scroll;
  const same =
    before !== null && after !== null && before.list === after.list && before.top === after.top && before.height === after.height;
  const step = same ? after.first - before.first : 0;
  if (before === null || Math.abs(step) !== 1 || before.height < 2) return { bytes: '', rows: old.rows };
  const { top, height } = before;
  const bottom = top + height - 1;
  const rows = old.rows.slice();
  const list = Array.from({ length: height }, (_, i) => old.rows[top + i + step] ?? []);
  if (step === 1) list[height - 1] = [];
  else list[0] = [];
  rows.splice(top, height, ...list);
  // Index and reverse index scroll between the margins, when the cursor stands on the last or first line in them.
  const bytes = `\x1b[${top + 1};${bottom + 1}r${moveTo(step === 1 ? bottom : top, 0)}${step === 1 ? '\x1bD' : '\x1bM'}\x1b[r`;
  return { bytes, rows };
}

/** Rewrites the parts of a row that changed. */
function rowChange(index: number, old: Row, next: Row): string {
  const length = Math.max(old.length, next.length);
  const cell = (row: Row, at: number): Cell => row[at] ?? BLANK;
  const changed = (at: number): boolean => {
    const a = cell(old, at);
    const b = cell(next, at);
    return a.text !== b.text || a.reverse !== b.reverse;
  };
  const end = endOf(next);
  // Beyond the first character that is not ASCII, columns are only as sure as the terminal's idea of widths: a change
  // there is rewritten from that character to the end.
  const sure = Math.min(firstUncertain(old), firstUncertain(next));
  let out = '';
  for (let at = 0; at < length; at++) {
    if (!changed(at)) continue;
    if (at >= end) return `${out}${moveTo(index, at)}${CLEAR_LINE}`;
    const start = Math.min(at, sure);
    let stop = at + 1; // after the last changed cell of this piece
    for (let k = stop; k < length && k < stop + JUMP; k++) if (changed(k)) stop = k + 1;
    if (stop > sure || stop >= end) {
      const before = sure < length ? CLEAR_LINE : '';
      const after = before === '' && endOf(old) > end ? CLEAR_LINE : '';
      return `${out}${moveTo(index, start)}${before}${cellText(next, start, end)}${after}`;
    }
    out += moveTo(index, start) + cellText(next, start, stop);
    at = stop - 1;
  }
  return out;
}

function cellText(row: Row, start: number, stop: number): string {
  let out = '';
  let reverse = false;
  for (let at = start; at < stop; at++) {
    const cell = row[at] ?? BLANK;
    if (cell.reverse !== reverse) out += cell.reverse ? REVERSE : NORMAL;
    reverse = cell.reverse;
    out += cell.text;
  }
  return reverse ? out + NORMAL : out;
}

/** After the last cell that is not blank. */
function endOf(row: Row): number {
  let end = row.length;
  while (end > 0 && row[end - 1]?.text === ' ' && !row[end - 1]?.reverse) end -= 1;
  return end;
}

function firstUncertain(row: Row): number {
  const at = row.findIndex((cell) => cell.text.length !== 1 || cell.text > '~');
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}
