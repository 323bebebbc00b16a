/**
 * Recovery: the filesystem as the guest would see it after its next mount. Committed transactions are replayed in memory,
 * in the two passes of Linux's `xlog_do_log_recovery`; nothing is written anywhere.
 */
import { equalBytes } from '../../../src/bytes/text.js';
import { TygrubError, unsupported } from '../../../src/errors.js';
import type { ByteSource } from '../../../src/source/byte-source.js';
import { SliceSource } from '../../../src/source/slice.js';
import type { FileSystemOptions } from '../../filesystem.js';
import { BASIC_BLOCK } from '../layout.js';
import { readSuperblock } from '../superblock.js';
import { blockOffset, type XfsVolume } from '../volume.js';
import { CancelledBuffers, decodeBufferItem, replayBuffer } from './buffer-item.js';
import { findEnds, type LogEnds } from './ends.js';
import { decodeInodeCreation, decodeInodeItem, replayInode, replayInodeCreation } from './inode-item.js';
import { Intents } from './intents.js';
import { BUFFER_FLAG, INODE_FIELDS, ITEM_TYPE, RECORD_HEADER, RECORD_MAGIC } from './layout.js';
import { LogDevice } from './log-device.js';
import { LOG_HINT, type LogOwner, logDamaged } from './record.js';
import { RecoveredSource } from './recovered-source.js';
import { type LogItem, type Transaction, transactions } from './transactions.js';

/** A filesystem and what its log did to it, in words for people. */
export interface Recovered {
  readonly volume: XfsVolume;
  readonly state: string;
}

/** The smallest log that is looked at, in basic blocks; `mkfs.xfs` never made one below 512 filesystem blocks. */
const LEAST_BLOCKS = 512;

/**
 * Replays the log where it was not closed by an unmount.
 * @throws TygrubError corrupt `xfs.log`, unsupported `xfs.log-format`, `xfs.log-item`, limit
 */
export async function recover(volume: XfsVolume, options: FileSystemOptions): Promise<Recovered> {
  const { report, superblock } = volume;
  let log: LogDevice | null;
  let ends: LogEnds | null;
  const owner: LogOwner = { uuid: superblock.fields.uuid, checksums: superblock.checksums };
  try {
    log = await openLog(volume, options);
    if (log === null) return { volume, state: 'log not read' };
    ends = await findEnds(log, owner);
  } catch (error) {
    if (!options.noJournal || !(error instanceof TygrubError)) throw error;
    report.add('xfs.log-not-replayed', `${error.message}; it was not replayed, the newest changes may be missing`);
    return { volume, state: 'log not replayed' };
  }
  if (ends === null || ends.head === ends.tail) return { volume, state: 'clean' };
  if (options.noJournal) {
    report.add(
      'xfs.log-not-replayed',
      'the filesystem was not cleanly unmounted and its log was not replayed, the newest changes are missing',
    );
    return { volume, state: 'log not replayed' };
  }
  return replay(volume, log, ends, owner);
}

/** The log: a part of the filesystem, or a device of its own. Null where it cannot be looked at, which is a warning. */
async function openLog(volume: XfsVolume, options: FileSystemOptions): Promise<LogDevice | null> {
  const { superblock, source, report } = volume;
  const { logstart, logblocks, uuid } = superblock.fields;
  const size = logblocks * superblock.blockSize;
  if (size < LEAST_BLOCKS * BASIC_BLOCK) throw logDamaged(`it has ${logblocks} blocks`);
  if (logstart === 0) {
    for (const other of await options.otherVolumes()) {
      if (other.size >= size && (await isLogOf(other, uuid))) return new LogDevice(new SliceSource(other, 0, size));
    }
    report.add(
      'xfs.external-log',
      'the log is on another device, which is not among the disks given: if the filesystem was not cleanly unmounted, the newest changes are missing',
    );
    return null;
  }
  const offset = blockOffset(superblock, logstart, logblocks, 'the superblock, for the log,');
  if (offset + size > source.size) {
    report.add(
      'xfs.log-cut-off',
      'the volume ends before the log: if the filesystem was not cleanly unmounted, the newest changes are missing',
    );
    return null;
  }
  return new LogDevice(new SliceSource(source, offset, size));
}

