/** The LZMA algorithm, as LZMA's specification describes it (7-Zip's lzma-specification), for .lzma files and LZMA2 chunks. */

import type { CodecName } from '../codec.js';
import { damaged } from '../input.js';
import type { SlidingWindow } from '../window.js';
import { HALF, RangeDecoder } from './range-decoder.js';

/** Literal context bits, literal position bits, position bits. */
export interface LzmaProperties {
  readonly lc: number;
  readonly lp: number;
  readonly pb: number;
}

/** Decodes the properties byte; null when it is none. */
export function lzmaProperties(byte: number): LzmaProperties | null {
  if (byte >= 9 * 5 * 5) return null;
  return { lc: byte % 9, lp: Math.floor(byte / 9) % 5, pb: Math.floor(byte / 45) };
}

// Where each kind of probability starts in the one table.
const STATES = 12;
const POSITION_STATES = 16;
const IS_MATCH = 0;
const IS_REP = IS_MATCH + STATES * POSITION_STATES;
const IS_REP_G0 = IS_REP + STATES;
const IS_REP_G1 = IS_REP_G0 + STATES;
const IS_REP_G2 = IS_REP_G1 + STATES;
const IS_REP0_LONG = IS_REP_G2 + STATES;
const DISTANCE_SLOT = IS_REP0_LONG + STATES * POSITION_STATES;
const DISTANCE_SPECIAL = DISTANCE_SLOT + 4 * 64;
const DISTANCE_ALIGN = DISTANCE_SPECIAL + 128;
const MATCH_LENGTH = DISTANCE_ALIGN + 16;
// Inside a length coder: two choices, then the trees.
const LENGTH_LOW = 2;
const LENGTH_MIDDLE = LENGTH_LOW + POSITION_STATES * 8;
const LENGTH_HIGH = LENGTH_MIDDLE + POSITION_STATES * 8;
const LENGTH_SIZE = LENGTH_HIGH + 256;
const REP_LENGTH = MATCH_LENGTH + LENGTH_SIZE;
const LITERAL = REP_LENGTH + LENGTH_SIZE;
const LITERAL_SIZE = 0x300;

/** The longest match. */
export const MAX_MATCH = 273;

/** Why `decode` came back. */
export type Stop = 'output' | 'input' | 'end-marker';

export class LzmaDecoder {
  readonly range = new RangeDecoder();
  private probabilities = new Uint16Array(0);
  private lc = 0;
  private literalMask = 0;
  private positionMask = 0;
  private state = 0;
  private rep0 = 0;
  private rep1 = 0;
  private rep2 = 0;
  private rep3 = 0;
  /** Bytes put out since the last reset, modulo 2^32: literals and matches depend on its lowest bits. */
  private processed = 0;

  constructor(private readonly name: CodecName) {}

  /** Sets new properties and forgets all state. */
  configure({ lc, lp, pb }: LzmaProperties): void {
    this.lc = lc;
    this.literalMask = (1 << lp) - 1;
    this.positionMask = (1 << pb) - 1;
    const size = LITERAL + (LITERAL_SIZE << (lc + lp));
    if (this.probabilities.length !== size) this.probabilities = new Uint16Array(size);
    this.resetState();
  }

  /** Forgets what was learned; the properties stay. */
  resetState(): void {
    this.probabilities.fill(HALF);
    this.state = 0;
    this.rep0 = 0;
    this.rep1 = 0;
    this.rep2 = 0;
    this.rep3 = 0;
  }

  /** Positions count from here again (a new dictionary). */
  resetPosition(): void {
    this.processed = 0;
  }

  /** Counts bytes that came out without this decoder. */
  passOver(length: number): void {
    this.processed = (this.processed + length) | 0;
  }

