/**
 * The lzop file format: LZO1X in blocks of at most 64 MiB (256 KiB as lzop and the Linux kernel's build make them), each
 * with its own sizes and checksums. Follows the layout that lzop's own sources document for versions 0.94 to 1.04.
 */
import { crc32 } from '../bytes/crc.js';
import { array, bytes, layout, u8, u16, u32 } from '../bytes/layout.js';
import { equalBytes } from '../bytes/text.js';
import { limitReached, unsupported } from '../errors.js';
import type { Limits } from '../limits.js';
import { adler32 } from './checksums.js';
import type { CodecInput } from './input.js';
import { decodeLzo1x } from './lzo1x.js';
import { streamingCodec } from './streaming.js';

const MAGIC = Uint8Array.of(0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a);

/** Up to and with the field that decides which fields follow. */
const START = layout('lzop header', 15, 'big', {
  magic: [0, bytes(9)],
  version: [9, u16],
  libVersion: [11, u16],
  // versionNeeded from version 0x0940 on; before that the method follows at once.
  versionNeeded: [13, u16],
});
const METHOD = layout('lzop method', 2, 'big', { method: [0, u8], level: [1, u8] });
const BLOCK = layout('lzop block', 8, 'big', { uncompressedSize: [0, u32], compressedSize: [4, u32] });
const CHECKSUM = layout('lzop checksum', 4, 'big', { value: [0, u32] });
const TIMES = layout('lzop mode and time', 12, 'big', { modeAndTime: [0, array(3, u32)] });

const FIRST_WITH_VERSION_NEEDED = 0x0940;
/** LZO1X-1, LZO1X-1(15), LZO1X-999: one decoder for all. */
const LZO1X_METHODS = new Set([1, 2, 3]);
/** lzop's own bound. */
const MAX_BLOCK = 64 * 1024 * 1024;

/** The flags of a header that change what stands in the file. */
const FLAG = {
  adler32OfOutput: 0x001,
  adler32OfInput: 0x002,
  extraField: 0x040,
  crc32OfOutput: 0x100,
  crc32OfInput: 0x200,
  multipart: 0x400,
  filter: 0x800,
} as const;

async function u32At(input: CodecInput): Promise<number> {
  return CHECKSUM.decode(await input.take(CHECKSUM.size)).value;
}

/** Reads a header; what it says about the file (name, times, mode) is of no use here. @returns its flags */
async function readHeader(input: CodecInput): Promise<number> {
  await input.require(START.size);
  const { version } = START.decode(input.bytes, input.at);
  const isOld = version < FIRST_WITH_VERSION_NEEDED;
  input.at += isOld ? START.offsetOf('versionNeeded') : START.size;
  const { method } = METHOD.decode(
    await input.take(isOld ? 1 : METHOD.size).then((view) => (isOld ? Uint8Array.of(view[0] ?? 0, 0) : view)),
  );
  if (!LZO1X_METHODS.has(method)) throw unsupported('codec.lzop-method', `the lzop data uses method ${method}, which is not LZO1X`);
  const flags = await u32At(input);
  if ((flags & FLAG.filter) !== 0) throw unsupported('codec.lzop-filter', 'the lzop data uses a filter');
  await input.take(isOld ? TIMES.size - TIMES.size / 3 : TIMES.size);
  await input.take(await input.byte()); // the name
  await input.take(CHECKSUM.size);
  if ((flags & FLAG.extraField) !== 0) {
    const length = await u32At(input);
    if (length > MAX_BLOCK) throw input.damaged(`an extra field has ${length} bytes`);
    await input.take(length);
    await input.take(CHECKSUM.size);
  }
  return flags;
}

async function* decodeMember(input: CodecInput, limits: Limits): AsyncGenerator<Uint8Array> {
  const flags = await readHeader(input);
  for (;;) {
    await input.require(CHECKSUM.size);
    if (CHECKSUM.decode(input.bytes, input.at).value === 0) {
      input.at += CHECKSUM.size;
      return;
    }
    const { uncompressedSize, compressedSize } = BLOCK.decode(await input.take(BLOCK.size));
    if (uncompressedSize > MAX_BLOCK || compressedSize > uncompressedSize) throw input.damaged('the sizes of a block are impossible');
    if (uncompressedSize > limits.decompressorWindow) {
      throw limitReached('decompressorWindow', `a block of the lzop data has ${uncompressedSize} bytes`);
    }
    const isStored = compressedSize === uncompressedSize;
    const outputAdler = (flags & FLAG.adler32OfOutput) !== 0 ? await u32At(input) : null;
    const outputCrc = (flags & FLAG.crc32OfOutput) !== 0 ? await u32At(input) : null;
    if (!isStored && (flags & FLAG.adler32OfInput) !== 0) await u32At(input);
    if (!isStored && (flags & FLAG.crc32OfInput) !== 0) await u32At(input);
    const packed = await input.take(compressedSize);
    // A block that claims more than its bytes can stand for must not be allocated.
    const output = isStored ? packed.slice() : new Uint8Array(Math.min(uncompressedSize, compressedSize * 256));
    if (!isStored && decodeLzo1x(packed, output) !== uncompressedSize) throw input.damaged('a block has not the size that it claims');
    if (outputAdler !== null && adler32(output) !== outputAdler) throw input.damaged('the checksum of a block is wrong');
    if (outputCrc !== null && crc32(output) !== outputCrc) throw input.damaged('the checksum of a block is wrong');
    yield output;
  }
}

export const lzop = streamingCodec('lzop', async function* (input, limits) {
  const atMember = async (): Promise<boolean> =>
    (await input.ensure(MAGIC.length)) && equalBytes(input.bytes.subarray(input.at, input.at + MAGIC.length), MAGIC);
  await input.require(MAGIC.length);
  if (!(await atMember())) throw input.damaged('it does not begin like an lzop file');
  // Other bytes behind the end are ignored: the kernel's build puts the uncompressed size there.
  while (await atMember()) yield* decodeMember(input, limits);
});
