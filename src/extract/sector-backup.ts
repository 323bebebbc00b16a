/**
 * A copy of the sectors that a repair replaces, kept in a file of its own, so that the repair can be taken back.
 *
 * The format is made for people with nothing but `dd`: the first 4096 bytes are text, what follows are the old bytes, each
 * piece at a multiple of 512. The text is the line `tygrub vhd backup 1`, one line of JSON, and the commands that put the
 * bytes back; the rest of the 4096 bytes are line feeds.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { decodeUtf8, encodeUtf8 } from '../bytes/text.js';
import { corrupt, limitReached, TygrubError, usageError } from '../errors.js';
import type { ByteSource } from '../source/byte-source.js';
import { hostError } from '../source/host-file.js';
import { syncFolder, type WriteTarget, writeWhole } from './host-target.js';

const MAGIC = 'tygrub vhd backup 1';
const HEADER_SIZE = 4096;
const SECTOR = 512;

/** Bytes of the image that will be replaced or cut off. */
export interface ReplacedPart {
  readonly offset: number;
  readonly length: number;
}

/** A piece of the image as it was. */
interface KeptPart extends ReplacedPart {
  /** Where its bytes stand in the backup file. */
  readonly at: number;
}

interface BackupHeader {
  readonly image: string;
  /** Bytes of the image before; a regular file that grew is cut to it again. */
  readonly size: number;
  readonly parts: readonly KeptPart[];
  /** SHA-256 of everything after the first 4096 bytes. */
  readonly sha256: string;
}

/**
 * Keeps parts of an image in a new file, and returns when they would survive a crash of the host.
 * @param maxSize bytes that are kept at most (the bound `repairBackup`)
 * @throws TygrubError io (`host.eexist` where the file exists), limit
 */
export async function writeBackup(
  path: string,
  image: string,
  source: ByteSource,
  parts: readonly ReplacedPart[],
  maxSize: number,
): Promise<void> {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  if (total > maxSize) {
    throw limitReached('repairBackup', `${total} bytes of ${image} would be replaced or cut off, ${maxSize} are kept at most`);
  }
  const kept: KeptPart[] = [];
  const pieces: Uint8Array[] = [];
  let at = HEADER_SIZE;
  for (const { offset, length } of parts) {
    const inside = Math.max(0, Math.min(length, source.size - offset));
    if (inside === 0) continue;
    kept.push({ offset, length: inside, at });
    const padded = new Uint8Array(Math.ceil(inside / SECTOR) * SECTOR);
    padded.set(await source.read(offset, inside));
    pieces.push(padded);
    at += padded.length;
  }
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  const header = headerText({ image: resolve(image), size: source.size, parts: kept, sha256: hash.digest('hex') }, path);
  createFlushed(path, [header, ...pieces]);
}

function createFlushed(path: string, pieces: readonly Uint8Array[]): void {
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw hostError(error, `${path} cannot be created for the sectors that are replaced`);
  }
  try {
    for (const piece of pieces) writeWhole(fd, piece);
    fsyncSync(fd);
  } catch (error) {
    throw hostError(error, `${path} cannot be written`);
  } finally {
    closeSync(fd);
  }
  syncFolder(dirname(resolve(path)));
}

function headerText(header: BackupHeader, path: string): Uint8Array {
  const word = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const commands = header.parts.map(
    ({ offset, length, at }) =>
      `dd if=${word(resolve(path))} of=${word(header.image)} bs=1 skip=${at} seek=${offset} count=${length} conv=notrunc`,
  );
  const lines = [
    MAGIC,
    JSON.stringify(header),
    '',
    'To put the old bytes back:',
    ...commands,
    `truncate -s ${header.size} ${word(header.image)}   (files only, not devices)`,
    '',
  ];
  const out = new Uint8Array(HEADER_SIZE).fill(0x0a);
  let text = encodeUtf8(lines.join('\n'));
  // A long path leaves no room for the commands; the JSON says the same.
  if (text.length > HEADER_SIZE) text = encodeUtf8(`${lines.slice(0, 2).join('\n')}\n`);
  if (text.length > HEADER_SIZE) throw usageError('vhd.backup-path', 'the path of the image is too long for the header of the backup');
  out.set(text);
  return out;
}

/**
 * Puts the old bytes back, the last replaced first, and flushes them.
 * @param backup the backup file
 * @param image for messages
 * @param fixedLength the image is a block device, whose length does not change
 * @throws TygrubError corrupt (no backup, or a damaged one; before anything is written), usage (of another image's size), io
 */
export async function restoreBackup(
  backup: ByteSource,
  image: { readonly path: string; readonly source: ByteSource; readonly fixedLength: boolean },
  target: WriteTarget,
  maxSize: number,
): Promise<readonly ReplacedPart[]> {
  const header = await readHeader(backup, maxSize);
  const pieces: { readonly part: KeptPart; readonly bytes: Uint8Array }[] = [];
  const hash = createHash('sha256');
  for (const part of header.parts) {
    const padded = await backup.read(part.at, Math.ceil(part.length / SECTOR) * SECTOR);
    hash.update(padded);
    pieces.push({ part, bytes: padded.subarray(0, part.length) });
  }
  if (hash.digest('hex') !== header.sha256) throw corrupt('vhd.backup-checksum', 'the bytes of the backup are not those that were kept');
  if (image.fixedLength && header.size !== image.source.size) {
    throw usageError('vhd.backup-size', `the backup is of an image of ${header.size} bytes, ${image.path} has ${image.source.size}`);
  }
  for (const { part, bytes } of pieces.reverse()) {
    await target.write(part.offset, bytes);
    await target.sync();
  }
  if (!image.fixedLength) {
    await target.truncate(header.size);
    await target.sync();
  }
  return header.parts;
}

async function readHeader(backup: ByteSource, maxSize: number): Promise<BackupHeader> {
  const bad = (why: string) => corrupt('vhd.backup-format', `this is not a backup of \`tygrub vhd repair\`: ${why}`);
  if (backup.size < HEADER_SIZE) throw bad(`it has ${backup.size} bytes`);
  if (backup.size > HEADER_SIZE + maxSize * 2) throw bad(`it has ${backup.size} bytes`);
  const [magic, json = ''] = (decodeUtf8(await backup.read(0, HEADER_SIZE)) ?? '').split('\n', 2);
  if (magic !== MAGIC) throw bad('its first line is another one');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TygrubError('corrupt', 'vhd.backup-format', 'the second line of the backup is not JSON', { cause: error });
  }
  const header = value as Partial<BackupHeader> | null;
  const { image, size, parts, sha256 } = header ?? {};
  if (typeof image !== 'string' || !isOffset(size) || typeof sha256 !== 'string' || !Array.isArray(parts)) throw bad('fields are missing');
  for (const part of parts as Partial<KeptPart>[]) {
    const { offset, length, at } = part ?? {};
    if (!isOffset(offset) || !isOffset(length) || !isOffset(at) || offset + length > size || at + length > backup.size) {
      throw bad('a part of it lies outside');
    }
  }
  return { image, size, parts: parts as KeptPart[], sha256 };
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
