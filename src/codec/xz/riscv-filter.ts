/**
 * The branch filter for RISC-V (filter 0x0b of the .xz format, since xz 5.6). Instructions have two or four bytes and begin at even
 * addresses. Two forms were converted by the compressor:
 *
 * - `jal` with the link register ra or t0: its 20-bit address, whose bits the instruction set scatters, became absolute and
 *   stands in the last 20 bits in order, highest first.
 * - `auipc` and the instruction behind it that uses the same register: the pair's 32-bit address became absolute and stands in
 *   the second word, highest byte first; the first word became an `auipc` of sp or zero, which no program has, with the
 *   rest of the second instruction in its upper bits. Pairs of real code that already look like that were exchanged for
 *   others, so that nothing is lost.
 */
import { bigWord, littleWord, type MakeBranchFilter, setLittleWord } from './instructions.js';

const JAL = 0xef;
/** The bits of `rd` beside the lowest byte that are 0 for ra (1) and t0 (5). */
const LINK_OTHER_BITS = 0x0d;
const AUIPC = 0x17;
const OPCODE = 0x7f;
/** Bits of `rd` that are all 0 for zero (0) and sp (2) only. */
const RD_NOT_ZERO_OR_SP = 0xe80;
const RD_SP = 2 << 7;
/** Bytes from which on nothing is looked at: a pair has eight. */
const PAIR = 8;

/** `jal`: back from the absolute address in order to the relative one in the instruction set's own order. */
function convertJal(code: Uint8Array, at: number, address: number): void {
  const low = code[at + 1] as number;
  const absolute = ((low & 0xf0) << 13) | ((code[at + 2] as number) << 9) | ((code[at + 3] as number) << 1);
  const relative = absolute - address;
  code[at + 1] = (low & 0x0f) | ((relative >>> 8) & 0xf0);
  code[at + 2] = ((relative >>> 16) & 0x0f) | ((relative >>> 7) & 0x10) | ((relative << 4) & 0xe0);
  code[at + 3] = ((relative >>> 4) & 0x7f) | ((relative >>> 13) & 0x80);
}

/**
 * True when the second word is an instruction with two set lowest bits (a load, a store, `addi`, `jalr`) whose source is the
 * register that the first one loads.
 */
function usesRegisterOf(first: number, second: number): boolean {
  return (((first << 8) ^ (second - 3)) & 0xf8003) === 0;
}

/** True when a first word is what the compressor makes: `auipc sp`, with the lowest bits of an instruction above it and a source that is neither zero nor sp. */
function isConverted(first: number): boolean {
  return (first & 0x3fff) === (0x3000 | RD_SP | AUIPC) && ((first >>> 27) & 0x1d) !== 0;
}

/** @returns bytes that are done with */
function convertAuipc(code: Uint8Array, at: number, address: number): number {
  const first = littleWord(code, at);
  if ((first & RD_NOT_ZERO_OR_SP) !== 0) {
    const second = littleWord(code, at + 4);
    // Beside a pair, the word may be data whose second half begins an instruction.
    if (!usesRegisterOf(first, second)) return 6;
    // A pair that the compressor left relative was exchanged for this one.
    setLittleWord(code, at, (second << 12) | RD_SP | AUIPC);
    setLittleWord(code, at + 4, (first & ~0xfff) + (second >>> 20));
    return PAIR;
  }
  if (!isConverted(first)) return 4;
  const relative = bigWord(code, at + 4) - address;
  // The second instruction adds its 12 bits as a signed number: the first makes up for it.
  setLittleWord(code, at, ((relative + 0x800) & ~0xfff) | ((first >>> 27) << 7) | AUIPC);
  setLittleWord(code, at + 4, (first >>> 12) | (relative << 20));
  return PAIR;
}

/** Undoes the filter. */
export const riscv: MakeBranchFilter = () => (code, position) => {
  let at = 0;
  for (const end = code.length - PAIR; at <= end; ) {
    const opcode = code[at] as number;
    if (opcode === JAL) {
      if (((code[at + 1] as number) & LINK_OTHER_BITS) !== 0) at += 2;
      else {
        convertJal(code, at, position + at);
        at += 4;
      }
    } else if ((opcode & OPCODE) === AUIPC) at += convertAuipc(code, at, position + at);
    else at += 2;
  }
  return at;
};
