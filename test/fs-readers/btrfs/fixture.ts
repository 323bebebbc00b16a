/** Small btrfs images in memory with what Linux reads from them, and ways to damage them with right checksums. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { CHECKSUM_FIELD } from '../../../fs-readers/btrfs/layout.js';
import { SUPERBLOCK_OFFSETS } from '../../../fs-readers/btrfs/magic.js';
import type { FileSystem } from '../../../fs-readers/index.js';
import { resolvePath } from '../../../fs-readers/path.js';
import { crc32c } from '../../../src/bytes/crc.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import type { ByteSource } from '../../../src/source/byte-source.js';
import { MemorySource } from '../../../src/source/memory.js';
import { sha256 } from '../../support/manifest.js';

/** Bytes of a tree block, a sector and a superblock of the image. */
export const BLOCK = 4096;
export const PRIMARY = SUPERBLOCK_OFFSETS[0] ?? 0;

/** An image of the fixtures (made by `make-small.sh` or `make-log.sh`); each call gives bytes of its own. */
export function fixtureImage(name: 'small' | 'log'): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(new URL(`fixtures/${name}.img.gz`, import.meta.url))));
}

/** The image with everything that the reader knows but a log. */
export function smallImage(): Uint8Array {
  return fixtureImage('small');
}

/** What Linux reads: one row for each path, from the top level (`top`) or the default subvolume (`root`). */
export function fixtureRows(name: 'small' | 'log', from: 'top' | 'root') {
  return readFileSync(new URL(`fixtures/${name}.tsv`, import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([origin]) => origin === from)
    .map(([, path = '', type = '', size = '', content = '']) => ({ path, type, size, content }));
}

/** Compares a filesystem with what Linux reads, path by path, listings and lookups included. */
export async function expectRows(fs: FileSystem, rows: ReturnType<typeof fixtureRows>): Promise<void> {
  expect(rows.length).toBeGreaterThan(5);
  for (const { path, type, size, content } of rows) {
    const { node } = await resolvePath(fs, path, DEFAULT_LIMITS, false);
    expect([path, node.type], path).toEqual([path, type]);
    if (type === 'f') expect([String(node.size), await sha256(await node.open())], path).toEqual([size, content]);
    if (type === 'l') expect(new TextDecoder().decode(await node.readLink())).toBe(content);
    if (type !== 'd') continue;
    const names: string[] = [];
    for await (const entry of node.entries()) names.push(new TextDecoder().decode(entry.name));
    const prefix = path === '/' ? '/' : `${path}/`;
    const below = rows.filter((row) => row.path !== '/' && row.path.startsWith(prefix) && !row.path.slice(prefix.length).includes('/'));
    expect(names.sort()).toEqual(below.map((row) => row.path.slice(prefix.length)).sort());
  }
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
