/**
 * Branch filters (xz-file-format 5.3.2): compressors turn the relative addresses of calls and jumps into absolute ones;
 * these undo that. Each filter is a function that converts whole instructions in place.
 */
import { bigWord, littleWord, type MakeBranchFilter, setBigWord, setLittleWord } from './instructions.js';
import { riscv } from './riscv-filter.js';

/** A filter that looks at instructions of fixed width one after the other. */
function eachInstruction(
  width: number,
  step: number,
  convert: (code: Uint8Array, at: number, address: number) => number,
): MakeBranchFilter {
  return () => (code, position) => {
    let at = 0;
    while (at + width <= code.length) at += step + convert(code, at, (position + at) | 0);
    return at;
  };
}

/** PowerPC, big-endian: `bl` with an absolute bit of 0 and a link bit of 1. */
const powerPc = eachInstruction(4, 4, (code, at, address) => {
  const instruction = bigWord(code, at);
  if (((instruction & 0xfc000003) | 0) === 0x48000001) {
    setBigWord(code, at, 0x48000001 | ((instruction - address) & 0x03fffffc));
  }
  return 0;
});

/** ARM: `bl` without condition; the program counter is two instructions ahead. */
const arm = eachInstruction(4, 4, (code, at, address) => {
  const instruction = littleWord(code, at);
  if (instruction >>> 24 === 0xeb) {
    setLittleWord(code, at, (0xeb << 24) | ((((instruction << 2) - (address + 8)) >>> 2) & 0xffffff));
  }
  return 0;
});

/** ARM Thumb: `bl` as a pair of half words, each with 11 bits of the address. */
const armThumb = eachInstruction(4, 2, (code, at, address) => {
  const pair = littleWord(code, at);
  if (((pair & 0xf800f800) | 0) !== (0xf800f000 | 0)) return 0;
  const target = (((pair & 0x7ff) << 11) | ((pair >>> 16) & 0x7ff)) << 1;
  const relative = (target - (address + 4)) >>> 1;
  setLittleWord(code, at, 0xf800f000 | 0 | ((relative >>> 11) & 0x7ff) | ((relative & 0x7ff) << 16));
  return 2;
});

/** SPARC: `call` whose address has 9 equal highest bits. */
const sparc = eachInstruction(4, 4, (code, at, address) => {
  const instruction = bigWord(code, at);
  const high = instruction >>> 22;
  if (high === 0x100 || high === 0x1ff) {
    const relative = ((instruction << 2) - address) >>> 2;
    const sign = -((relative >>> 22) & 1);
    setBigWord(code, at, ((sign << 22) & 0x3fffffff) | (relative & 0x3fffff) | 0x40000000);
  }
  return 0;
});

/** ARM64: `bl`, and `adrp` within 512 MiB. */
const arm64 = eachInstruction(4, 4, (code, at, address) => {
  const instruction = littleWord(code, at);
  if (instruction >>> 26 === 0x25) {
    setLittleWord(code, at, 0x94000000 | ((instruction - (address >>> 2)) & 0x03ffffff));
  } else if (((instruction & 0x9f000000) | 0) === (0x90000000 | 0)) {
    const page = ((instruction >>> 29) & 3) | ((instruction >>> 3) & 0x1ffffc);
    if (((page + 0x020000) & 0x1c0000) !== 0) return 0;
    const relative = page - (address >>> 12);
    setLittleWord(
      code,
      at,
      (instruction & 0x9000001f) | ((relative & 3) << 29) | ((relative & 0x03fffc) << 3) | (-(relative & 0x020000) & 0xe00000),
    );
  }
  return 0;
});

/** Which of the three instructions of an Itanium bundle are branches, by the bundle's template. */
const IA64_BRANCHES = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 6, 6, 0, 0, 7, 7, 4, 4, 0, 0, 4, 4, 0, 0]);

/** `count` (at most 24) bits of a bundle, from bit `from` of it. */
function bundleBits(code: Uint8Array, at: number, from: number, count: number): number {
  return (littleWord(code, Math.min(at + (from >> 3), at + 12)) >>> (from - 8 * Math.min(from >> 3, 12))) & ((1 << count) - 1);
}

