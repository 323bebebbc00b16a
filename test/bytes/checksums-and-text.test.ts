import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16, crc32, crc32c } from '../../src/bytes/crc.js';
import { compareBytes, decodeUtf16, encodeUtf8, nameText, printable } from '../../src/bytes/text.js';
import { formatGuid, formatUuid } from '../../src/bytes/uuid.js';

const CHECK = encodeUtf8('123456789');

/** zlib's answer: gzip puts it behind the data. */
const zlibCrc32 = (data: Uint8Array): number => gzipSync(data).readUInt32LE(gzipSync(data).length - 8);

describe('checksums', () => {
  it('give the check values of their catalogue entries', () => {
    expect([crc32(CHECK), crc32c(CHECK), crc16(CHECK, 0)]).toEqual([0xcbf43926, 0xe3069283, 0xbb3d]);
  });

  it('are the same wherever the bytes lie in memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (data, at) => {
        const moved = new Uint8Array(data.length + at);
        moved.set(data, at);
        expect(crc32(moved.subarray(at))).toBe(zlibCrc32(data));
        expect(crc32c(moved.subarray(at))).toBe(crc32c(data));
      }),
      { seed: 3 },
    );
  });

  it('can be taken over pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (data, cut) => {
        const [a, b] = [data.subarray(0, cut), data.subarray(cut)];
        expect(crc32(b, crc32(a))).toBe(crc32(data));
        expect(crc32c(b, crc32c(a))).toBe(crc32c(data));
      }),
      { seed: 1 },
    );
  });
});

describe('text from a disk', () => {
  it('keeps different names different when they are not UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (a, b) => {
        const broken = (name: Uint8Array) => Uint8Array.of(0xff, ...name);
        expect(nameText(broken(a)) === nameText(broken(b))).toBe(compareBytes(a, b) === 0);
      }),
      { seed: 2 },
    );
  });

  it('is harmless on a terminal', () => {
    expect(printable('a\u001b]0;x\u0007\u202eb\u009b1m')).toBe('a\\x1b]0;x\\x07\\u{202e}b\\x9b1m');
  });

  it('decodes UTF-16 of both byte orders up to NUL', () => {
    expect(decodeUtf16(Uint8Array.of(0, 0x41, 0, 0x42, 0, 0, 0, 0x43), 'big')).toBe('AB');
    expect(decodeUtf16(Uint8Array.of(0x41, 0, 0x42, 0), 'little')).toBe('AB');
  });

  it('writes UUIDs and GUIDs in their usual form', () => {
    const data = Uint8Array.from({ length: 16 }, (_, i) => i);
    expect(formatUuid(data)).toBe('00010203-0405-0607-0809-0a0b0c0d0e0f');
    expect(formatGuid(data)).toBe('03020100-0504-0706-0809-0a0b0c0d0e0f');
  });
});
