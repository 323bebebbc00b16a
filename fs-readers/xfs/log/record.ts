/** Log records: their headers, their checksums and the data that they carry. */
import { crc32c } from '../../../src/bytes/crc.js';
import type { Decoded } from '../../../src/bytes/layout.js';
import { equalBytes } from '../../../src/bytes/text.js';
import { isZero } from '../../../src/bytes/uuid.js';
import { corrupt } from '../../../src/errors.js';
import { BASIC_BLOCK } from '../layout.js';
import {
  CYCLES_PER_HEADER,
  HEADER_CYCLE_SIZE,
  MAX_RECORD_SIZE,
  RECORD_EXTENSION,
  RECORD_HEADER,
  RECORD_HEADER_SUMMED,
  RECORD_MAGIC,
  RECORD_VERSION_2,
} from './layout.js';
import type { LogDevice } from './log-device.js';

/** A record whose header was checked. */
export interface Record {
  readonly header: Decoded<typeof RECORD_HEADER>;
  /** Basic block at which it starts. */
  readonly block: number;
  /** Basic blocks of its headers. */
  readonly headers: number;
  /** Basic blocks of headers and data. */
  readonly blocks: number;
}

/** What is known of the filesystem that a log must belong to. */
export interface LogOwner {
  readonly uuid: Uint8Array;
  /** Version 5: records without a checksum are not believed. */
  readonly checksums: boolean;
}

export const LOG_HINT = 'use --no-journal to read what is on the disk without the log';

export function logDamaged(what: string): Error {
  return corrupt('xfs.log', `the log of the XFS is needed and damaged: ${what}`, { hint: LOG_HINT });
}

/** Whether a record header is in a block. */
export function isHeader(block: Uint8Array, at: number): boolean {
  return new DataView(block.buffer, block.byteOffset + at, 4).getUint32(0) === RECORD_MAGIC;
}

/**
 * Checks a record's header.
 * @returns null when it is none that this log could have
 */
export function parseRecord(log: LogDevice, bytes: Uint8Array, at: number, block: number, owner: LogOwner): Record | null {
  const header = RECORD_HEADER.decode(bytes, at);
  if (header.magicno !== RECORD_MAGIC || header.version === 0 || header.version > (1 | RECORD_VERSION_2)) return null;
  const wide = (header.version & RECORD_VERSION_2) !== 0;
  if (header.len > MAX_RECORD_SIZE || (wide && header.size > MAX_RECORD_SIZE)) return null;
  if (!isZero(header.fs_uuid) && !equalBytes(header.fs_uuid, owner.uuid)) return null;
  const headers = wide ? Math.max(1, Math.ceil(header.size / HEADER_CYCLE_SIZE)) : 1;
  const data = Math.ceil(header.len / BASIC_BLOCK);
  if (data > headers * CYCLES_PER_HEADER || headers + data > log.blocks) return null;
  return { header, block, headers, blocks: headers + data };
}

/** Reads and checks the record at a block. */
export async function readRecord(log: LogDevice, block: number, owner: LogOwner): Promise<Record | null> {
  return parseRecord(log, await log.read(block, 1), 0, block, owner);
}

function storedCrc(header: Record['header']): number {
  return new DataView(header.crc.buffer, header.crc.byteOffset, 4).getUint32(0, true);
}

const ZERO = new Uint8Array(4);

/** The record's bytes, and whether they are those that its checksum was made of. */
export async function readRecordBytes(log: LogDevice, record: Record, owner: LogOwner): Promise<{ bytes: Uint8Array; intact: boolean }> {
  const bytes = (await log.read(record.block, record.blocks)).slice();
  const stored = storedCrc(record.header);
  // Kernels before checksums left it zero; only version 4 may have been written by one of those.
  if (stored === 0 && !owner.checksums) return { bytes, intact: true };
  const at = RECORD_HEADER.offsetOf('crc');
  const data = bytes.subarray(record.headers * BASIC_BLOCK, record.headers * BASIC_BLOCK + record.header.len);
  const intact = RECORD_HEADER_SUMMED.some((size) => {
    let crc = crc32c(bytes.subarray(at + ZERO.length, size), crc32c(ZERO, crc32c(bytes.subarray(0, at))));
    for (let i = 1; i < record.headers; i++) crc = crc32c(bytes.subarray(i * BASIC_BLOCK, i * BASIC_BLOCK + RECORD_EXTENSION.size), crc);
    return crc32c(data, crc) === stored;
  });
  return { bytes, intact };
}

/** The data of a record: the first word of each block, where its cycle number stood, is put back. */
export function recordData(record: Record, bytes: Uint8Array): Uint8Array {
  const start = record.headers * BASIC_BLOCK;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const extensions = Array.from({ length: record.headers - 1 }, (_, i) => RECORD_EXTENSION.decode(bytes, (i + 1) * BASIC_BLOCK).cycle_data);
  const tables = [record.header.cycle_data, ...extensions];
  for (let i = 0; i < record.blocks - record.headers; i++) {
    const word = tables[Math.floor(i / CYCLES_PER_HEADER)]?.[i % CYCLES_PER_HEADER];
    if (word === undefined) throw logDamaged(`the record at block ${record.block} has no cycle number for its block ${i}`);
    view.setUint32(start + i * BASIC_BLOCK, word);
  }
  return bytes.subarray(start, start + record.header.len);
}
