/** .xz files: streams of blocks, each LZMA2 behind up to three filters (xz-file-format 1.2.0). */
import { crc32 } from '../../bytes/crc.js';
import { equalBytes } from '../../bytes/text.js';
import { limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { Crc64 } from '../checksums.js';
import type { CodecInput } from '../input.js';
import { decodeLzma2 } from '../lzma/lzma2.js';
import { streamingCodec } from '../streaming.js';
import { type BlockHeader, BlockRecords, HEADER_MAGIC, readBlockHeader, readIndexAndFooter, readStreamHeader } from './container.js';
import { undoFilter } from './filters.js';

/** Kinds of check (2.1.1.2). */
const CHECK = { none: 0, crc32: 1, crc64: 4, sha256: 10 } as const;
/** Bytes of each of the 16 kinds. */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const;

/**
 * The check of a block as it grows. SHA-256 and kinds that the format reserves are not computed: LZMA2's own marks and
 * the sizes in the index remain.
 */
class Check {
  private crc = 0;
  private readonly crc64 = new Crc64();

  constructor(private readonly kind: number) {}

  update(piece: Uint8Array): void {
    if (this.kind === CHECK.crc32) this.crc = crc32(piece, this.crc);
    else if (this.kind === CHECK.crc64) this.crc64.update(piece);
  }

  matches(stored: Uint8Array): boolean {
    if (this.kind === CHECK.crc64) return equalBytes(stored, this.crc64.digest());
    if (this.kind !== CHECK.crc32) return true;
    return new DataView(stored.buffer, stored.byteOffset, 4).getUint32(0, true) === this.crc;
  }
}

async function* decodeBlock(
  input: CodecInput,
  header: BlockHeader,
  checkKind: number,
  limits: Limits,
  blocks: BlockRecords,
): AsyncGenerator<Uint8Array> {
  if (header.dictionarySize > limits.decompressorWindow) {
    throw limitReached(
      'decompressorWindow',
      `the xz data needs a window of ${header.dictionarySize} bytes, ${limits.decompressorWindow} are allowed`,
    );
  }
  const start = input.offset;
  let pieces = decodeLzma2(input, header.dictionarySize);
  for (const filter of header.filters.toReversed()) pieces = undoFilter(pieces, filter);
  const check = new Check(checkKind);
  let uncompressedSize = 0;
  for await (const piece of pieces) {
    check.update(piece);
    uncompressedSize += piece.length;
    yield piece;
  }
  const compressedSize = input.offset - start;
  if (
    (header.compressedSize !== null && header.compressedSize !== compressedSize) ||
    (header.uncompressedSize !== null && header.uncompressedSize !== uncompressedSize)
  ) {
    throw input.damaged('a block has not the size that its header claims');
  }
  const padding = await input.take((4 - (compressedSize % 4)) % 4);
  if (padding.some((byte) => byte !== 0)) throw input.damaged('the padding of a block is not zero');
  const checkSize = CHECK_SIZES[checkKind] ?? 0;
  if (!check.matches(await input.take(checkSize))) throw input.damaged('the check of a block is wrong');
  blocks.add(header.size + compressedSize + checkSize, uncompressedSize);
}

/** One stream (2). */
async function* decodeStream(input: CodecInput, limits: Limits): AsyncGenerator<Uint8Array> {
  const { check, flags } = await readStreamHeader(input);
  const blocks = new BlockRecords();
  for (;;) {
    const sizeByte = await input.byte();
    if (sizeByte === 0) break; // the index begins where a block would
    yield* decodeBlock(input, await readBlockHeader(input, sizeByte), check, limits, blocks);
  }
  await readIndexAndFooter(input, blocks, flags);
}

/** Streams follow each other, with zeros between; other bytes behind the last one are ignored. */
export const xz = streamingCodec('xz', async function* (input, limits) {
  yield* decodeStream(input, limits);
  for (;;) {
    while ((await input.ensure(4)) && input.bytes.subarray(input.at, input.at + 4).every((byte) => byte === 0)) input.at += 4;
    const isStream =
      (await input.ensure(HEADER_MAGIC.length)) && equalBytes(input.bytes.subarray(input.at, input.at + HEADER_MAGIC.length), HEADER_MAGIC);
    if (!isStream) return;
    yield* decodeStream(input, limits);
  }
});
