/** Logged buffers: blocks of metadata of which the changed chunks are in the log (`xfs_buf_item_recover.c`). */
import { equalBytes } from '../../../src/bytes/text.js';
import {
  ATTR_LEAF_CRC_MAGIC,
  BASIC_BLOCK,
  BMAP_CRC_MAGIC,
  BTREE_BLOCK_CRC,
  DA_BLOCK_CRC,
  DA_NODE_CRC_MAGIC,
  DIR_BLOCK_CRC_MAGIC,
  DIR_DATA_CRC_MAGIC,
  DIR_DATA_HEADER_CRC,
  DIR_LEAF1_CRC_MAGIC,
  DIR_LEAFN_CRC_MAGIC,
  REMOTE_HEADER,
  SYMLINK_MAGIC,
} from '../layout.js';
import { BITMAP_WORD, BUFFER_CHUNK, BUFFER_FLAG, BUFFER_ITEM } from './layout.js';
import { logDamaged } from './record.js';
import type { RecoveredSource } from './recovered-source.js';
import type { LogItem, LogSequence } from './transactions.js';

/** A buffer item's first region, decoded. */
export interface BufferChange {
  readonly flags: number;
  /** Sectors. */
  readonly block: number;
  readonly length: number;
  readonly bitmap: Uint8Array;
  readonly words: number;
}

/** @throws TygrubError corrupt `xfs.log` */
export function decodeBufferItem(item: LogItem): BufferChange {
  const [region = new Uint8Array(0)] = item.regions;
  if (region.length < BUFFER_ITEM.size) throw logDamaged('a buffer item is cut off');
  const { flags, len, blkno, map_size } = BUFFER_ITEM.decode(region);
  const bitmap = region.subarray(BUFFER_ITEM.size);
  if (map_size * BITMAP_WORD.size > bitmap.length) throw logDamaged(`a buffer item has a bitmap of ${map_size} words`);
  return { flags, block: blkno, length: len, bitmap, words: map_size };
}

/** Buffers that were freed after they were logged: replaying them would overwrite what is there now. */
export class CancelledBuffers {
  private readonly counts = new Map<string, number>();
  /** How many of them start at a sector. */
  private readonly starts = new Map<number, number>();

  add(block: number, length: number): void {
    change(this.counts, keyOf(block, length), 1);
    change(this.starts, block, 1);
  }

  /** Whether the buffer is freed later in the log. */
  has(block: number, length: number): boolean {
    return this.counts.has(keyOf(block, length));
  }

  /** Whether any buffer that starts in a range of bytes is freed later in the log. */
  startsWithin(offset: number, length: number): boolean {
    for (let block = offset / BASIC_BLOCK; block * BASIC_BLOCK < offset + length; block++) if (this.starts.has(block)) return true;
    return false;
  }

  /** The replay has come to the place where a buffer was freed: what follows counts again. */
  pass(block: number, length: number): void {
    change(this.counts, keyOf(block, length), -1);
    change(this.starts, block, -1);
  }
}

function keyOf(block: number, length: number): string {
  return `${block}+${length}`;
}