async function isLogOf(source: ByteSource, uuid: Uint8Array): Promise<boolean> {
  const { magicno, fs_uuid } = RECORD_HEADER.decode(await source.read(0, RECORD_HEADER.size));
  return magicno === RECORD_MAGIC && equalBytes(fs_uuid, uuid);
}

async function replay(volume: XfsVolume, log: LogDevice, ends: LogEnds, owner: LogOwner): Promise<Recovered> {
  const cancelled = new CancelledBuffers();
  for await (const { items } of transactions(log, ends, owner, volume.limits)) {
    for (const item of items) {
      if (item.type !== ITEM_TYPE.BUF) continue;
      const { flags, block, length } = decodeBufferItem(item);
      if ((flags & BUFFER_FLAG.CANCEL) !== 0) cancelled.add(block, length);
    }
  }
  const pass = new ReplayPass(volume, cancelled);
  let count = 0;
  for await (const transaction of transactions(log, ends, owner, volume.limits)) {
    await pass.apply(transaction);
    count += 1;
  }
  const { source, owners, intents } = pass;
  for (const { phrase, inode } of intents.unfinished()) {
    volume.report.add('xfs.log-unfinished', `the log began ${phrase} of inode ${inode} and did not finish it; the file is not read`);
  }
  const replayed = {
    touches: (offset: number, length: number) => source.touches(offset, length),
    ownerChanged: (inode: number) => owners.has(inode),
    unfinished: (inode: number) => intents.of(inode),
  };
  const superblock = await readSuperblock(source, volume.report, source.touches(0, BASIC_BLOCK));
  const open = intents.count;
  const rest = open === 0 ? '' : `; ${open} unfinished ${open === 1 ? 'operation' : 'operations'} left out`;
  return {
    volume: { ...volume, source, superblock, replayed },
    state: `log replayed (${count} transactions, ${source.sectors} sectors${rest})`,
  };
}

/** Items that only quotas and old repairs need. */
const IGNORED: ReadonlySet<number> = new Set([ITEM_TYPE.DQUOT, ITEM_TYPE.QUOTAOFF, ITEM_TYPE.IUNLINK]);

/** The second pass: changes go into the source. */
class ReplayPass {
  readonly source: RecoveredSource;
  readonly intents = new Intents();
  /** Inodes whose B+trees were taken over from others. */
  readonly owners = new Set<number>();

  constructor(
    private readonly volume: XfsVolume,
    private readonly cancelled: CancelledBuffers,
  ) {
    this.source = new RecoveredSource(volume.source, volume.limits);
  }

  /** Buffers come first, then inodes: these lie in buffers that the same transaction may have made (`xlog_recover_reorder_trans`). */
  async apply({ items, lsn }: Transaction): Promise<void> {
    const { superblock } = this.volume;
    const uuid = superblock.checksums ? superblock.metaUuid : null;
    const later: LogItem[] = [];
    const freed: LogItem[] = [];
    for (const item of items) {
      if (item.type === ITEM_TYPE.BUF) {
        const change = decodeBufferItem(item);
        if ((change.flags & BUFFER_FLAG.CANCEL) !== 0) freed.push(item);
        else if (!this.cancelled.has(change.block, change.length)) await replayBuffer(this.source, item, change, lsn, uuid);
      } else if (item.type === ITEM_TYPE.ICREATE) {
        const creation = decodeInodeCreation(superblock, item);
        if (!this.cancelled.startsWithin(creation.offset, creation.length)) await replayInodeCreation(this.source, superblock, creation);
      } else later.push(item);
    }
    for (const item of later) {
      if (item.type === ITEM_TYPE.INODE) {
        const change = decodeInodeItem(item);
        if (this.cancelled.has(change.block, change.length)) continue;
        if ((change.fields & (INODE_FIELDS.DOWNER | INODE_FIELDS.AOWNER)) !== 0) this.owners.add(change.inode);
        await replayInode(this.source, superblock, item, change, lsn);
      } else if (!IGNORED.has(item.type) && !this.intents.add(item)) {
        throw unsupported('xfs.log-item', `the log has an item of the unknown type 0x${item.type.toString(16)}`, { hint: LOG_HINT });
      }
    }
    for (const item of freed) {
      const { block, length } = decodeBufferItem(item);
      this.cancelled.pass(block, length);
    }
  }
}
