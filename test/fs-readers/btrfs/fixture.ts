/** A small btrfs image in memory with what Linux reads from it, and ways to damage it with right checksums. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CHECKSUM_FIELD, SUPERBLOCK_OFFSETS } from '../../../fs-readers/btrfs/layout.js';
import { crc32c } from '../../../src/bytes/crc.js';
import type { ByteSource } from '../../../src/source/byte-source.js';
import { MemorySource } from '../../../src/source/memory.js';

/** Bytes of a tree block, a sector and a superblock of the image. */
export const BLOCK = 4096;
export const PRIMARY = SUPERBLOCK_OFFSETS[0] ?? 0;

/** The image (made by fixtures/make-small.sh); each call gives bytes of its own. */
export function smallImage(): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(new URL('fixtures/small.img.gz', import.meta.url))));
}

/** What Linux reads: one row for each path, from the top level (`top`) or the default subvolume (`root`). */
export function smallRows(from: 'top' | 'root') {
  return readFileSync(new URL('fixtures/small.tsv', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([origin]) => origin === from)
    .map(([, path = '', type = '', size = '', content = '']) => ({ path, type, size, content }));
}

/** Writes the checksum of a tree block or superblock again. */
export function seal(image: Uint8Array, offset: number): void {
  const sum = crc32c(image.subarray(offset + CHECKSUM_FIELD, offset + BLOCK));
  new DataView(image.buffer, image.byteOffset).setUint32(offset, sum, true);
}

/** Notes which parts of an image are read. */
export class NotingSource extends MemorySource {
  readonly places = new Set<number>();

  override async read(offset: number, length: number): Promise<Uint8Array> {
    for (let at = offset - (offset % BLOCK); at < offset + length; at += BLOCK) this.places.add(at);
    return super.read(offset, length);
  }
}

/** Whether a block of the image is a tree block of the filesystem (or its superblock): it carries the UUID. */
export function isTreeBlock(image: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 16; i++) if (image[offset + CHECKSUM_FIELD + i] !== image[PRIMARY + CHECKSUM_FIELD + i]) return false;
  return true;
}

/** A source that only reads. */
export function memory(image: Uint8Array): ByteSource {
  return new MemorySource(image);
}
