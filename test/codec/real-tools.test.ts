import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CodecName, codec } from '../../src/codec/codec.js';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { once } from '../../src/codec/streaming.js';
import { DEFAULT_LIMITS, withLimits } from '../../src/limits.js';
import { Random, seed } from '../support/mutation.js';
import { skip, tool } from '../support/requirements.js';
import { difference, filter, gather, inPieces, machineCode, mixture, riscvCode } from './tools.js';

provideNodeCodecs();

interface Setting {
  readonly codec: CodecName;
  readonly command: string;
  /** The Debian package that has the command. */
  readonly from: string;
  readonly options: readonly (readonly string[])[];
  /** The format does not mark its end: what follows cannot be told from it, and cutting it between blocks goes unseen. */
  readonly isOpenEnded?: boolean;
}

const settings: readonly Setting[] = [
  { codec: 'gzip', command: 'gzip', from: 'gzip', options: [['-1'], ['-9']] },
  {
    codec: 'zstd',
    command: 'zstd',
    from: 'zstd',
    options: [['-1'], ['-3', '--no-check'], ['-19'], ['--ultra', '-22', '--long=27'], ['--fast=5']],
  },
  { codec: 'lz4', command: 'lz4', from: 'lz4', options: [['-1'], ['-9', '-BD', '-B4'], ['-9', '-BX', '--no-frame-crc', '--content-size']] },
  {
    codec: 'xz',
    command: 'xz',
    from: 'xz-utils',
    options: [
      ['-1'],
      ['-9e', '-C', 'crc32'],
      ['-C', 'none', '--block-size=100000'],
      ['-C', 'sha256', '--lzma2=preset=3,lc=0,lp=4,pb=0'],
      ['--delta=dist=3', '--lzma2=preset=3'],
      ['--x86', '--lzma2=preset=1,dict=4KiB'],
      ['--x86=start=4096', '--delta=dist=256', '--powerpc', '--lzma2=preset=1'],
      ['--arm', '--lzma2=preset=1'],
      ['--armthumb', '--lzma2=preset=1'],
      ['--arm64', '--lzma2=preset=1'],
      ['--sparc', '--lzma2=preset=1'],
      ['--ia64', '--lzma2=preset=1'],
      ['--powerpc', '--lzma2=preset=1'],
    ],
  },
  {
    codec: 'lzma',
    command: 'xz',
    from: 'xz-utils',
    options: [
      ['--format=lzma', '-1'],
      ['--format=lzma', '-9e'],
      ['--format=lzma', '--lzma1=lc=1,lp=3,pb=4,dict=4KiB'],
    ],
  },
  {
    codec: 'lz4-legacy',
    command: 'lz4',
    from: 'lz4',
    options: [
      ['-l', '-1'],
      ['-l', '-9'],
    ],
    isOpenEnded: true,
  },
  { codec: 'bzip2', command: 'bzip2', from: 'bzip2', options: [['-1'], ['-9']] },
  { codec: 'lzop', command: 'lzop', from: 'lzop', options: [['-1'], ['-3'], ['-9'], ['-9', '--crc32'], ['--no-checksum']] },
];

const inputs: readonly [string, Uint8Array][] = [
  ['nothing', new Uint8Array(0)],
  ['one byte', Uint8Array.of(7)],
  ['a mixture', mixture(600_000, 1)],
  ['machine code', machineCode(700_000)],
  ['zeros', new Uint8Array(1_000_000)],
];

/** What xz calls its filter for RISC-V, which it has from 5.6 on: Debian 12's is older. */
const riscvOptions = spawnSync('xz', ['--long-help'], { encoding: 'utf8' }).stdout?.includes('--riscv')
  ? [
      ['--riscv', '--lzma2=preset=1'],
      ['--riscv=start=65536', '--delta=dist=2', '--lzma2=preset=1'],
    ]
  : [];

describe('the RISC-V filter of xz', () => {
  it('gives back what xz 5.8.1 --riscv made of code for RISC-V', async () => {
    const packed = readFileSync(new URL('fixtures/riscv.xz', import.meta.url));
    const { decodeStream } = await codec('xz');
    for (const largest of [12, 70_000]) {
      const pieces = decodeStream(inPieces(packed, new Random(seed()), largest), DEFAULT_LIMITS);
      expect(difference(await gather(pieces), riscvCode(9001, 1))).toBeNull();
    }
  });

  for (const options of riscvOptions) {
    it(`gives back what the xz that is here made with ${options.join(' ')}`, async () => {
      const { decodeStream } = await codec('xz');
      for (let length = 0; length < 20; length++) {
        const bytes = riscvCode(length < 16 ? length : length * 1000, length);
        const packed = filter('xz', ['-q', '-c', ...options], bytes);
        expect(difference(await gather(decodeStream(inPieces(packed, new Random(seed())), DEFAULT_LIMITS)), bytes)).toBeNull();
      }
    });
  }
});

for (const setting of settings) {
  const { command } = setting;
  describe.skipIf(skip(command, tool(command, `apt-get install ${setting.from}`)))(setting.codec, () => {
    for (const options of setting.options) {
      for (const [what, bytes] of inputs) {
        it(`gives back ${what} that ${command} ${options.join(' ')} compressed`, async () => {
          const packed = filter(command, ['-q', '-c', ...options], bytes);
          const { decodeStream, decodeBlock } = await codec(setting.codec);
          expect(difference(await gather(decodeStream(inPieces(packed, new Random(seed())), DEFAULT_LIMITS)), bytes)).toBeNull();
          const behind = setting.isOpenEnded ? packed : Buffer.concat([packed, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)]);
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
      for (let length = setting.isOpenEnded ? 9 : 0; length < packed.length; length += 1 + (packed.length >> 7)) {
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
