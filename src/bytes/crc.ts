/** Cyclic redundancy checks of the disk formats, by tables of eight bytes a step (ext, XFS, GPT, VHDX, JBD2). */

type Tables = readonly [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

const SIZE = 256;

/** Tables for a reflected polynomial: what a byte becomes when it is followed by none to seven others. */
function makeTables(polynomial: number): Tables {
  const first = new Int32Array(SIZE);
  // A register is linear: the entries of powers of two make all others.
  for (let power = SIZE >> 1, c = 1; power > 0; power >>= 1) {
    c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1;
    for (let n = 0; n < SIZE; n += 2 * power) first[n + power] = (first[n] as number) ^ c;
  }
  const after = (previous: Int32Array): Int32Array => {
    const table = new Int32Array(SIZE);
    for (let n = 0; n < SIZE; n++) {
      const c = previous[n] as number;
      table[n] = (first[c & 0xff] as number) ^ (c >>> 8);
    }
    return table;
  };
  const t1 = after(first);
  const t2 = after(t1);
  const t3 = after(t2);
  const t4 = after(t3);
  const t5 = after(t4);
  const t6 = after(t5);
  return [first, t1, t2, t3, t4, t5, t6, after(t6)];
}

let littleEndian: boolean | undefined;

/** Whether this machine's words have their low byte first, as the tables need it. */
function isLittleEndian(): boolean {
  littleEndian ??= new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  return littleEndian;
}

/** Two words of four bytes at a time: a start runs in the interpreter, where each access to an array counts. */
function reflected(tables: Tables, data: Uint8Array, seed: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  let crc = seed | 0;
  let i = 0;
  if (isLittleEndian() && data.byteOffset % 4 === 0) {
    const words = new Int32Array(data.buffer, data.byteOffset, data.length >> 2);
    const pairs = words.length & ~1;
    for (let at = 0; at < pairs; at += 2) {
      const low = crc ^ (words[at] as number);
      const high = words[at + 1] as number;
      crc =
        (t7[low & 0xff] as number) ^
        (t6[(low >>> 8) & 0xff] as number) ^
        (t5[(low >>> 16) & 0xff] as number) ^
        (t4[low >>> 24] as number) ^
        (t3[high & 0xff] as number) ^
        (t2[(high >>> 8) & 0xff] as number) ^
        (t1[(high >>> 16) & 0xff] as number) ^
        (t0[high >>> 24] as number);
    }
    i = pairs * 4;
  }
  for (; i < data.length; i++) crc = (t0[(crc ^ (data[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  return crc >>> 0;
}

let ieee: Tables | undefined;
let bigEndian: Uint32Array | undefined;

/**
 * CRC-32 with the most significant bit first and without inversions (polynomial 0x04C11DB7), as in JBD2's first checksums.
 * @param seed the register's start
 * @returns the register, unsigned
 */
export function crc32MsbFirst(data: Uint8Array, seed: number): number {
  if (bigEndian === undefined) {
    bigEndian = new Uint32Array(256);
    for (let n = 0; n < 256; n++) {
      let c = n << 24;
      for (let bit = 0; bit < 8; bit++) c = c & 0x80000000 ? (c << 1) ^ 0x04c11db7 : c << 1;
      bigEndian[n] = c >>> 0;
    }
  }
  let crc = seed | 0;
  for (let i = 0; i < data.length; i++) crc = (crc << 8) ^ (bigEndian[((crc >>> 24) ^ (data[i] as number)) & 0xff] as number);
  return crc >>> 0;
}

let castagnoli: Tables | undefined;

/**
 * CRC-32 (IEEE 802.3, as in GPT and gzip).
 * @param data the bytes
 * @param previous the checksum of the bytes before, for a checksum over several pieces
 */
export function crc32(data: Uint8Array, previous = 0): number {
  ieee ??= makeTables(0xedb88320);
  return ~reflected(ieee, data, ~previous) >>> 0;
}

/**
 * CRC-32C (Castagnoli) with initial value and final value inverted, as in VHDX, XFS, btrfs and iSCSI.
 * @param previous the checksum of the bytes before
 */
export function crc32c(data: Uint8Array, previous = 0): number {
  return ~crc32cRaw(data, ~previous) >>> 0;
}

/**
 * CRC-32C register without the inversions: what ext4 and JBD2 chain (`seed` is the register's start, ~0 there).
 * @returns the register, unsigned
 */
export function crc32cRaw(data: Uint8Array, seed: number): number {
  castagnoli ??= makeTables(0x82f63b78);
  return reflected(castagnoli, data, seed);
}

let crc16Table: Uint16Array | undefined;

/** CRC-16 (polynomial 0x8005, reflected), as in ext4's uninit_bg descriptors. `seed` is the register's start. */
export function crc16(data: Uint8Array, seed: number): number {
  if (crc16Table === undefined) {
    crc16Table = new Uint16Array(256);
    for (let n = 0; n < 256; n++) {
      let c = n;
      for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xa001 : c >>> 1;
      crc16Table[n] = c;
    }
  }
  let crc = seed & 0xffff;
  for (let i = 0; i < data.length; i++) crc = (crc >>> 8) ^ (crc16Table[(crc ^ (data[i] as number)) & 0xff] as number);
  return crc & 0xffff;
}