function setBundleBits(code: Uint8Array, at: number, from: number, count: number, value: number): void {
  const byte = Math.min(from >> 3, 12);
  const shift = from - 8 * byte;
  const mask = ((1 << count) - 1) << shift;
  setLittleWord(code, at + byte, (littleWord(code, at + byte) & ~mask) | ((value << shift) & mask));
}

/** Itanium: `br.call` in a bundle of three instructions of 41 bits; a 21-bit address in units of bundles. */
const ia64 = eachInstruction(16, 16, (code, at, address) => {
  const branches = IA64_BRANCHES[(code[at] as number) & 0x1f] as number;
  for (let slot = 0; slot < 3; slot++) {
    if (((branches >> slot) & 1) === 0) continue;
    const base = 5 + 41 * slot;
    if (bundleBits(code, at, base + 37, 4) !== 5 || bundleBits(code, at, base + 9, 3) !== 0) continue;
    const target = bundleBits(code, at, base + 13, 20) | (bundleBits(code, at, base + 36, 1) << 20);
    const relative = ((target << 4) - address) >>> 4;
    setBundleBits(code, at, base + 13, 20, relative & 0xfffff);
    setBundleBits(code, at, base + 36, 1, (relative >>> 20) & 1);
  }
  return 0;
});

/**
 * x86: `call` and `jmp` with a 32-bit address whose highest byte is 0 or 255. Code has no fixed width here, so the filter
 * remembers which of the last bytes looked like such an instruction, and leaves addresses alone that others overlap.
 */
const x86: MakeBranchFilter = () => {
  // Bit n: the byte n + 1 places back was an opcode, as seen from the last opcode; bit 4: with a plausible highest byte.
  let mask = 0;
  let last = -5; // place of the last opcode, relative to the next piece
  return (code, position) => {
    let at = 0;
    for (const end = code.length - 5; at <= end; ) {
      const opcode = code[at] as number;
      if (opcode !== 0xe8 && opcode !== 0xe9) {
        at++;
        continue;
      }
      const distance = at - last;
      last = at;
      if (distance > 5) mask = 0;
      else for (let i = 0; i < distance; i++) mask = (mask & 0x77) << 1;
      const highest = code[at + 4] as number;
      const earlier = mask >> 1;
      if (isSignByte(highest) && earlier < 16 && X86_ALLOWED[earlier & 7] === 1) {
        let address = littleWord(code, at + 1);
        let relative: number;
        for (;;) {
          relative = (address - (position + at + 5)) | 0;
          if (mask === 0) break;
          const shift = (X86_OVERLAP[earlier] as number) * 8;
          if (!isSignByte((relative >>> (24 - shift)) & 0xff)) break;
          address = relative ^ ((1 << (32 - shift)) - 1);
        }
        setLittleWord(code, at + 1, relative & 0x01ffffff);
        code[at + 4] = (relative & 0x01000000) !== 0 ? 0xff : 0;
        at += 5;
        mask = 0;
      } else {
        at++;
        mask |= isSignByte(highest) ? 0x11 : 1;
      }
    }
    last -= at;
    return at;
  };
};

function isSignByte(byte: number): boolean {
  return byte === 0 || byte === 0xff;
}

// By the three places before the opcode: whether it may be converted, and how many bytes of its address the other took.
const X86_ALLOWED = Uint8Array.from([1, 1, 1, 0, 1, 0, 0, 0]);
const X86_OVERLAP = Uint8Array.from([0, 1, 2, 2, 3, 3, 3, 3]);

/** Filter ids of the .xz format. */
export const BRANCH_FILTERS: ReadonlyMap<number, { readonly name: string; readonly alignment: number; readonly make: MakeBranchFilter }> =
  new Map([
    [0x04, { name: 'x86', alignment: 1, make: x86 }],
    [0x05, { name: 'PowerPC', alignment: 4, make: powerPc }],
    [0x06, { name: 'IA-64', alignment: 16, make: ia64 }],
    [0x07, { name: 'ARM', alignment: 4, make: arm }],
    [0x08, { name: 'ARM Thumb', alignment: 2, make: armThumb }],
    [0x09, { name: 'SPARC', alignment: 4, make: sparc }],
    [0x0a, { name: 'ARM64', alignment: 4, make: arm64 }],
    [0x0b, { name: 'RISC-V', alignment: 2, make: riscv }],
  ]);
