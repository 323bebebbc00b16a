/**
 * Where the log in use begins and ends: the head is where the cycle numbers change, the tail is what the last record
 * says ("XFS Algorithms & Data Structures", Log; the order of the steps is that of Linux's `xlog_find_tail`).
 */
import { BASIC_BLOCK } from '../layout.js';
import { MAX_RECORD_SIZE, MAX_RECORDS_IN_FLIGHT, OPERATION, OPERATION_FLAG } from './layout.js';
import { cycleOf, type LogDevice } from './log-device.js';
import { isHeader, type LogOwner, logDamaged, parseRecord, type Record, readRecord, readRecordBytes } from './record.js';

/** The part of the log that is in use; empty when `head` and `tail` are one. */
export interface LogEnds {
  /** Basic block of the first record. */
  readonly tail: number;
  /** Basic block behind the last record. */
  readonly head: number;
}

/** Blocks in which writes that were on their way may have arrived in any order (`XLOG_TOTAL_REC_SHIFT`). */
const IN_FLIGHT = (MAX_RECORDS_IN_FLIGHT * MAX_RECORD_SIZE) / BASIC_BLOCK;
/** Blocks that a record takes at most, headers included. */
const RECORD_BLOCKS = MAX_RECORD_SIZE / BASIC_BLOCK + MAX_RECORDS_IN_FLIGHT;
/** Blocks before the head that are read first: a clean log's last record is short. */
const LAST_RECORD = 8;

/**
 * Finds the ends.
 * @returns null for a log that was never used or whose last record is that of a clean unmount
 * @throws TygrubError corrupt `xfs.log`
 */
export async function findEnds(log: LogDevice, owner: LogOwner): Promise<LogEnds | null> {
  const first = await log.cycle(0);
  if (first === 0) return null;
  const last = await log.cycle(log.blocks - 1);
  // Where the first round is not over, blocks never written (cycle 0) follow; else those of the round before.
  const stale = last === first ? first - 1 : last;
  const change = last === first ? log.blocks : await firstWithCycle(log, last);
  const ring = change % log.blocks;
  if (await endsCleanly(log, ring, owner)) return null;
  let head = await withoutHoles(log, change, stale);
  head = await withoutPartRecord(log, head, owner);
  if (await endsCleanly(log, head % log.blocks, owner)) return null;
  return intactEnds(log, head % log.blocks, owner);
}

/** Halving: the first block of the second stretch, which has the given cycle number up to the end. */
async function firstWithCycle(log: LogDevice, cycle: number): Promise<number> {
  let low = 0;
  let high = log.blocks - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((await log.cycle(middle)) === cycle) high = middle;
    else low = middle;
  }
  return high;
}

/** Goes back to the first block that the last round has not reached: what lies behind it arrived out of order. */
async function withoutHoles(log: LogDevice, head: number, stale: number): Promise<number> {
  const window = Math.min(log.blocks, IN_FLIGHT);
  if (head < window) {
    // The window begins before the end of the log, in the round before: there, blocks of a still older one are stale.
    const from = log.blocks - (window - head);
    const found = await firstStale(log, from, log.blocks, stale - 1);
    if (found !== null) return found;
  }
  return (await firstStale(log, Math.max(0, head - window), head, stale)) ?? head;
}

async function firstStale(log: LogDevice, from: number, to: number, stale: number): Promise<number | null> {
  for (let at = from; at < to; at += RECORD_BLOCKS) {
    const count = Math.min(RECORD_BLOCKS, to - at);
    const bytes = await log.read(at, count);
    for (let i = 0; i < count; i++) if (cycleOf(bytes, i * BASIC_BLOCK) === stale) return at + i;
  }
  return null;
}

/** When the last record before a block does not reach it, the record was not written as a whole and does not count. */
async function withoutPartRecord(log: LogDevice, head: number, owner: LogOwner): Promise<number> {
  const ring = head % log.blocks;
  const record = await lastRecordBefore(log, ring, owner);
  if (record === null) throw logDamaged('no record is found before its end');
  return log.distance(record.block, ring) === record.blocks % log.blocks ? ring : record.block;
}

/** The last record that starts before a block, at most a record's length away; null when there is none. */
async function lastRecordBefore(log: LogDevice, block: number, owner: LogOwner): Promise<Record | null> {
  let seen = 0;
  for (let count = LAST_RECORD; ; count = Math.min(RECORD_BLOCKS, log.blocks)) {
    const from = (block - count + log.blocks) % log.blocks;
    const bytes = await log.read(from, count - seen);
    for (let i = count - seen - 1; i >= 0; i--) {
      if (!isHeader(bytes, i * BASIC_BLOCK)) continue;
      const at = (from + i) % log.blocks;
      const record = parseRecord(log, bytes, i * BASIC_BLOCK, at, owner);
      if (record === null) throw logDamaged(`the record at block ${at} is not of this filesystem`);
      return record;
    }
    if (count === Math.min(RECORD_BLOCKS, log.blocks)) return null;
    seen = count;
  }
}

/** Whether the record that ends at a block is the only thing that an unmount leaves. */
async function endsCleanly(log: LogDevice, head: number, owner: LogOwner): Promise<boolean> {
  const bytes = await log.read((head - LAST_RECORD + log.blocks) % log.blocks, LAST_RECORD);
  let nearest: number | null = null;
  for (let i = 0; i < LAST_RECORD; i++) if (isHeader(bytes, i * BASIC_BLOCK)) nearest = i;
  let record: Record | null;
  if (nearest !== null) {
    const block = (head - LAST_RECORD + nearest + log.blocks) % log.blocks;
    record = parseRecord(log, bytes, nearest * BASIC_BLOCK, block, owner);
  } else record = await lastRecordBefore(log, head, owner);
  if (record === null || log.distance(record.block, head) !== record.blocks % log.blocks || record.header.num_logops !== 1) return false;
  const { flags } = OPERATION.decode(await log.read(record.block + record.headers, 1));
  return (flags & OPERATION_FLAG.UNMOUNT) !== 0;
}

/** Drops torn records from the end, then takes the tail from the last one that is whole. */
async function intactEnds(log: LogDevice, end: number, owner: LogOwner): Promise<LogEnds> {
  const records: Record[] = [];
  for (let at = end; records.length < MAX_RECORDS_IN_FLIGHT; ) {
    const record = await lastRecordBefore(log, at, owner);
    if (record === null || log.distance(record.block, at) !== record.blocks % log.blocks) break;
    records.unshift(record);
    at = record.block;
    // What lies before the tail of the newest record is no longer needed and may be overwritten.
    const newest = records[records.length - 1];
    if (newest !== undefined && at === tailOf(log, newest)) break;
  }
  let head = end;
  let last: Record | undefined;
  for (const record of records) {
    if (!(await readRecordBytes(log, record, owner)).intact) {
      head = record.block;
      break;
    }
    last = record;
  }
  last ??= (await lastRecordBefore(log, head, owner)) ?? undefined;
  if (last === undefined) throw logDamaged('no whole record is found before its end');
  const tail = tailOf(log, last);
  if (tail === null) throw logDamaged('its last record names no beginning');
  if (tail !== head && (await readRecord(log, tail, owner)) === null)
    throw logDamaged(`no record begins at block ${tail}, where its last one says`);
  return { tail, head };
}

/** The block of the oldest record that was needed when a record was written. */
function tailOf(log: LogDevice, record: Record): number | null {
  const block = record.header.tail_lsn.low;
  return block < log.blocks ? block : null;
}
