/** Which rows of a screen hold what, for any size. */
import type { Size } from './frame.js';

/** Rows by number from 0; null where the screen is too small for that part. */
export interface Layout {
  readonly header: number | null;
  readonly upperRule: number | null;
  /** First row and number of rows of the list, the editor or the text. */
  readonly body: { readonly top: number; readonly rows: number };
  readonly lowerRule: number | null;
  /** What is known about the selected item. */
  readonly details: number | null;
  readonly keys: number | null;
  /** Countdown or message. */
  readonly status: number | null;
}

/** A terminal that does not tell its size (libxl's pty says 0 x 0) is taken for the classic one. */
export const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

/** Columns and rows beyond which a terminal is taken to lie; bounds the memory of a picture. */
const LARGEST: Size = { columns: 500, rows: 300 };

/** The size to draw for, from what the terminal says. */
export function usableSize(columns: number, rows: number): Size {
  if (!(columns > 0) || !(rows > 0)) return DEFAULT_SIZE;
  return { columns: Math.min(columns, LARGEST.columns), rows: Math.min(rows, LARGEST.rows) };
}

/** Shares out the rows of a screen. */
export function layoutOf({ rows }: Size): Layout {
  if (rows >= 12) {
    return {
      header: 0,
      upperRule: 1,
      body: { top: 2, rows: rows - 6 },
      lowerRule: rows - 4,
      details: rows - 3,
      keys: rows - 2,
      status: rows - 1,
    };
  }
  if (rows >= 7) {
    const body = { top: 1, rows: rows - 4 };
    return { header: 0, upperRule: null, body, lowerRule: null, details: rows - 3, keys: rows - 2, status: rows - 1 };
  }
  const none = { header: null, upperRule: null, lowerRule: null, keys: null };
  if (rows >= 4) return { ...none, body: { top: 0, rows: rows - 2 }, details: rows - 2, status: rows - 1 };
  if (rows >= 2) return { ...none, body: { top: 0, rows: rows - 1 }, details: null, status: rows - 1 };
  return { ...none, body: { top: 0, rows: 1 }, details: null, status: null };
}

/** Rows of the body. */
export function bodyRows(size: Size): number {
  return layoutOf(size).body.rows;
}
