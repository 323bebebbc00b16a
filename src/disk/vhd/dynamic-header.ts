/** The dynamic header: where the BAT is and how large the blocks are. There is only one copy of it. */
import { corrupt, TygrubError, unsupported } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import { structureChecksum } from './checksum.js';
import {
  DYNAMIC_HEADER,
  type DynamicHeader,
  FORMAT_VERSION,
  type Footer,
  HEADER_COOKIE,
  MAX_BLOCK_SIZE,
  MIN_BLOCK_SIZE,
  SECTOR,
} from './layout.js';

/** A header that was read and found right. */
export interface PlacedHeader {
  readonly header: DynamicHeader;
  /** Byte offset in the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** The checksum is wrong and was let pass (`force`). */
  readonly badChecksum: boolean;
}

/**
 * Checks a header by itself.
 * @param bytes 1024 bytes
 * @param offset where they stand, for messages
 * @param force let a wrong checksum pass
 * @throws TygrubError corrupt, unsupported
 */
export function parseDynamicHeader(bytes: Uint8Array, offset: number, force: boolean): PlacedHeader {
  const header = DYNAMIC_HEADER.decode(bytes);
  if (header.cookie !== HEADER_COOKIE) throw corrupt('vhd.header-cookie', 'the dynamic header is not where the footer says', { offset });
  const sum = structureChecksum(DYNAMIC_HEADER, bytes);
  const badChecksum = header.checksum !== sum;
  if (badChecksum && !force) {
    throw corrupt('vhd.header-checksum', `the dynamic header's checksum is ${hex(header.checksum)}, its bytes sum to ${hex(sum)}`, {
      offset,
      hint: '--force reads it nevertheless',
    });
  }
  if (header.headerVersion >>> 16 !== FORMAT_VERSION >>> 16) {
    throw unsupported('vhd.header-version', `the dynamic header has the version ${hex(header.headerVersion)}`, { offset });
  }
  const { blockSize } = header;
  if (blockSize < MIN_BLOCK_SIZE || blockSize > MAX_BLOCK_SIZE || (blockSize & (blockSize - 1)) !== 0) {
    throw corrupt('vhd.block-size', `the block size is ${blockSize} bytes; a power of two from 512 bytes to 256 MiB is expected`, {
      offset,
    });
  }
  return { header, offset, bytes, badChecksum };
}

/**
 * Reads the header of a file that a footer points to.
 * @throws TygrubError corrupt, unsupported
 */
export async function readDynamicHeader(source: ByteSource, footer: Footer, force: boolean): Promise<PlacedHeader> {
  const offset = footer.dataOffset;
  if (offset === null || offset % SECTOR !== 0 || offset < SECTOR || offset + DYNAMIC_HEADER.size > source.size) {
    throw corrupt(
      'vhd.header-range',
      `the footer puts the dynamic header at ${offset ?? 'no offset'}, outside the file of ${source.size} bytes`,
    );
  }
  const placed = parseDynamicHeader(await source.read(offset, DYNAMIC_HEADER.size), offset, force);
  const { tableOffset } = placed.header;
  if (tableOffset === null || tableOffset === 0 || tableOffset % SECTOR !== 0 || tableOffset >= source.size) {
    throw corrupt('vhd.table-range', `the header puts the BAT at ${tableOffset ?? 'no offset'}, in a file of ${source.size} bytes`, {
      offset,
    });
  }
  return placed;
}

/** A header, or why there is none. */
export type HeaderReading =
  | { readonly placed: PlacedHeader; readonly error: null }
  | { readonly placed: null; readonly error: TygrubError };

/** As `readDynamicHeader`, with the failure as a value; only failures of the host are thrown. */
export async function tryDynamicHeader(source: ByteSource, footer: Footer, force: boolean): Promise<HeaderReading> {
  try {
    return { placed: await readDynamicHeader(source, footer, force), error: null };
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind === 'io') throw error;
    return { placed: null, error };
  }
}

/** Blocks that a disk of a size has. */
export function blockCount(size: number, blockSize: number): number {
  return Math.ceil(size / blockSize);
}

/** Sectors of the bitmap before each block's data: one bit for each sector, padded to sectors. */
export function bitmapSectors(blockSize: number): number {
  return Math.max(1, Math.ceil(blockSize / SECTOR / 8 / SECTOR));
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
