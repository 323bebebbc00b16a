/** The filters of a block, applied to a stream of pieces. */
import { BRANCH_FILTERS } from './branch-filters.js';
import type { BranchFilter } from './instructions.js';

/** One filter of a block header, checked. */
export type XzFilter =
  | { readonly kind: 'branch'; readonly id: number; readonly startOffset: number }
  | { readonly kind: 'delta'; readonly distance: number };

/**
 * Undoes a filter.
 * @param pieces what came out of the filter behind it in the chain; each piece is changed in place
 */
export function undoFilter(pieces: AsyncIterable<Uint8Array>, filter: XzFilter): AsyncGenerator<Uint8Array> {
  if (filter.kind === 'delta') return undoDelta(pieces, filter.distance);
  const row = BRANCH_FILTERS.get(filter.id);
  if (row === undefined) throw new RangeError(`no branch filter ${filter.id}`);
  return undoBranches(pieces, row.make(), filter.startOffset);
}

async function* undoBranches(pieces: AsyncIterable<Uint8Array>, convert: BranchFilter, startOffset: number): AsyncGenerator<Uint8Array> {
  let position = startOffset;
  let rest = new Uint8Array(0);
  for await (const piece of pieces) {
    let code = piece;
    if (rest.length > 0) {
      code = new Uint8Array(rest.length + piece.length);
      code.set(rest);
      code.set(piece, rest.length);
    }
    const done = convert(code, position);
    position = (position + done) | 0;
    rest = code.slice(done);
    yield code.subarray(0, done);
  }
  // An instruction that is cut off at the very end was never converted.
  yield rest;
}

async function* undoDelta(pieces: AsyncIterable<Uint8Array>, distance: number): AsyncGenerator<Uint8Array> {
  const history = new Uint8Array(256);
  let place = 0;
  for await (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) {
      const value = ((piece[i] as number) + (history[(place - distance) & 0xff] as number)) & 0xff;
      history[place & 0xff] = value;
      piece[i] = value;
      place = (place + 1) & 0xff;
    }
    yield piece;
  }
}
