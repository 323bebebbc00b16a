/** From records to committed transactions: operations of several transactions come mixed, items in pieces. */
import { limitReached, unsupported } from '../../../src/errors.js';
import type { Limits } from '../../../src/limits.js';
import { BASIC_BLOCK } from '../layout.js';
import type { LogEnds } from './ends.js';
import {
  CLIENTS,
  FORMAT_LINUX_LITTLE_ENDIAN,
  ITEM,
  MAX_REGIONS,
  OPERATION,
  OPERATION_FLAG,
  TRANSACTION_HEADER,
  TRANSACTION_MAGIC,
} from './layout.js';
import type { LogDevice } from './log-device.js';
import { LOG_HINT, type LogOwner, logDamaged, readRecord, readRecordBytes, recordData } from './record.js';

/** The place of a record in the history of the log; the later is the greater. */
export interface LogSequence {
  readonly high: number;
  readonly low: number;
}

/** One logged change: its regions as they were written, the first says what it is. */
export interface LogItem {
  readonly type: number;
  readonly regions: readonly Uint8Array[];
}

/** A transaction that was committed. */
export interface Transaction {
  /** Of the record in which it began. */
  readonly lsn: LogSequence;
  readonly items: readonly LogItem[];
}

/** An item that is being put together. */
interface OpenItem {
  readonly type: number;
  /** Regions that it will have. */
  readonly total: number;
  readonly regions: Uint8Array[];
}

/** A transaction that has begun. */
class OpenTransaction {
  readonly items: OpenItem[] = [];
  /** Bytes of the transaction header that have come; it may be split between records. */
  private header = new Uint8Array(0);
  private headerDone = false;
  size = 0;

  constructor(readonly lsn: LogSequence) {}

  add(region: Uint8Array): void {
    if (region.length === 0) return;
    this.size += region.length;
    if (!this.headerDone) {
      this.addHeader(region);
      return;
    }
    let item = this.items[this.items.length - 1];
    if (item === undefined || item.regions.length === item.total) {
      if (region.length < ITEM.size) throw logDamaged(`an item begins with ${region.length} bytes`);
      const { type, size } = ITEM.decode(region);
      if (size === 0 || size > MAX_REGIONS) throw logDamaged(`an item has ${size} regions`);
      item = { type, total: size, regions: [] };
      this.items.push(item);
    }
    item.regions.push(region);
  }

  /** The rest of a region that did not fit into the record before. */
  addContinued(region: Uint8Array): void {
    this.size += region.length;
    if (!this.headerDone) {
      this.addHeader(region);
      return;
    }
    const regions = this.items[this.items.length - 1]?.regions;
    const before = regions?.pop();
    if (regions === undefined || before === undefined) throw logDamaged('a region goes on that was never begun');
    const joined = new Uint8Array(before.length + region.length);
    joined.set(before);
    joined.set(region, before.length);
    regions.push(joined);
  }

  private addHeader(region: Uint8Array): void {
    const joined = new Uint8Array(this.header.length + region.length);
    joined.set(this.header);
    joined.set(region, this.header.length);
    if (joined.length > TRANSACTION_HEADER.size) throw logDamaged('a transaction header is too long');
    this.header = joined;
    if (joined.length < TRANSACTION_HEADER.size) return;
    if (TRANSACTION_HEADER.decode(joined).magic !== TRANSACTION_MAGIC) throw logDamaged('a transaction has no header');
    this.headerDone = true;
  }

  committed(): Transaction {
    for (const { regions, total, type } of this.items) {
      if (regions.length !== total)
        throw logDamaged(`a committed item of type 0x${type.toString(16)} has ${regions.length} of ${total} regions`);
    }
    return { lsn: this.lsn, items: this.items };
  }
}

/**
 * The committed transactions from tail to head, in the order of their commits. Those that never committed vanish.
 * @throws TygrubError corrupt `xfs.log`, unsupported `xfs.log-format`, limit `journalSize`, `logPending`
 */
export async function* transactions(log: LogDevice, ends: LogEnds, owner: LogOwner, limits: Limits): AsyncGenerator<Transaction> {
  const length = log.distance(ends.tail, ends.head);
  if (length * BASIC_BLOCK > limits.journalSize) throw limitReached('journalSize', `the log in use has ${length * BASIC_BLOCK} bytes`);
  const open = new Map<number, OpenTransaction>();
  let pending = 0;
  for (let done = 0; done < length; ) {
    const block = (ends.tail + done) % log.blocks;
    const record = await readRecord(log, block, owner);
    if (record === null) throw logDamaged(`there is no record at block ${block}`);
    if (done + record.blocks > length) throw logDamaged(`the record at block ${block} goes on behind the end`);
    if (record.header.fmt !== FORMAT_LINUX_LITTLE_ENDIAN) {
      throw unsupported('xfs.log-format', `the log was not closed and was written by a big-endian machine (format ${record.header.fmt})`, {
        hint: LOG_HINT,
      });
    }
    const { bytes, intact } = await readRecordBytes(log, record, owner);
    if (!intact) throw logDamaged(`the checksum of the record at block ${block} does not match its contents`);
    done += record.blocks;
    const data = recordData(record, bytes);
    let at = 0;
    for (let left = record.header.num_logops; left > 0 && at < data.length; left--) {
      if (at + OPERATION.size > data.length) throw logDamaged(`an operation of the record at block ${block} is cut off`);
      const { tid, len, clientid, flags } = OPERATION.decode(data, at);
      at += OPERATION.size;
      if (at + len > data.length) throw logDamaged(`an operation of the record at block ${block} has ${len} bytes`);
      if (!CLIENTS.includes(clientid))
        throw logDamaged(`an operation of the record at block ${block} has the client 0x${clientid.toString(16)}`);
      const region = data.subarray(at, at + len);
      at += len;
      const transaction = open.get(tid);
      if (transaction === undefined) {
        // Operations of a transaction that began before the tail: all that it changed is on the disk.
        if ((flags & OPERATION_FLAG.START) !== 0) open.set(tid, new OpenTransaction(record.header.lsn));
        continue;
      }
      const before = transaction.size;
      switch (kindOf(flags)) {
        case 'data':
          transaction.add(region);
          break;
        case 'continued':
          transaction.addContinued(region);
          break;
        case 'commit':
          open.delete(tid);
          pending -= before;
          yield transaction.committed();
          continue;
        case 'unmount':
          open.delete(tid);
          pending -= before;
          continue;
        default:
          throw logDamaged(`an operation of the record at block ${block} has the flags 0x${flags.toString(16)}`);
      }
      pending += transaction.size - before;
      if (pending > limits.logPending)
        throw limitReached('logPending', `transactions of the log that have not committed take ${pending} bytes`);
    }
  }
}

/** What an operation of a known transaction is (`xlog_recovery_process_trans`). */
function kindOf(flags: number): 'data' | 'continued' | 'commit' | 'unmount' | 'unknown' {
  let kind = flags & ~OPERATION_FLAG.END;
  if ((kind & OPERATION_FLAG.WAS_CONTINUED) !== 0) kind &= ~OPERATION_FLAG.CONTINUE;
  switch (kind) {
    case 0:
    case OPERATION_FLAG.CONTINUE:
      return 'data';
    case OPERATION_FLAG.WAS_CONTINUED:
      return 'continued';
    case OPERATION_FLAG.COMMIT:
      return 'commit';
    case OPERATION_FLAG.UNMOUNT:
      return 'unmount';
    default:
      return 'unknown';
  }
}
