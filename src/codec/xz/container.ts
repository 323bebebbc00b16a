/** The parts of an .xz stream around its data (xz-file-format 1.2.0, sections 2 to 4). */
import { crc32 } from '../../bytes/crc.js';
import { bytes, layout, u8, u32 } from '../../bytes/layout.js';
import { equalBytes } from '../../bytes/text.js';
import { unsupported } from '../../errors.js';
import type { CodecInput } from '../input.js';
import { lzma2DictionarySize } from '../lzma/dictionary-size.js';
import { BRANCH_FILTERS } from './branch-filters.js';
import type { XzFilter } from './filters.js';

export const HEADER_MAGIC = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00);
const FOOTER_MAGIC = Uint8Array.of(0x59, 0x5a);

const STREAM_HEADER = layout('xz stream header', 12, 'little', {
  magic: [0, bytes(6)],
  flags: [6, bytes(2)],
  crc32: [8, u32],
});
const STREAM_FOOTER = layout('xz stream footer', 12, 'little', {
  crc32: [0, u32],
  backwardSize: [4, u32],
  flags: [8, bytes(2)],
  magic: [10, bytes(2)],
});
const CHECKSUM = layout('xz checksum', 4, 'little', { value: [0, u32] });
const BYTE = layout('xz byte', 1, 'little', { value: [0, u8] });

const DELTA = 0x03;
const LZMA2 = 0x21;
const MAX_FILTERS = 4;

/** A block's header, checked. */
export interface BlockHeader {
  readonly dictionarySize: number;
  /** Filters in front of LZMA2, the outermost first. */
  readonly filters: readonly XzFilter[];
  readonly compressedSize: number | null;
  readonly uncompressedSize: number | null;
  /** Bytes of the header itself. */
  readonly size: number;
}

/** Reads a stream header. @returns the kind of check behind each block */
export async function readStreamHeader(input: CodecInput): Promise<{ readonly check: number; readonly flags: Uint8Array }> {
  const header = STREAM_HEADER.decode(await input.take(STREAM_HEADER.size));
  if (!equalBytes(header.magic, HEADER_MAGIC)) throw input.damaged('it does not begin like an xz file');
  if (crc32(header.flags) !== header.crc32) throw input.damaged('the checksum of the stream header is wrong');
  const check = header.flags[1] as number;
  if (header.flags[0] !== 0 || check > 15) throw unsupported('codec.xz-flags', 'the xz data uses stream flags of a newer version');
  return { check, flags: header.flags };
}

/** A multibyte integer (1.2): seven bits a byte, lowest first. `at` is moved. */
class Numbers {
  constructor(
    private readonly data: Uint8Array,
    private readonly input: CodecInput,
    public at: number,
    private readonly end: number,
  ) {}

