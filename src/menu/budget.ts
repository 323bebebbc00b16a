/**
 * What one arrow key may cost: 200 bytes, a fifth of a second on a serial line of 9600 baud. The line about the entry and
 * the bar over the title are as long as that allows; everything else costs what it must.
 */
const BYTES_FOR_A_KEY = 200;
/** `ESC [ r ; c H`, with two digits each. */
const MOVE = 8;
/** Reverse video on and off. */
const SWITCH = 7;
/** Clearing the countdown: `ESC [ K` besides the move. */
const FIXED = MOVE + 3;
/** Setting the margins, going to the edge, scrolling, resetting the margins. */
const SCROLL = 8 + MOVE + 2 + 3;

/** Cells of the line about the selected entry. */
export const DETAILS_WIDTH = 72;

/** Cells that the bar always has: the mark and the blanks around it. */
const SHORTEST = 3;

/**
 * Cells of the bar over the selected item. It covers the title where moving it then stays within the budget, else it is
 * shorter: the same for all items of a menu.
 * @param widths cells that the items take, with what stands before their titles
 * @param scrolls whether there are more items than rows
 */
export function barWidth(widths: readonly number[], scrolls: boolean): number {
  let widest = SHORTEST;
  for (const width of widths) widest = Math.max(widest, width);
  const details = MOVE + DETAILS_WIDTH + 3;
  const left = BYTES_FOR_A_KEY - FIXED - details;
  // Moving takes the bar off one item and puts it on another; scrolling prints the new item whole.
  const affordable = scrolls ? left - SCROLL - MOVE - SWITCH - (MOVE + widest) : (left - 2 * (MOVE + SWITCH)) / 2;
  return Math.max(SHORTEST, Math.min(widest, Math.floor(affordable)));
}
