/** Compressed extents: zlib and zstd as they are, LZO in segments of btrfs' own ("Btrfs", compression; fs/btrfs/lzo.c). */

import { type CodecName, codec } from '../../src/codec/codec.js';
import { corrupt, TygrubError } from '../../src/errors.js';
import { COMPRESSION, LZO_LENGTH } from './layout.js';

const WHOLE: ReadonlyMap<number, CodecName> = new Map([
  [COMPRESSION.ZLIB, 'zlib'],
  [COMPRESSION.ZSTD, 'zstd'],
]);

/**
 * Decompresses an extent.
 * @param input the bytes of the extent on the disk, or inline; may be padded
 * @param size bytes that it has when decompressed; what the data do not fill is zeros
 * @param sectorsize the filesystem's: LZO segments are made of sectors
 * @throws TygrubError corrupt `btrfs.compressed`
 */
export async function decompress(method: number, input: Uint8Array, size: number, sectorsize: number, what: string): Promise<Uint8Array> {
  try {
    const name = WHOLE.get(method);
    // The last sector may have been compressed as a whole, though the file ends inside of it.
    const room = Math.ceil(size / sectorsize) * sectorsize;
    const output = name === undefined ? await lzoSegments(input, room, sectorsize) : await (await codec(name)).decodeBlock(input, room);
    if (output.length >= size) return output.subarray(0, size);
    const padded = new Uint8Array(size);
    padded.set(output);
    return padded;
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind === 'unsupported') throw error;
    throw corrupt('btrfs.compressed', `${what} cannot be decompressed: ${error.message}`, { cause: error });
  }
}

/** Segments of one sector each, with lengths in front that never cross the end of a sector of the input. */
async function lzoSegments(input: Uint8Array, room: number, sectorsize: number): Promise<Uint8Array> {
  const lzo = await codec('lzo1x');
  const { length: total } = LZO_LENGTH.decode(input);
  if (total > input.length) throw corrupt('btrfs.compressed', `the LZO data have ${total} bytes, ${input.length} are there`);
  const output = new Uint8Array(room);
  let filled = 0;
  for (let at = LZO_LENGTH.size; at < total && filled < room; ) {
    const left = sectorsize - (at % sectorsize);
    if (left < LZO_LENGTH.size) at += left;
    if (at + LZO_LENGTH.size > total) break;
    const { length } = LZO_LENGTH.decode(input, at);
    at += LZO_LENGTH.size;
    if (length === 0 || at + length > total) throw corrupt('btrfs.compressed', `an LZO segment of ${length} bytes at ${at} is impossible`);
    const piece = await lzo.decodeBlock(input.subarray(at, at + length), Math.min(sectorsize, room - filled));
    output.set(piece, filled);
    filled += piece.length;
    at += length;
  }
  return output.subarray(0, filled);
}
