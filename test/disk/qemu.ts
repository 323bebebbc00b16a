/** Images made by qemu-img, and what tygrub and qemu-img read from them. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { provideNodeCodecs } from '../../src/codec/node-codecs.js';
import { type Container, openContainer } from '../../src/disk/index.js';
import { readChunk, storedChunks } from '../../src/extract/stored-chunks.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { openImage } from '../../src/open-disk.js';
import { BlockCache } from '../../src/source/block-cache.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { NeighbourPolicy } from '../../src/source/host-neighbours.js';
import { NO_NEIGHBOURS } from '../../src/source/neighbours.js';
import { Random } from '../support/mutation.js';
import { peerData, peerPath, tool } from '../support/requirements.js';

export const qemu = tool('qemu-img', 'apt-get install qemu-utils');

/** Runs qemu-img. @throws when it fails */
export function qemuImg(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('qemu-img', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`qemu-img ${args.join(' ')}: ${stderr}`);
  return stdout;
}

export const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The disk as qemu-img reads it. */
export function qemuRaw(image: string, format: string, out: string): Buffer {
  qemuImg('convert', '-f', format, '-O', 'raw', image, out);
  return readFileSync(out);
}

/** An opened image; close it. */
export interface Opened {
  readonly container: Container;
  close(): Promise<void>;
}

/** Opens an image of the host as the programs do. */
export async function openFile(path: string, policy: NeighbourPolicy & { allowRawParent?: boolean } = {}): Promise<Opened> {
  provideNodeCodecs();
  const { source, neighbours } = await openImage(path, policy);
  try {
    const container = await openContainer(new BlockCache(source), {
      limits: DEFAULT_LIMITS,
      neighbours: neighbours ?? NO_NEIGHBOURS,
      path,
      allowRawParent: policy.allowRawParent ?? false,
      force: false,
    });
    return {
      container,
      async close() {
        await container.close?.();
        await source.close?.();
      },
    };
  } catch (error) {
    await source.close?.();
    throw error;
  }
}

/** All bytes of a disk, read in uneven pieces. */
export async function readDisk(disk: ByteSource, piece = 1_000_003): Promise<Uint8Array> {
  const out = new Uint8Array(disk.size);
  for (let at = 0; at < disk.size; at += piece) out.set(await disk.read(at, Math.min(piece, disk.size - at)), at);
  return out;
}

const ZEROS = new Uint8Array(4 * 1024 * 1024);

/** The SHA-256 of a disk whose holes are far larger than what is stored: they are not read. */
export async function sparseSha256(disk: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  let at = 0;
  const zerosUpTo = (end: number) => {
    for (; at < end; at += Math.min(ZEROS.length, end - at)) hash.update(ZEROS.subarray(0, Math.min(ZEROS.length, end - at)));
  };
  const buffer = Buffer.alloc(1024 * 1024);
  for await (const chunk of storedChunks(disk, buffer.length)) {
    zerosUpTo(chunk.offset);
    await readChunk(chunk, buffer);
    hash.update(buffer.subarray(0, chunk.length));
    at += chunk.length;
  }
  zerosUpTo(disk.size);
  return hash.digest('hex');
}

/** Opens an image and reads its disk. */
export async function readImage(path: string, policy: Parameters<typeof openFile>[1] = {}): Promise<{ format: string; bytes: Uint8Array }> {
  const { container, close } = await openFile(path, policy);
  try {
    return { format: container.format, bytes: await readDisk(container.disk) };
  } finally {
    await close();
  }
}

/** A disk with text, noise, holes and single sectors. */
export function sampleDisk(size: number, seed = 1): Uint8Array {
  const random = new Random(seed);
  const out = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const length = Math.min(size - at, 512 * (1 + random.next(random.next(3) === 0 ? 1024 : 64)));
    const kind = random.next(4);
    if (kind === 1) for (let i = at; i < at + length; i++) out[i] = random.next(256);
    else if (kind === 2) for (let i = at; i < at + length; i++) out[i] = 65 + ((i >> 4) % 26);
    at += length;
  }
  return out;
}

/** Rows of the manifest of other projects' containers. */
export function containerRows(format: string): { file: string; size: number; sum: string }[] {
  if (peerData() !== null) return [];
  const [, ...lines] = readFileSync(peerPath('containers', 'MANIFEST.tsv'), 'utf8').trim().split('\n');
  return lines
    .map((line) => line.split('\t'))
    .filter((row) => row[1] === format)
    .map(([file = '', , size = '', sum = '']) => ({ file, size: Number(size), sum }));
}
