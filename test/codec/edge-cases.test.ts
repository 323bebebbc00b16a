/** What the real tools make with options that nobody tries by hand: seeded, with several streams, blocks and odd settings. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type CodecName, codec } from '../../src/codec/codec.js';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { once } from '../../src/codec/streaming.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { Random, seed } from '../support/mutation.js';
import { skip, tool } from '../support/requirements.js';
import { difference, filter, gather, inPieces, machineCode, mixture } from './tools.js';

provideNodeCodecs();

/** How one tool's options are chosen. */
interface Tool {
  readonly codec: CodecName;
  readonly command: string;
  readonly from: string;
  options(random: Random): string[];
  /** Compressed data of several runs may follow each other. */
  readonly joins: boolean;
  /** What may stand between them. */
  readonly between?: (random: Random) => Uint8Array;
  /** The format marks its end: what is cut off is seen at each place. */
  readonly isMarked: boolean;
}

const some = (random: Random, ...options: readonly string[]): string[] => options.filter(() => random.next(2) === 0);
const level = (random: Random, highest = 9): string => `-${1 + random.next(highest)}`;

/** lc and lp, which together are 4 at most, and pb. */
function properties(random: Random): string {
  const lc = random.next(5);
  return `lc=${lc},lp=${random.next(5 - lc)},pb=${random.next(5)}`;
}

const DICTIONARIES = ['4KiB', '5000', '6KiB', '64KiB', '96KiB', '1MiB', '3MiB', '8MiB'];
const FILTERS = ['x86', 'powerpc', 'ia64', 'arm', 'armthumb', 'arm64', 'sparc'];

function xzFilters(random: Random): string[] {
  const filters: string[] = [];
  for (let left = random.next(4); left > 0; left--) {
    if (random.next(3) === 0) filters.push(`--delta=dist=${1 + random.next(256)}`);
    else filters.push(`--${random.pick(FILTERS)}${random.next(3) === 0 ? `=start=${16 * random.next(10_000)}` : ''}`);
  }
  const finder = random.pick(['hc3', 'hc4', 'bt2', 'bt3', 'bt4']);
  const settings = `nice=${4 + random.next(270)},mf=${finder},mode=${random.pick(['fast', 'normal'])}`;
  return [...filters, `--lzma2=preset=${random.next(7)},dict=${random.pick(DICTIONARIES)},${properties(random)},${settings}`];
}

const TOOLS: readonly Tool[] = [
  {
    codec: 'xz',
    command: 'xz',
    from: 'xz-utils',
    options: (random) => [
      `--check=${random.pick(['none', 'crc32', 'crc64', 'sha256'])}`,
      ...(random.next(2) === 0 ? [`--block-size=${1000 + random.next(200_000)}`] : []),
      ...(random.next(3) === 0 ? ['-T2'] : []),
      ...xzFilters(random),
    ],
    joins: true,
    between: (random) => new Uint8Array(4 * random.next(5)),
    isMarked: true,
  },
  {
    codec: 'lzma',
    command: 'xz',
    from: 'xz-utils',
    options: (random) => ['--format=lzma', `--lzma1=preset=${random.next(7)},dict=${random.pick(DICTIONARIES)},${properties(random)}`],
    joins: false,
    isMarked: true,
  },
  {
    codec: 'zstd',
    command: 'zstd',
    from: 'zstd',
    options: (random) => [
      ...random.pick([[`-${1 + random.next(17)}`], [`-${18 + random.next(2)}`], [`--fast=${1 + random.next(50)}`]]),
      ...(random.next(2) === 0 ? [`--long=${10 + random.next(12)}`] : []),
      ...some(random, '--no-check', '--rsyncable', '--no-compress-literals'),
      ...(random.next(3) === 0
        ? [`--zstd=wlog=${10 + random.next(10)},minMatch=${3 + random.next(5)},targetLength=${random.next(999)}`]
        : []),
    ],
    joins: true,
    between: (random) => skippable(random.next(3) * random.next(100)),
    isMarked: true,
  },
  {
    codec: 'lz4',
    command: 'lz4',
    from: 'lz4',
    options: (random) => [
      level(random, 12),
      `-B${5 + random.next(3)}`, // lz4 1.9.4 fails on 64 KiB in blocks of 64 KiB (-B4)
      random.pick(['-BD', '-BI']),
      ...some(random, '-BX', '--no-frame-crc', '--favor-decSpeed'),
    ],
    joins: true,
    between: (random) => skippable(random.next(3) * random.next(100)),
    isMarked: true,
  },
  { codec: 'lz4-legacy', command: 'lz4', from: 'lz4', options: (random) => ['-l', level(random, 12)], joins: true, isMarked: false },
  { codec: 'bzip2', command: 'bzip2', from: 'bzip2', options: (random) => [level(random)], joins: true, isMarked: true },
  {
    codec: 'gzip',
    command: 'gzip',
    from: 'gzip',
    options: (random) => [level(random), ...some(random, '--rsyncable')],
    joins: true,
    isMarked: true,
  },
  {
    codec: 'lzop',
    command: 'lzop',
    from: 'lzop',
    options: (random) => [level(random), random.pick(['--crc32', '--no-checksum', '--checksum'])],
    joins: true,
    isMarked: true,
  },
];

