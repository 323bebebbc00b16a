/**
 * Copying a virtual disk into a VHD or a raw disk. A new file is made under another name and renamed when it is whole; on a
 * volume, what could be taken for a disk is removed first and the footers are written last.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, realpathSync, renameSync, type Stats, statSync, unlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { openContainer } from '../disk/index.js';
import { findFooter } from '../disk/vhd/index.js';
import { type CopyLayout, type CopyShape, copyShape, type DiskIdentity, vhdTime } from '../disk/vhd-writer/index.js';
import { TygrubError, usageError } from '../errors.js';
import type { Limits } from '../limits.js';
import { BlockCache } from '../source/block-cache.js';
import type { ByteSource } from '../source/byte-source.js';
import { HostFileSource, hostError } from '../source/host-file.js';
import { NO_NEIGHBOURS } from '../source/neighbours.js';
import { SliceSource } from '../source/slice.js';
import { compareDisks } from './compare-disks.js';
import { type CopyPlace, type DiskWriter, diskWriter, HELD_BACK, neededSize } from './disk-writer.js';
import { DescriptorTarget, HostTarget, syncFolder } from './host-target.js';
import { NewFile } from './new-file.js';
import { isAllZero, readChunk, storedChunks } from './stored-chunks.js';
import { copyStored } from './stored-copy.js';

/** How a disk is copied. */
export interface VhdCopyOptions {
  readonly layout: CopyLayout;
  /** How far an `xcp` disk can grow; null for 2 TiB. */
  readonly maxSize: number | null;
  /** The disk's UUID and time, where the copy is to be the same disk to its children; null for new ones. */
  readonly identity: DiskIdentity | null;
  /** Replace a file, or write over a volume that is not empty. */
  readonly force: boolean;
  /** The destination is a regular file that keeps its size. */
  readonly volume: boolean;
  /** Read the copy back and compare it. */
  readonly verify: boolean;
  /** Wait until a new file would survive a crash of the host. What replaces a file, or lies on a volume, always does. */
  readonly sync: boolean;
  /** Identities of the files that are read: the copy must not go into one of them. */
  readonly reading: ReadonlySet<string>;
  readonly limits: Limits;
  readonly progress?: (what: 'copy' | 'verify', done: number, total: number) => void;
}

/** What was written. */
export interface VhdCopy {
  readonly layout: CopyLayout;
  /** Bytes of the disk in the copy: rounded up to 2 MiB (xcp) or 512 bytes (compact, fixed). */
  readonly size: number;
  /** Blocks of 2 MiB that the copy stores; null for fixed and raw. */
  readonly allocated: number | null;
  /** Bytes of the file, or of the volume. */
  readonly fileSize: number;
  /** Null for raw. */
  readonly uuid: Uint8Array | null;
  readonly verified: boolean;
}

const CHUNK = 2 * 1024 * 1024;
/** Bytes at the start and the end of a volume that must be zero for it to count as empty. */
const LOOKED_AT = 1024 * 1024;

/**
 * Copies a disk.
 * @param dest a path that does not exist, a block device, or a file that may be replaced
 * @throws TygrubError usage (something is there, or is being read), corrupt from the source, io; no half-written copy stays
 */
export async function copyDisk(disk: ByteSource, dest: string, options: VhdCopyOptions): Promise<VhdCopy> {
  if (dest === '') throw usageError('cli.empty-path', 'the destination has an empty path');
  const shape = copyShape(options.layout, disk.size, options.maxSize);
  const identity = options.identity ?? { uuid: newUuid(), timestamp: vhdTime(Date.now()) };
  const stat = statOrNull(dest);
  if (stat !== null && options.reading.has(stat.isBlockDevice() ? `rdev:${stat.rdev}` : `${stat.dev}:${stat.ino}`)) {
    throw usageError('vhd.copy-onto-itself', `${dest} is the disk that is copied, or one of its parents`);
  }
  if (stat?.isDirectory() === true)
    throw usageError('vhd.copy-directory', `${dest} is a directory`, { hint: 'name the file that is to be made' });
  if (stat !== null && (stat.isBlockDevice() || (stat.isFile() && (options.volume || isUnwritten(stat))))) {
    return copyToVolume(disk, dest, shape, identity, options);
  }
  if (stat !== null && !stat.isFile()) throw usageError('vhd.copy-destination', `${dest} is neither a file nor a block device`);
  if (stat !== null && !options.force) {
    throw usageError('vhd.copy-exists', `${dest} is already there`, {
      hint: 'replace it with --force, or write into it as a volume with --volume',
    });
  }
  if (stat === null && options.volume) throw usageError('vhd.copy-destination', `${dest} is not there, so it is no volume`);
  return copyToFile(disk, stat === null ? dest : realpathSync(dest), stat, shape, identity, options);
}

