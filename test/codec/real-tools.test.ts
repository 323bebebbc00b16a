import { describe, expect, it } from 'vitest';
import { type CodecName, codec } from '../../src/codec/codec.js';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { once } from '../../src/codec/streaming.js';
import { DEFAULT_LIMITS, withLimits } from '../../src/limits.js';
import { Random, seed } from '../support/mutation.js';
import { skip, tool } from '../support/requirements.js';
import { difference, filter, gather, inPieces, machineCode, mixture } from './tools.js';

provideNodeCodecs();

interface Setting {
  readonly codec: CodecName;
  readonly command: string;
  /** The Debian package that has the command. */
  readonly from: string;
  readonly options: readonly (readonly string[])[];
}

const settings: readonly Setting[] = [
  { codec: 'gzip', command: 'gzip', from: 'gzip', options: [['-1'], ['-9']] },
  {
    codec: 'zstd',
    command: 'zstd',
    from: 'zstd',
    options: [['-1'], ['-3', '--no-check'], ['-19'], ['--ultra', '-22', '--long=27'], ['--fast=5']],
  },
  { codec: 'lzop', command: 'lzop', from: 'lzop', options: [['-1'], ['-3'], ['-9'], ['-9', '--crc32'], ['--no-checksum']] },
];

const inputs: readonly [string, Uint8Array][] = [
  ['nothing', new Uint8Array(0)],
  ['one byte', Uint8Array.of(7)],
  ['a mixture', mixture(900_000, 1)],
  ['machine code', machineCode(2_000_000)],
  ['zeros', new Uint8Array(1_000_000)],
];

for (const setting of settings) {
  const { command } = setting;
  describe.skipIf(skip(command, tool(command, `apt-get install ${setting.from}`)))(setting.codec, () => {
    for (const options of setting.options) {
      for (const [what, bytes] of inputs) {
        it(`gives back ${what} that ${command} ${options.join(' ')} compressed`, async () => {
          const packed = filter(command, ['-q', '-c', ...options], bytes);
          const { decodeStream, decodeBlock } = await codec(setting.codec);
          expect(difference(await gather(decodeStream(inPieces(packed, new Random(seed())), DEFAULT_LIMITS)), bytes)).toBeNull();
          const behind = Buffer.concat([packed, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)]);
          expect(difference(await decodeBlock(behind, bytes.length), bytes)).toBeNull();
        });
      }
    }

    it('stops at the bound of the output', async () => {
      const packed = filter(command, ['-q', '-c', ...(setting.options[0] ?? [])], new Uint8Array(3_000_000));
      const { decodeStream, decodeBlock } = await codec(setting.codec);
      const limits = withLimits({ decompressedSize: 1_000_000 });
      await expect(gather(decodeStream(once(packed), limits))).rejects.toMatchObject({ code: 'limit.decompressedSize' });
      await expect(decodeBlock(packed, 2_999_999)).rejects.toMatchObject({ code: 'limit.decompressedSize' });
    });

    it('says that data is cut off or damaged, wherever it is cut', async () => {
      const packed = filter(command, ['-q', '-c', ...(setting.options[0] ?? [])], mixture(50_000, 3));
      const { decodeStream } = await codec(setting.codec);
      for (let length = 0; length < packed.length; length += 1 + (packed.length >> 7)) {
        await expect(gather(decodeStream(once(packed.subarray(0, length)), DEFAULT_LIMITS))).rejects.toMatchObject({ kind: 'corrupt' });
      }
    });

    it('lets go of its input when the consumer stops early', async () => {
      const packed = filter(command, ['-q', '-c', ...(setting.options[0] ?? [])], mixture(3_000_000, 4));
      const { decodeStream } = await codec(setting.codec);
      let closed = false;
      async function* watched(): AsyncGenerator<Uint8Array> {
        try {
          yield* inPieces(packed, new Random(seed()));
        } finally {
          closed = true;
        }
      }
      for await (const piece of decodeStream(watched(), DEFAULT_LIMITS)) if (piece.length > 0) break;
      expect(closed).toBe(true);
    });
  });
}
