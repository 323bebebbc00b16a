/** What all branch filters are made of. */

/**
 * Converts the instructions of a piece.
 * @param code the bytes, changed in place
 * @param position count of bytes before `code`, with the filter's start offset added, modulo 2^32
 * @returns bytes that are finished; the rest needs bytes that are still to come
 */
export type BranchFilter = (code: Uint8Array, position: number) => number;

/** Makes a filter; filters keep state from piece to piece. */
export type MakeBranchFilter = () => BranchFilter;

/** A word of four bytes, lowest first, as a signed number. */
export function littleWord(code: Uint8Array, at: number): number {
  return (code[at] as number) | ((code[at + 1] as number) << 8) | ((code[at + 2] as number) << 16) | ((code[at + 3] as number) << 24);
}

/** Puts a word of four bytes, lowest first. */
export function setLittleWord(code: Uint8Array, at: number, value: number): void {
  code[at] = value;
  code[at + 1] = value >>> 8;
  code[at + 2] = value >>> 16;
  code[at + 3] = value >>> 24;
}

/** A word of four bytes, highest first, as a signed number. */
export function bigWord(code: Uint8Array, at: number): number {
  return ((code[at] as number) << 24) | ((code[at + 1] as number) << 16) | ((code[at + 2] as number) << 8) | (code[at + 3] as number);
}

/** Puts a word of four bytes, highest first. */
export function setBigWord(code: Uint8Array, at: number, value: number): void {
  code[at] = value >>> 24;
  code[at + 1] = value >>> 16;
  code[at + 2] = value >>> 8;
  code[at + 3] = value;
}