  next(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      if (this.at >= this.end || factor > 2 ** 49) throw this.input.damaged('a number in a header is wrong');
      const byte = this.data[this.at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  bytes(length: number): Uint8Array {
    if (length > this.end - this.at) throw this.input.damaged('a field of a header is cut off');
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }
}

/**
 * Reads a block header (3.1).
 * @param sizeByte its first byte, which is not 0
 */
export async function readBlockHeader(input: CodecInput, sizeByte: number): Promise<BlockHeader> {
  const size = (sizeByte + 1) * 4;
  const rest = await input.take(size - 1);
  const header = new Uint8Array(size);
  header[0] = sizeByte;
  header.set(rest, 1);
  const end = size - CHECKSUM.size;
  if (crc32(header.subarray(0, end)) !== CHECKSUM.decode(header, end).value) throw input.damaged('the checksum of a block header is wrong');
  const flags = header[1] as number;
  if ((flags & 0x3c) !== 0) throw unsupported('codec.xz-flags', 'the xz data uses block flags of a newer version');
  const fields = new Numbers(header, input, 2, end);
  const compressedSize = (flags & 0x40) !== 0 ? fields.next() : null;
  const uncompressedSize = (flags & 0x80) !== 0 ? fields.next() : null;
  const count = (flags & 3) + 1;
  const filters: XzFilter[] = [];
  let dictionarySize: number | null = null;
  for (let i = 0; i < count && i < MAX_FILTERS; i++) {
    const id = fields.next();
    const properties = fields.bytes(fields.next());
    if (id === LZMA2) {
      if (i !== count - 1 || properties.length !== 1) throw input.damaged('the filters of a block are in the wrong order');
      dictionarySize = lzma2DictionarySize(BYTE.decode(properties).value);
    } else filters.push(readFilter(input, id, properties));
  }
  if (dictionarySize === null) throw input.damaged('a block has no LZMA2');
  if (header.subarray(fields.at, end).some((byte) => byte !== 0)) throw input.damaged('the padding of a block header is not zero');
  return { dictionarySize, filters, compressedSize, uncompressedSize, size };
}

function readFilter(input: CodecInput, id: number, properties: Uint8Array): XzFilter {
  if (id === DELTA) {
    if (properties.length !== 1) throw input.damaged('the properties of a delta filter are wrong');
    return { kind: 'delta', distance: BYTE.decode(properties).value + 1 };
  }
  const branch = BRANCH_FILTERS.get(id);
  if (branch === undefined)
    throw unsupported('codec.xz-filter', `the xz data uses filter 0x${id.toString(16)}, which tygrub does not know`);
  const startOffset = properties.length === 0 ? 0 : properties.length === 4 ? CHECKSUM.decode(properties).value : null;
  if (startOffset === null || startOffset % branch.alignment !== 0) {
    throw input.damaged(`the properties of a ${branch.name} filter are wrong`);
  }
  return { kind: 'branch', id, startOffset };
}

/** What the blocks of a stream came to: the index must say the same. */
export class BlockRecords {
  count = 0;
  private unpadded = 0;
  private uncompressed = 0;
  // Sums do not see two blocks swapped, these do.
  private mixed = 0;

  add(unpaddedSize: number, uncompressedSize: number): void {
    this.count += 1;
    this.unpadded += unpaddedSize;
    this.uncompressed += uncompressedSize;
    this.mixed = (Math.imul(this.mixed, 31) + Math.imul(unpaddedSize | 0, 17) + (uncompressedSize | 0)) | 0;
  }

  equals(other: BlockRecords): boolean {
    return (
      this.count === other.count &&
      this.unpadded === other.unpadded &&
      this.uncompressed === other.uncompressed &&
      this.mixed === other.mixed
    );
  }
}

/**
 * Reads the index (4), whose first byte (0) was taken, and the footer behind it.
 * @param blocks what was decoded
 * @param flags of the stream header, which the footer repeats
 */
export async function readIndexAndFooter(input: CodecInput, blocks: BlockRecords, flags: Uint8Array): Promise<void> {
  let checksum = crc32(Uint8Array.of(0));
  let size = 1;
  const number = async (): Promise<number> => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      if (factor > 2 ** 49) throw input.damaged('a number in the index is wrong');
      const byte = await input.byte();
      checksum = crc32(Uint8Array.of(byte), checksum);
      size += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  const found = new BlockRecords();
  const count = await number();
  if (count !== blocks.count) throw input.damaged('the index contradicts the blocks');
  for (let left = count; left > 0; left--) found.add(await number(), await number());
  const padding = await input.take((4 - (size % 4)) % 4);
  checksum = crc32(padding, checksum);
  size += padding.length;
  if (padding.some((byte) => byte !== 0)) throw input.damaged('the padding of the index is not zero');
  if (CHECKSUM.decode(await input.take(CHECKSUM.size)).value !== checksum) throw input.damaged('the checksum of the index is wrong');
  if (!found.equals(blocks)) throw input.damaged('the index contradicts the blocks');
  const raw = await input.take(STREAM_FOOTER.size);
  const footer = STREAM_FOOTER.decode(raw);
  if (!equalBytes(footer.magic, FOOTER_MAGIC) || crc32(raw.subarray(4, 10)) !== footer.crc32)
    throw input.damaged('the stream footer is wrong');
  if (!equalBytes(footer.flags, flags) || (footer.backwardSize + 1) * 4 !== size + CHECKSUM.size) {
    throw input.damaged('the stream footer contradicts the stream');
  }
}