/** A frame that decoders of zstd and lz4 pass over; none for 0 bytes. */
function skippable(length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  const frame = new Uint8Array(8 + length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0x184d2a50 + (length & 15), true);
  view.setUint32(4, length, true);
  return frame;
}

/** Bytes of many kinds and lengths; runs of a few equal bytes, which bzip2 codes apart, among them. */
function content(random: Random): Uint8Array {
  const length = random.pick([0, 1, 2, 255, 256, 4096, 65_535, 65_536, 1 + random.next(300_000)]);
  const kind = random.next(4);
  if (kind === 0) return machineCode(length, random.next(20 * 1024 * 1024));
  if (kind === 1) return new Uint8Array(length).fill(random.next(256));
  if (kind === 2) return mixture(length, random.next(2 ** 31));
  const out = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const end = at + 1 + random.pick([0, 1, 2, 3, 4, 5, 253, 254, 255, 256, 257, 258, 259, 260, 261]);
    out.fill(random.next(4), at, end);
    at = end;
  }
  return out;
}

const decode = async (name: CodecName, packed: Uint8Array, random: Random): Promise<Uint8Array> =>
  gather((await codec(name)).decodeStream(inPieces(packed, random), DEFAULT_LIMITS));

const ROUNDS = 40;

for (const row of TOOLS) {
  describe.skipIf(skip(`${row.command} for ${row.codec}`, tool(row.command, `apt-get install ${row.from}`)))(
    `${row.codec} by ${row.command}`,
    () => {
      it(`gives back what ${ROUNDS} runs with random options made, one or several after the other`, async () => {
        const random = new Random(seed());
        for (let n = 0; n < ROUNDS; n++) {
          const parts = Array.from({ length: row.joins ? 1 + random.next(3) : 1 }, () => content(random));
          const used: string[] = [];
          const packed = parts.flatMap((bytes) => {
            const options = row.options(random);
            used.push(options.join(' '));
            return [filter(row.command, ['-q', '-c', ...options], bytes), row.between?.(random) ?? new Uint8Array(0)];
          });
          const what = `seed ${seed()}, number ${n}: ${used.join('; ')}`;
          const found = await decode(row.codec, Buffer.concat(packed), random).catch((cause: unknown) => {
            throw new Error(what, { cause });
          });
          expect(`${what}: ${difference(found, Buffer.concat(parts))}`).toBe(`${what}: null`);
        }
      });

      it.skipIf(!row.isMarked)('is called cut off wherever it is cut', async () => {
        const random = new Random(seed());
        for (let n = 0; n < 4; n++) {
          const options = row.options(random);
          const packed = filter(row.command, ['-q', '-c', ...options], mixture(3000 + random.next(20_000), n));
          for (let length = 0; length < packed.length; length += 1 + random.next(1 + (packed.length >> 7))) {
            const what = `seed ${seed()}, number ${n}: ${options.join(' ')}, at ${length} of ${packed.length}`;
            const result = await decode(row.codec, packed.subarray(0, length), random).then(
              () => 'accepted',
              (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
            );
            expect(`${what}: ${result}`).toBe(`${what}: codec.truncated`);
          }
        }
      });
    },
  );
}

describe.skipIf(skip('large data by lz4 -l', tool('lz4', 'apt-get install lz4')))('LZ4 legacy frames', () => {
  it('of several blocks of 8 MiB, of exactly one, and of one byte more', async () => {
    const bytes = Buffer.concat([mixture(7_000_000, 1), machineCode(7_000_000), new Uint8Array(6_000_000)]);
    for (const length of [8 * 1024 * 1024, 8 * 1024 * 1024 + 1, bytes.length]) {
      const packed = filter('lz4', ['-q', '-c', '-l', '-1'], bytes.subarray(0, length));
      expect(difference(await decode('lz4-legacy', packed, new Random(seed())), bytes.subarray(0, length))).toBeNull();
    }
  });
});

describe.skipIf(skip('windows of zstd', tool('zstd', 'apt-get install zstd')))('windows of zstd', () => {
  it('of up to 128 MiB are read, larger ones refused, as zstd itself does without --long or --memory', async () => {
    const bytes = mixture(200_000, 1);
    for (let log = 24; log <= 31; log++) {
      // Nothing tells zstd the size: the window is the one that is asked for.
      const packed = filter('zstd', ['-q', '-c', '-1', `--long=${log}`], bytes);
      const isRead = spawnSync('zstd', ['-q', '-d', '-c'], { input: packed, maxBuffer: 1024 * 1024 }).status === 0;
      const found = decode('zstd', packed, new Random(seed()));
      if (isRead) expect(difference(await found, bytes), `--long=${log}`).toBeNull();
      else await expect(found, `--long=${log}`).rejects.toMatchObject({ code: 'limit.decompressorWindow' });
      expect(isRead).toBe(log <= 27);
    }
  });
});

describe.skipIf(skip('headers of gzip', tool('gzip', 'apt-get install gzip')))('members of gzip', () => {
  /** A member with all fields that flags ask for. */
  function member(flags: number, bytes: Uint8Array, random: Random): Uint8Array {
    const plain = filter('gzip', ['-n', '-c'], bytes);
    const fields: Uint8Array[] = [];
    const head = plain.slice(0, 10);
    head[3] = flags;
    if ((flags & 4) !== 0) {
      const length = random.next(1000);
      fields.push(Uint8Array.of(length & 0xff, length >> 8), new Uint8Array(length).fill(7));
    }
    if ((flags & 8) !== 0) fields.push(Buffer.from(`${'n'.repeat(random.next(300))}\0`));
    if ((flags & 16) !== 0) fields.push(Buffer.from(`${'c'.repeat(random.next(300))}\0`));
    if ((flags & 2) !== 0) fields.push(headerChecksum(Buffer.concat([head, ...fields])));
    return Buffer.concat([head, ...fields, plain.subarray(10)]);
  }

  /** The two low bytes of the CRC-32 of a header, out of gzip's own trailer for these bytes. */
  function headerChecksum(header: Uint8Array): Uint8Array {
    return filter('gzip', ['-n', '-c'], header).slice(-8, -6);
  }

  it('with extra fields, names, comments and checksums of the header, one after the other, as gzip -d reads them', async () => {
    const random = new Random(seed());
    for (let n = 0; n < 32; n++) {
      const parts = Array.from({ length: 1 + random.next(3) }, () => content(random));
      const packed = Buffer.concat([
        ...parts.map((bytes, i) => member((i === 0 ? n % 16 : random.next(16)) << 1, bytes, random)),
        new Uint8Array(512 * (n % 2)),
      ]);
      const real = spawnSync('gzip', ['-q', '-d', '-c'], { input: packed, maxBuffer: 16 * 1024 * 1024 });
      expect(difference(real.stdout, Buffer.concat(parts)), `seed ${seed()}, number ${n}: gzip: ${real.stderr}`).toBeNull();
      expect(difference(await decode('gzip', packed, random), Buffer.concat(parts)), `seed ${seed()}, number ${n}`).toBeNull();
    }
  });
});

describe.skipIf(skip('sizes of lzma', tool('xz', 'apt-get install xz-utils')))('lzma with a known size', () => {
  it('ends there, with or without an end marker; a wrong size is told, as by xz', async () => {
    const { decodeStream } = await codec('lzma');
    for (const length of [0, 1, 300, 70_000]) {
      const bytes = mixture(length, 1);
      const packed = filter('xz', ['--format=lzma', '-q', '-c', '-1'], bytes).slice();
      for (const size of [length, length + 1]) {
        new DataView(packed.buffer).setBigUint64(5, BigInt(size), true);
        const real = spawnSync('xz', ['--format=lzma', '-q', '-d', '-c'], { input: packed });
        const found = gather(decodeStream(once(packed), DEFAULT_LIMITS));
        expect(real.status === 0).toBe(size === length);
        if (size === length) expect(difference(await found, bytes)).toBeNull();
        else await expect(found).rejects.toMatchObject({ kind: 'corrupt' });
      }
    }
  });
});