function change<K>(counts: Map<K, number>, key: K, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

/** The later of two places in the log. */
export function isBefore(a: LogSequence, b: LogSequence): boolean {
  return a.high !== b.high ? a.high < b.high : a.low < b.low;
}

/** What has no place in the log's history: zero, and all ones where it does not matter. */
function isNone(lsn: LogSequence): boolean {
  return (lsn.high === 0 && lsn.low === 0) || (lsn.high === 0xffffffff && lsn.low === 0xffffffff);
}

const BY_MAGIC = new Map<number, typeof BTREE_BLOCK_CRC | typeof DIR_DATA_HEADER_CRC | typeof REMOTE_HEADER>([
  [BMAP_CRC_MAGIC, BTREE_BLOCK_CRC],
  [DIR_BLOCK_CRC_MAGIC, DIR_DATA_HEADER_CRC],
  [DIR_DATA_CRC_MAGIC, DIR_DATA_HEADER_CRC],
  [SYMLINK_MAGIC, REMOTE_HEADER],
]);
const INDEX_MAGICS: readonly number[] = [DIR_LEAF1_CRC_MAGIC, DIR_LEAFN_CRC_MAGIC, DA_NODE_CRC_MAGIC, ATTR_LEAF_CRC_MAGIC];
const INDEX_MAGIC_OFFSET = DA_BLOCK_CRC.offsetOf('magic');

/**
 * When a block was last written, as it says itself; null where it does not say, and the log is right then. Blocks that
 * no lookup needs (free space, inode and reverse mapping trees) are not told apart.
 */
function writtenAt(bytes: Uint8Array, uuid: Uint8Array): LogSequence | null {
  if (bytes.length < BTREE_BLOCK_CRC.size) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout = BY_MAGIC.get(view.getUint32(0)) ?? (INDEX_MAGICS.includes(view.getUint16(INDEX_MAGIC_OFFSET)) ? DA_BLOCK_CRC : undefined);
  if (layout === undefined) return null;
  // Only these two: the block may be anything, other fields impossible.
  const lsnAt = layout.offsetOf('lsn');
  const uuidAt = layout.offsetOf('uuid');
  if (!equalBytes(bytes.subarray(uuidAt, uuidAt + uuid.length), uuid)) return null;
  const lsn = { high: view.getUint32(lsnAt), low: view.getUint32(lsnAt + 4) };
  return isNone(lsn) ? null : lsn;
}

/** No block of metadata is larger (`XFS_MAX_BLOCKSIZE`). */
const MAX_BUFFER = 64 * 1024;
const QUOTA_FLAGS = BUFFER_FLAG.UDQUOT | BUFFER_FLAG.PDQUOT | BUFFER_FLAG.GDQUOT;

/**
 * Replays a buffer item, unless the block on the disk is newer. Of buffers with inodes the log has only the list of
 * unlinked ones, and quotas are read by nobody here: both are left out.
 * @param uuid that of the metadata; null in version 4, where blocks do not say when they were written
 */
export async function replayBuffer(
  source: RecoveredSource,
  item: LogItem,
  change: BufferChange,
  lsn: LogSequence,
  uuid: Uint8Array | null,
): Promise<void> {
  if ((change.flags & (QUOTA_FLAGS | BUFFER_FLAG.INODE_BUF)) !== 0) return;
  const start = change.block * BASIC_BLOCK;
  const length = change.length * BASIC_BLOCK;
  if (length > MAX_BUFFER) throw logDamaged(`a buffer of ${length} bytes`);
  if (start + length > source.size) throw logDamaged(`a buffer of ${length} bytes at byte ${start} is behind the end of the volume`);
  if (uuid !== null) {
    const written = writtenAt(await source.read(start, Math.min(length, BTREE_BLOCK_CRC.size)), uuid);
    if (written !== null && !isBefore(written, lsn)) return;
  }
  let region = 1;
  for (const { chunk, count } of changedChunks(change)) {
    const bytes = item.regions[region++];
    if (bytes === undefined) throw logDamaged(`a buffer item has ${item.regions.length - 1} regions, its bitmap more`);
    // Regions may be shorter than their bits, as some kernels logged them.
    const whole = Math.min(count, Math.floor(bytes.length / BUFFER_CHUNK));
    if ((chunk + whole) * BUFFER_CHUNK > length)
      throw logDamaged(`a buffer of ${length} bytes has a change at byte ${chunk * BUFFER_CHUNK}`);
    await source.write(start + chunk * BUFFER_CHUNK, bytes.subarray(0, whole * BUFFER_CHUNK));
  }
}

/** The runs of ones in the bitmap. */
function* changedChunks({ bitmap, words }: BufferChange): Generator<{ chunk: number; count: number }> {
  const bits = BITMAP_WORD.size * 8;
  let start = -1;
  for (let bit = 0; bit <= words * bits; bit++) {
    const set = bit < words * bits && ((bitmap[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
    if (set && start < 0) start = bit;
    if (!set && start >= 0) {
      yield { chunk: start, count: bit - start };
      start = -1;
    }
  }
}
