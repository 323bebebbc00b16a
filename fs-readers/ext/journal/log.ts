/**
 * The log: descriptor blocks that say where the blocks after them belong, revoke blocks that say which older copies no
 * longer count, commit blocks that make the rest valid (Documentation/filesystems/ext4/journal.rst). It is read as the
 * kernel's recovery reads it, in one pass: a transaction counts from the moment its commit block is found good.
 */
import { crc32cRaw, crc32MsbFirst } from '../../../src/bytes/crc.js';
import type { Decoded } from '../../../src/bytes/layout.js';
import { limitReached } from '../../../src/errors.js';
import type { Limits } from '../../../src/limits.js';
import { crcWithout } from '../checksums.js';
import type { Report } from '../report.js';
import type { Superblock } from '../superblock.js';
import { be32, type LoggedBlock, readRevokes, readTags } from './descriptor.js';
import type { Journal } from './journal-superblock.js';
import { BLOCK_TYPE, COMMIT_CRC32, COMMIT_CRC32_SIZE, COMMIT_HEADER, JOURNAL_HEADER, JOURNAL_MAGIC, JOURNAL_TAIL } from './layout.js';

/** Where the newest copy of a block of the filesystem is. */
export interface Replacement {
  /** Block of the journal. */
  readonly at: number;
  /** Its first four bytes are the journal's magic and were stored as zeros. */
  readonly escaped: boolean;
}

/** What a journal's log amounts to. */
export interface Replay {
  readonly transactions: number;
  /** By block number of the filesystem. */
  readonly blocks: ReadonlyMap<number, Replacement>;
  /** The number that the next transaction would have: fast commits must carry it. */
  readonly nextSequence: number;
  /**
   * Damage inside a transaction whose commit block is good, as a phrase; null when all is well. Blocks were lost after
   * they had reached the disk, later transactions count on them: the kernel refuses to mount then.
   */
  readonly damage: string | null;
}

/** Data blocks read at once for their checksums, in bytes. */
const CHUNK = 256 * 1024;

/** What the log says between two commit blocks. */
class Transaction {
  readonly blocks: LoggedBlock[] = [];
  readonly revoked: number[] = [];
  /** The first kind of checksums: over all descriptors and data. */
  crc = 0xffffffff;
  /** What is wrong with its own blocks; it may also be left over from an earlier use of the journal's blocks. */
  damage: string | undefined;
  /** Copies whose checksums are wrong, by the block that they are copies of. */
  readonly wrong = new Map<number, string>();
}

/** Reads the log of one journal. */
class LogReader {
  private next: number;
  private sequence: number;
  /** Blocks read so far: a log cannot be longer than the journal. */
  private used = 0;
  private lastCommitTime = 0;
  private readonly replaced = new Map<number, Replacement>();
  /** Damaged copies that no later transaction revoked. */
  private readonly wrong = new Map<number, string>();
  private damage: string | null = null;
  private transactions = 0;

  constructor(
    private readonly journal: Journal,
    private readonly superblock: Superblock,
    private readonly limits: Limits,
    private readonly report: Report,
  ) {
    this.next = journal.fields.start;
    this.sequence = journal.fields.sequence;
  }

  async run(): Promise<Replay> {
    let transaction = new Transaction();
    while (this.used < this.journal.end - this.journal.first) {
      const at = this.advance();
      const block = await this.read(at, 1);
      const header = JOURNAL_HEADER.decode(block);
      if (header.magic !== JOURNAL_MAGIC || header.sequence !== this.sequence) break;
      if (header.blocktype === BLOCK_TYPE.DESCRIPTOR) await this.descriptor(block, at, transaction);
      else if (header.blocktype === BLOCK_TYPE.REVOKE) {
        this.revoke(block, at, transaction);
      } else if (header.blocktype === BLOCK_TYPE.COMMIT) {
        if (!this.commit(block, at, transaction)) break;
        transaction = new Transaction();
      } else break;
    }
    const [wrong = null] = this.wrong.values();
    return { transactions: this.transactions, blocks: this.replaced, nextSequence: this.sequence, damage: this.damage ?? wrong };
  }

  /** The next block of the log, which is a ring. */
  private advance(): number {
    const at = this.next;
    this.next = at + 1 === this.journal.end ? this.journal.first : at + 1;
    this.used += 1;
    return at;
  }

  private read(at: number, count: number): Promise<Uint8Array> {
    return this.journal.source.read(at * this.journal.blockSize, count * this.journal.blockSize);
  }

  private tailMatches(block: Uint8Array): boolean {
    if (this.journal.checksums < 2) return true;
    const at = block.length - JOURNAL_TAIL.size;
    return crcWithout(block, this.journal.seed, [at, JOURNAL_TAIL.size]) === JOURNAL_TAIL.decode(block, at).checksum;
  }

  private revoke(block: Uint8Array, at: number, transaction: Transaction): void {
    if (!this.tailMatches(block)) transaction.damage ??= `the checksum of revoke block ${at} is wrong`;
    const revoked = readRevokes(block, this.journal);
    if (revoked === null) transaction.damage ??= `revoke block ${at} says that it has more bytes than a block`;
    for (const number of revoked ?? []) transaction.revoked.push(number);
    this.bound(transaction);
  }

