/** Compressed data made by the real tools, from bytes that exercise every path of their formats. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { Random } from '../support/mutation.js';

/** Runs a compressor as a filter. */
export function filter(command: string, args: readonly string[], input: Uint8Array): Uint8Array {
  const run = spawnSync(command, args, { input, maxBuffer: 1024 * 1024 * 1024 });
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${run.stderr}`);
  return new Uint8Array(run.stdout.buffer, run.stdout.byteOffset, run.stdout.length);
}

/** Machine code: a piece of the running program. */
export function machineCode(length: number, offset = 16 * 1024 * 1024): Uint8Array {
  const out = new Uint8Array(length);
  const fd = openSync(process.execPath, 'r');
  try {
    readSync(fd, out, 0, length, offset);
  } finally {
    closeSync(fd);
  }
  return out;
}

/**
 * What looks like code for RISC-V: `jal` with all registers, `auipc` with and without an instruction that uses its register,
 * words that already look as if they were converted, and half words between that shift everything behind them.
 */
export function riscvCode(length: number, seed: number): Uint8Array {
  const random = new Random(seed);
  const out = new Uint8Array(length + 8);
  const view = new DataView(out.buffer);
  for (let at = 0; at < length; ) {
    const kind = random.next(9);
    if (kind < 2) {
      view.setUint32(at, (random.next(2 ** 24) << 8) | 0xef, true);
      at += 4;
    } else if (kind < 5) {
      const register = random.next(3) === 0 ? random.next(2) * 2 : random.next(32);
      const source = random.next(4) === 0 ? random.next(32) : register;
      view.setUint32(at, (random.next(2 ** 20) << 12) | (register << 7) | 0x17, true);
      view.setUint32(at + 4, (random.next(4096) << 20) | (source << 15) | (random.next(8192) << 2) | 3, true);
      at += random.next(5) === 0 ? 4 : 8;
    } else if (kind < 6) {
      view.setUint32(at, (random.next(2 ** 18) << 14) | 0x3117, true);
      at += 4;
    } else {
      view.setUint16(at, kind === 6 ? random.next(65_536) : (random.next(256) << 8) | (kind === 7 ? 0x17 : 0x97), true);
      at += 2;
    }
  }
  return out.subarray(0, length);
}

/** Bytes of many kinds one after the other: text with long repeats, noise, runs, numbers that count. */
export function mixture(length: number, seed: number): Uint8Array {
  const random = new Random(seed);
  const out = new Uint8Array(length);
  const words = Array.from({ length: 300 }, () => Array.from({ length: 2 + random.next(9) }, () => 97 + random.next(26)));
  for (let at = 0; at < length; ) {
    const end = Math.min(length, at + 1 + random.next(40_000));
    const kind = random.next(5);
    if (kind === 0) for (; at < end; at++) out[at] = random.next(256);
    else if (kind === 1) {
      out.fill(random.next(256), at, end);
      at = end;
    } else if (kind === 2 && at > 0) {
      const back = 1 + random.next(at);
      for (; at < end; at++) out[at] = out[at - back] as number;
    } else if (kind === 3) {
      for (let n = 0; at < end; at++, n++) out[at] = at % 4 === 0 ? n & 0xff : 0;
    } else {
      while (at < end) {
        for (const letter of [...random.pick(words), 32]) if (at < end) out[at++] = letter;
      }
    }
  }
  return out;
}

/** The bytes in pieces of random sizes, single bytes among them: decoders must not care where a stream is cut. */
export async function* inPieces(bytes: Uint8Array, random: Random, largest = 70_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const length = random.next(3) === 0 ? 1 + random.next(8) : 1 + random.next(largest);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

/** All that a decoder gives, as one piece. */
export async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}

/** The first place where two pieces of bytes differ, as a text; null where they are equal. Quick for megabytes. */
export function difference(actual: Uint8Array, expected: Uint8Array): string | null {
  if (Buffer.compare(actual, expected) === 0) return null;
  if (actual.length !== expected.length) return `${actual.length} bytes instead of ${expected.length}`;
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  return `byte ${at} is ${actual[at]} instead of ${expected[at]}`;
}
