/** The payload of a bzImage as a program of its own. */
import { unsupported } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { decompressed } from '../compression.js';
import { DecompressedBytes } from '../decompressed-bytes.js';
import type { ProgramBytes } from '../program-bytes.js';
import { partOf } from '../program-part.js';
import { type BzImage, checkAnnouncedSize } from './index.js';
import { SIZE_TRAILER } from './layout.js';

/**
 * The payload, decompressed as it is read.
 * @throws TygrubError unsupported when nobody knows the payload's compression or it has none; limit `decompressedSize` when it
 * announces more than that
 */
export function payloadBytes(program: ProgramBytes, image: BzImage, limits: Limits): ProgramBytes {
  const { payload, compression } = image;
  if (payload === null) throw unsupported('bzimage.no-payload', 'the program has no payload that could be taken out of it');
  if (payload.compression === 'none') return partOf(program, payload.offset, payload.size);
  if (compression === null) throw unsupported('bzimage.compression', 'the payload of the bzImage is compressed in a way that nobody knows');
  const expected = payload.uncompressedSize;
  checkAnnouncedSize(payload, limits);
  // gzip's own trailer is the size; behind all others it stands apart from the compressed data.
  const size = payload.size - (compression.name === 'gzip' ? 0 : SIZE_TRAILER.size);
  const packed = partOf(program, payload.offset, size);
  return new DecompressedBytes(() => decompressed(compression, packed.stream(), limits, expected), expected, limits);
}