  private async descriptor(block: Uint8Array, at: number, transaction: Transaction): Promise<void> {
    if (!this.tailMatches(block)) transaction.damage ??= `the checksum of descriptor block ${at} is wrong`;
    const tags = readTags(block, this.journal);
    if (this.journal.checksums === 1) transaction.crc = crc32MsbFirst(block, transaction.crc);
    const first = transaction.blocks.length;
    for (const tag of tags) {
      if (this.used >= this.journal.end - this.journal.first) {
        // More data than there is journal: nothing after this can be a commit block.
        transaction.damage ??= `descriptor block ${at} describes more blocks than the journal has`;
        return;
      }
      if (tag.block >= this.superblock.blocksCount) {
        transaction.damage ??= `descriptor block ${at} has a copy of block ${tag.block}, the filesystem has ${this.superblock.blocksCount}`;
      }
      transaction.blocks.push({ ...tag, at: this.advance() });
    }
    this.bound(transaction);
    if (this.journal.checksums > 0 && transaction.damage === undefined) await this.verifyData(transaction, first);
  }

  /** Checks the data blocks of one descriptor, in large reads where they stand side by side. */
  private async verifyData(transaction: Transaction, first: number): Promise<void> {
    const { blockSize, checksums, seed } = this.journal;
    const { blocks } = transaction;
    const inChunk = Math.max(1, Math.floor(CHUNK / blockSize));
    const start = crc32cRaw(be32(this.sequence), seed);
    for (let i = first; i < blocks.length; ) {
      const from = (blocks[i] as LoggedBlock).at;
      let count = 1;
      while (count < inChunk && blocks[i + count]?.at === from + count) count++;
      const data = await this.read(from, count);
      for (let k = 0; k < count; k++, i++) {
        const piece = data.subarray(k * blockSize, (k + 1) * blockSize);
        const { block, checksum, at } = blocks[i] as LoggedBlock;
        if (checksums === 1) transaction.crc = crc32MsbFirst(piece, transaction.crc);
        else {
          const crc = crc32cRaw(piece, start);
          // Version 2 has room for half of it.
          if ((checksums === 2 ? crc & 0xffff : crc) !== checksum)
            transaction.wrong.set(block, `the checksum of data block ${at} is wrong`);
        }
      }
    }
  }

  private commitIsGood(block: Uint8Array, header: Decoded<typeof COMMIT_HEADER>, transaction: Transaction): boolean {
    if (this.journal.checksums === 0) return true;
    if (this.journal.checksums === 1) {
      const unused = header.chksum_type === 0 && header.chksum_size === 0 && header.chksum === 0;
      const known = header.chksum_type === COMMIT_CRC32 && header.chksum_size === COMMIT_CRC32_SIZE;
      return unused || (known && header.chksum === transaction.crc);
    }
    const field = [COMMIT_HEADER.offsetOf('chksum'), 4] as const;
    if (crcWithout(block, this.journal.seed, field) === header.chksum) return true;
    // Old e2fsprogs left other bytes behind the header than those that they had summed up (zeros); the kernel allows it.
    const bare = new Uint8Array(block.length);
    bare.set(block.subarray(0, COMMIT_HEADER.size));
    return crcWithout(bare, this.journal.seed, field) === header.chksum;
  }

  /** Takes a transaction over; false when it does not count, and with it nothing after it. */
  private commit(block: Uint8Array, at: number, transaction: Transaction): boolean {
    const header = COMMIT_HEADER.decode(block);
    const time = header.commit_sec_hi * 0x1_0000_0000 + header.commit_sec_lo;
    // Blocks of an earlier use of the journal can look like a next transaction: then its time lies before the last one.
    const stale = time < this.lastCommitTime;
    if (transaction.damage !== undefined) {
      if (!stale) this.damage = transaction.damage;
      return false;
    }
    if (!this.commitIsGood(block, header, transaction)) {
      // So ends a journal whose last transaction did not reach the disk as a whole: what is before it counts.
      if (!stale) {
        this.report.warn({
          code: 'ext.journal-damaged',
          message: `the journal is damaged at transaction ${this.sequence} (the checksum of commit block ${at} is wrong): it was replayed up to the one before, the newest changes are missing`,
          hint: 'let the guest repair its filesystem',
        });
      }
      return false;
    }
    this.lastCommitTime = time;
    for (const { block: number, at: place, escaped } of transaction.blocks) {
      this.replaced.set(number, { at: place, escaped });
    }
    for (const [number, what] of transaction.wrong) this.wrong.set(number, what);
    // A revoked block's copies in this transaction and before do not count: it may hold a file's data by now.
    for (const number of transaction.revoked) {
      this.replaced.delete(number);
      this.wrong.delete(number);
    }
    this.bound(new Transaction());
    this.transactions += 1;
    this.sequence = (this.sequence + 1) >>> 0;
    return true;
  }

  private bound(transaction: Transaction): void {
    const most = this.limits.journalBlocks;
    if (this.replaced.size > most || transaction.blocks.length + transaction.revoked.length > most) {
      throw limitReached('journalBlocks', `the journal replaces more than ${most} blocks`, {
        hint: 'use --no-journal to read what is on the disk without the journal',
      });
    }
  }
}

/** Reads the log of a journal that was left in use. Nothing is written; the result only says which copies count. */
export async function readLog(journal: Journal, superblock: Superblock, limits: Limits, report: Report): Promise<Replay> {
  if (journal.fields.start === 0) return { transactions: 0, blocks: new Map(), nextSequence: journal.fields.sequence, damage: null };
  return new LogReader(journal, superblock, limits, report).run();
}
