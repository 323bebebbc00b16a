import { describe, expect, it } from 'vitest';
import { type CodecName, codec } from '../../src/codec/codec.js';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { TygrubError } from '../../src/errors.js';
import { withLimits } from '../../src/limits.js';
import { damage, mutations, Random, seed } from '../support/mutation.js';
import { skip, tool } from '../support/requirements.js';
import { filter, inPieces, mixture } from './tools.js';

provideNodeCodecs();

const rows: readonly [CodecName, string, readonly string[]][] = [
  ['gzip', 'gzip', ['-9']],
  ['zstd', 'zstd', ['-19']],
  ['zstd', 'zstd', ['-1', '--no-check']],
  ['lz4', 'lz4', ['-9', '-BX']],
  ['lz4', 'lz4', ['-1', '-BD', '--no-frame-crc']],
  ['lz4-legacy', 'lz4', ['-l']],
  ['xz', 'xz', ['-C', 'none']],
  ['xz', 'xz', ['--x86', '--delta=dist=4', '--lzma2=preset=0']],
  ['lzma', 'xz', ['--format=lzma']],
  ['bzip2', 'bzip2', ['-1']],
  ['lzop', 'lzop', ['-9']],
  ['lzop', 'lzop', ['--no-checksum']],
];

const MiB = 1024 * 1024;
const missing = [...new Set(rows.map(([, command]) => command))].map((command) => tool(command, `apt-get install ${command}`));

describe.skipIf(skip('damaged compressed data', ...missing))('damaged compressed data', () => {
  const bytes = mixture(6000, 9);
  const limits = withLimits({ decompressedSize: 2 * MiB, decompressorWindow: 16 * MiB });
  const total = mutations(20_000);
  for (const [name, command, options] of rows) {
    it(`gives bytes or a TygrubError, within bounds: ${name} (${command} ${options.join(' ')})`, async () => {
      const packed = new Uint8Array(filter(command, ['-q', '-c', ...options], bytes));
      const random = new Random(seed());
      const { decodeStream } = await codec(name);
      // Headers are few of the bytes and deserve more than their share.
      const regions = [
        { start: 0, length: Math.min(64, packed.length) },
        { start: 0, length: packed.length },
        { start: Math.max(0, packed.length - 64), length: Math.min(64, packed.length) },
      ];
      for (let n = 0; n < total / rows.length; n++) {
        const harm = damage(packed, random, regions);
        const input = random.next(8) === 0 ? packed.subarray(0, random.next(packed.length)) : packed;
        let size = 0;
        try {
          for await (const piece of decodeStream(inPieces(input, random, 3000), limits)) size += piece.length;
        } catch (error) {
          if (!(error instanceof TygrubError)) throw new Error(`seed ${seed()}, number ${n}: ${harm.description}`, { cause: error });
        }
        harm.undo();
        if (size > limits.decompressedSize) throw new Error(`seed ${seed()}, number ${n}: ${size} bytes came out`);
      }
    });
  }

  it('gives bytes or a TygrubError for LZO1X blocks without checksums around them', async () => {
    // The first block of an lzop file: its header has 38 bytes and a name, the block's header 12 (with one checksum).
    const file = filter('lzop', ['-q', '-c', '-9'], bytes);
    const { decodeBlock } = await codec('lzo1x');
    const start = lzopBlock(file);
    const block = new Uint8Array(file.subarray(start.offset, start.offset + start.size));
    expect(Buffer.compare(await decodeBlock(block, bytes.length), bytes)).toBe(0);
    const random = new Random(seed());
    for (let n = 0; n < total / 10; n++) {
      const harm = damage(block, random);
      try {
        expect((await decodeBlock(block, bytes.length)).length).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        if (!(error instanceof TygrubError)) throw new Error(`seed ${seed()}, number ${n}: ${harm.description}`, { cause: error });
      }
      harm.undo();
    }
  });
});

/** Where the first block of an lzop file lies. */
function lzopBlock(file: Uint8Array): { readonly offset: number; readonly size: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const nameLength = 9 + 2 + 2 + 2 + 1 + 1 + 4 + 4 + 4 + 4;
  const block = nameLength + 1 + (file[nameLength] as number) + 4;
  const hasOutputChecksum = (view.getUint32(17, false) & 0x101) !== 0;
  const hasInputChecksum = (view.getUint32(17, false) & 0x202) !== 0;
  return { offset: block + 8 + (hasOutputChecksum ? 4 : 0) + (hasInputChecksum ? 4 : 0), size: view.getUint32(block + 4, false) };
}