  /**
   * Decodes symbols into the window until `outEnd` is reached or the range decoder has read to `inEnd`.
   * @param outEnd position in the window to stop at; the last match may go past it
   * @param hardEnd position in the window that no match may go past; the window has room to there
   * @param inEnd place in `range.bytes`: no symbol is begun behind it
   * @throws TygrubError corrupt
   */
  decode(window: SlidingWindow, outEnd: number, hardEnd: number, inEnd: number): Stop {
    const { range: rc, probabilities, lc, literalMask, positionMask } = this;
    const out = window.bytes;
    const { start, size } = window;
    const offset = (this.processed - window.position) | 0; // from a place in the window to the count since the reset
    let position = window.position;
    let { state, rep0 } = this;
    let stop: Stop = 'output';
    while (position < outEnd) {
      if (rc.at > inEnd) {
        stop = 'input';
        break;
      }
      const count = position + offset;
      const positionState = count & positionMask;
      if (rc.bit(probabilities, IS_MATCH + state * POSITION_STATES + positionState) === 0) {
        const previous = position > start ? (out[position - 1] as number) : 0;
        const base = LITERAL + LITERAL_SIZE * (((count & literalMask) << lc) + (previous >> (8 - lc)));
        if (state < 7) out[position++] = rc.tree(probabilities, base, 8);
        else {
          if (rep0 >= position - start || rep0 >= size) throw damaged(this.name, 'a match reaches too far back');
          out[position] = rc.matchedByte(probabilities, base, out[position - rep0 - 1] as number);
          position++;
        }
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }

      let length: number;
      if (rc.bit(probabilities, IS_REP + state) === 0) {
        this.rep3 = this.rep2;
        this.rep2 = this.rep1;
        this.rep1 = rep0;
        length = this.readLength(MATCH_LENGTH, positionState);
        rep0 = this.readDistance(length);
        state = state < 7 ? 7 : 10;
        if (rep0 === 0xffffffff) {
          stop = 'end-marker';
          break;
        }
      } else {
        if (rc.bit(probabilities, IS_REP_G0 + state) === 0) {
          if (rc.bit(probabilities, IS_REP0_LONG + state * POSITION_STATES + positionState) === 0) {
            state = state < 7 ? 9 : 11;
            if (rep0 >= position - start || rep0 >= size) throw damaged(this.name, 'a match reaches too far back');
            out[position] = out[position - rep0 - 1] as number;
            position++;
            continue;
          }
        } else if (rc.bit(probabilities, IS_REP_G1 + state) === 0) {
          const distance = this.rep1;
          this.rep1 = rep0;
          rep0 = distance;
        } else {
          let distance = this.rep2;
          if (rc.bit(probabilities, IS_REP_G2 + state) !== 0) {
            distance = this.rep3;
            this.rep3 = this.rep2;
          }
          this.rep2 = this.rep1;
          this.rep1 = rep0;
          rep0 = distance;
        }
        length = this.readLength(REP_LENGTH, positionState);
        state = state < 7 ? 8 : 11;
      }
      if (rep0 >= position - start || rep0 >= size) throw damaged(this.name, 'a match reaches too far back');
      if (position + length > hardEnd) throw damaged(this.name, 'a match is too long');
      const from = position - rep0 - 1;
      if (length < 48 || rep0 < length) for (let i = 0; i < length; i++) out[position + i] = out[from + i] as number;
      else out.copyWithin(position, from, from + length);
      position += length;
    }
    this.processed = (position + offset) | 0;
    this.state = state;
    this.rep0 = rep0;
    window.position = position;
    return stop;
  }

  private readLength(base: number, positionState: number): number {
    const { range: rc, probabilities } = this;
    if (rc.bit(probabilities, base) === 0) return 2 + rc.tree(probabilities, base + LENGTH_LOW + positionState * 8, 3);
    if (rc.bit(probabilities, base + 1) === 0) return 10 + rc.tree(probabilities, base + LENGTH_MIDDLE + positionState * 8, 3);
    return 18 + rc.tree(probabilities, base + LENGTH_HIGH, 8);
  }

  /** @returns the distance less 1, unsigned; 0xffffffff is the end marker */
  private readDistance(length: number): number {
    const { range: rc, probabilities } = this;
    const slot = rc.tree(probabilities, DISTANCE_SLOT + Math.min(length - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) << bits;
    if (slot < 14) return high + rc.reverseTree(probabilities, DISTANCE_SPECIAL + high - slot, bits);
    const middle = rc.direct(bits - 4) << 4;
    return (high + middle + rc.reverseTree(probabilities, DISTANCE_ALIGN, 4)) >>> 0;
  }
}
