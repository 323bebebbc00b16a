/** Cyclic redundancy checks of the disk formats, by tables of eight bytes a step (ext, XFS, GPT, VHDX, JBD2). */

type Tables = readonly Uint32Array[];

function makeTables(polynomial: number): Tables {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  const first = tables[0] as Uint32Array;
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1;
    first[n] = c >>> 0;
  }
  for (let t = 1; t < 8; t++) {
    const previous = tables[t - 1] as Uint32Array;
    const table = tables[t] as Uint32Array;
    for (let n = 0; n < 256; n++) {
      const c = previous[n] as number;
      table[n] = ((first[c & 0xff] as number) ^ (c >>> 8)) >>> 0;
    }
  }
  return tables;
}

function reflected(tables: Tables, data: Uint8Array, seed: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = seed | 0;
  let i = 0;
  const end8 = data.length - (data.length % 8);
  for (; i < end8; i += 8) {
    crc ^= (data[i] as number) | ((data[i + 1] as number) << 8) | ((data[i + 2] as number) << 16) | ((data[i + 3] as number) << 24);
    crc =
      (t7[crc & 0xff] as number) ^
      (t6[(crc >>> 8) & 0xff] as number) ^
      (t5[(crc >>> 16) & 0xff] as number) ^
      (t4[crc >>> 24] as number) ^
      (t3[data[i + 4] as number] as number) ^
      (t2[data[i + 5] as number] as number) ^
      (t1[data[i + 6] as number] as number) ^
      (t0[data[i + 7] as number] as number);
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