/** RFC 9562, version 4. */
function newUuid(): Uint8Array {
  const uuid = new Uint8Array(randomBytes(16));
  uuid[6] = ((uuid[6] as number) & 0x0f) | 0x40;
  uuid[8] = ((uuid[8] as number) & 0x3f) | 0x80;
  return uuid;
}

function statOrNull(path: string): Stats | null {
  try {
    return statSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw hostError(error, `${path} cannot be reached`);
  }
}

/** A file that was given a size and never any content: what `truncate -s` makes. Nothing is lost by writing into it. */
function isUnwritten(stat: Stats): boolean {
  return stat.size > 0 && stat.blocks === 0;
}

async function copyToFile(
  disk: ByteSource,
  dest: string,
  replaced: Stats | null,
  shape: CopyShape,
  identity: DiskIdentity,
  options: VhdCopyOptions,
): Promise<VhdCopy> {
  const file = NewFile.create(`${dest}.${process.pid}.tygrub-partial`, replaced === null ? 0o600 : replaced.mode & 0o777);
  try {
    const place = { target: new DescriptorTarget(file.fd, file.path), volumeSize: null, path: dest };
    const writer = diskWriter(shape, identity, place);
    const fileSize = await writeDisk(disk, shape, place, writer, options);
    if (options.verify) await verify(disk, file.path, shape, options);
    // The old file is given up only for a copy that is safe; beside nothing, a copy is as safe as one by cp or qemu-img.
    const durable = options.sync || replaced !== null;
    if (durable) await place.target.sync();
    publish(file, dest, replaced !== null);
    if (durable) syncFolder(dirname(resolve(dest)));
    return result(shape, identity, writer, fileSize, options);
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Gives the finished file its name, without replacing one that came meanwhile unless that was allowed. */
function publish(file: NewFile, dest: string, replace: boolean): void {
  try {
    if (replace) renameSync(file.path, dest);
    else linkNew(file.path, dest);
  } catch (error) {
    throw hostError(error, `${dest} cannot be created`);
  }
  file.keep();
}

/** Links never replace a file; where a filesystem has none, a look and a rename must do. */
function linkNew(from: string, to: string): void {
  try {
    linkSync(from, to);
    unlinkSync(from);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    if (existsSync(to)) throw usageError('vhd.copy-exists', `${to} is already there`);
    renameSync(from, to);
  }
}

async function copyToVolume(
  disk: ByteSource,
  dest: string,
  shape: CopyShape,
  identity: DiskIdentity,
  options: VhdCopyOptions,
): Promise<VhdCopy> {
  const target = HostTarget.open(dest);
  try {
    const place: CopyPlace = { target, volumeSize: target.source.size - (target.source.size % 512), path: dest };
    if (!options.force) await requireEmpty(target.source, dest);
    await requireRoom(disk, shape, place);
    await invalidate(target, options.limits);
    const writer = diskWriter(shape, identity, place);
    const fileSize = await writeDisk(disk, shape, place, writer, options);
    if (options.verify) await verify(disk, dest, shape, options);
    return result(shape, identity, writer, fileSize, options);
  } finally {
    await target.close();
  }
}

async function requireEmpty(source: ByteSource, path: string): Promise<void> {
  const length = Math.min(LOOKED_AT, source.size);
  for (const offset of [0, source.size - length]) {
    const bytes = await source.read(offset, length);
    if (isAllZero(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))) continue;
    throw usageError(
      'vhd.copy-not-empty',
      `${path} is not empty: there is something in its ${offset === 0 ? 'first' : 'last'} ${length} bytes`,
      {
        hint: 'write over it with --force',
      },
    );
  }
}

/** Whether the copy fits is known before anything is written; blocks that are stored but zero are looked for only when it matters. */
async function requireRoom(disk: ByteSource, shape: CopyShape, place: CopyPlace): Promise<void> {
  const room = place.volumeSize ?? 0;
  let blocks = 0;
  if (shape.entries > 0) for await (const _ of storedChunks(disk, CHUNK)) blocks++;
  if (neededSize(shape, blocks) > room && shape.entries > 0) blocks = await countNonZero(disk);
  const needed = neededSize(shape, blocks);
  if (needed <= room) return;
  throw usageError('vhd.copy-no-room', `${place.path} has ${room} bytes, the copy needs ${needed}`, {
    hint: `make the volume larger${shape.layout === 'xcp' ? ', or take --layout compact' : ''}`,
  });
}

async function countNonZero(disk: ByteSource): Promise<number> {
  const buffer = Buffer.alloc(CHUNK);
  let count = 0;
  for await (const chunk of storedChunks(disk, CHUNK)) {
    await readChunk(chunk, buffer);
    if (!isAllZero(buffer.subarray(0, chunk.length))) count++;
  }
  return count;
}

/** Removes what was there before: footers, header and boot sector, so that an interrupted copy is no disk. */
async function invalidate(target: HostTarget, limits: Limits): Promise<void> {
  const { size } = target.source;
  const offsets = new Set([0, Math.max(0, size - HELD_BACK)]);
  try {
    const { sector } = await findFooter(target.source, { limits, force: true, scan: false, path: target.path });
    offsets.add(sector.offset);
  } catch (error) {
    if (!(error instanceof TygrubError) || error.kind === 'io') throw error; // there was no VHD: the usual case
  }
  for (const offset of offsets) await target.write(offset, new Uint8Array(Math.min(HELD_BACK, size - offset)));
  await target.sync();
}

/** @returns bytes of the whole copy */
async function writeDisk(
  disk: ByteSource,
  shape: CopyShape,
  place: CopyPlace,
  writer: DiskWriter,
  options: VhdCopyOptions,
): Promise<number> {
  const total = disk.size;
  await copyStored(disk, writer, (done) => options.progress?.('copy', done, total));
  const { parts, size } = await writer.finish();
  const durable = place.volumeSize !== null;
  if (durable) await place.target.sync();
  else await place.target.truncate(size);
  for (const { offset, bytes } of parts) {
    await place.target.write(offset, bytes);
    if (durable) await place.target.sync();
  }
  return shape.layout === 'raw' && durable ? shape.size : size;
}

async function verify(disk: ByteSource, path: string, shape: CopyShape, options: VhdCopyOptions): Promise<void> {
  const source = HostFileSource.open(path);
  try {
    const copy = shape.layout === 'raw' ? new SliceSource(source, 0, shape.size) : await openCopy(source, path, options.limits);
    await compareDisks(disk, copy, path, (done) => options.progress?.('verify', done, disk.size));
  } finally {
    await source.close();
  }
}

async function openCopy(source: ByteSource, path: string, limits: Limits): Promise<ByteSource> {
  const rules = { limits, neighbours: NO_NEIGHBOURS, path, allowRawParent: false, force: false };
  const { format, disk } = await openContainer(new BlockCache(source, limits.cacheSize), rules);
  if (format !== 'vhd') throw new TygrubError('io', 'vhd.copy-verify', `${path} was written as a VHD, but reads back as ${format}`);
  return disk;
}

function result(shape: CopyShape, { uuid }: DiskIdentity, writer: DiskWriter, fileSize: number, options: VhdCopyOptions): VhdCopy {
  const { layout, size } = shape;
  return { layout, size, allocated: writer.allocated, fileSize, uuid: layout === 'raw' ? null : uuid, verified: options.verify };
}
