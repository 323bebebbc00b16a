/** The journal's own superblock: where the log begins, which checksums it has. */
import { crc32cRaw } from '../../../src/bytes/crc.js';
import type { Decoded } from '../../../src/bytes/layout.js';
import { corrupt, limitReached, unsupported } from '../../../src/errors.js';
import type { Limits } from '../../../src/limits.js';
import type { ByteSource } from '../../../src/source/byte-source.js';
import { crcWithout } from '../checksums.js';
import type { Report } from '../report.js';
import {
  BLOCK_TYPE,
  DEFAULT_FAST_COMMIT_BLOCKS,
  JOURNAL_COMPAT,
  JOURNAL_CRC32C,
  JOURNAL_INCOMPAT,
  JOURNAL_MAGIC,
  JOURNAL_SUPERBLOCK,
} from './layout.js';

/** An opened journal. */
export interface Journal {
  /** The journal's blocks, block 0 at byte 0. */
  readonly source: ByteSource;
  readonly fields: Decoded<typeof JOURNAL_SUPERBLOCK>;
  /** Bytes. */
  readonly blockSize: number;
  /** First block of the log. */
  readonly first: number;
  /** The block after the log's last; the log goes on at `first`. */
  readonly end: number;
  /** First block of the fast commit area, null where there is none. It ends at `fields.maxlen`. */
  readonly fastCommits: number | null;
  /** Start of the checksums of versions 2 and 3. */
  readonly seed: number;
  /** The checksums: none, of whole transactions (1), of blocks (2 and 3). */
  readonly checksums: 0 | 1 | 2 | 3;
  readonly wide: boolean;
}

const KNOWN_INCOMPAT = Object.values(JOURNAL_INCOMPAT).reduce((all, bit) => all | bit, 0);
const HINT = 'use --no-journal to read what is on the disk without the journal';

/**
 * Reads and checks the superblock of a journal.
 * @param source the journal's blocks
 * @param at block number of the superblock: 0 inside a file, 1 or 2 on a device of its own
 * @param blockSize bytes, as the filesystem's
 * @throws TygrubError corrupt, unsupported, limit `journalSize`
 */
export async function openJournal(source: ByteSource, at: number, blockSize: number, limits: Limits, report: Report): Promise<Journal> {
  const invalid = (what: string) =>
    corrupt('ext.journal-superblock', `the journal is needed, but its superblock is damaged: ${what}`, { hint: HINT });
  if (source.size < at * blockSize + JOURNAL_SUPERBLOCK.size) throw invalid('the journal is too small to have one');
  const bytes = await source.read(at * blockSize, JOURNAL_SUPERBLOCK.size);
  const fields = JOURNAL_SUPERBLOCK.decode(bytes);
  if (fields.magic !== JOURNAL_MAGIC) throw invalid(`its magic is 0x${fields.magic.toString(16)}`);
  if (fields.blocktype !== BLOCK_TYPE.SUPERBLOCK_V1 && fields.blocktype !== BLOCK_TYPE.SUPERBLOCK_V2) {
    throw invalid(`its block type is ${fields.blocktype}`);
  }
  // Version 1 ends before the features: what is there means nothing.
  const features = fields.blocktype === BLOCK_TYPE.SUPERBLOCK_V2;
  const incompat = features ? fields.feature_incompat : 0;
  const compat = features ? fields.feature_compat : 0;
  if ((incompat & ~KNOWN_INCOMPAT) !== 0) {
    throw unsupported('ext.journal-feature', `the journal uses unknown features (0x${(incompat & ~KNOWN_INCOMPAT).toString(16)})`, {
      hint: HINT,
    });
  }
  const v2 = (incompat & JOURNAL_INCOMPAT.CSUM_V2) !== 0;
  const v3 = (incompat & JOURNAL_INCOMPAT.CSUM_V3) !== 0;
  const v1 = (compat & JOURNAL_COMPAT.CHECKSUM) !== 0;
  if ((v2 && v3) || (v1 && (v2 || v3))) throw invalid('it names two kinds of checksums');
  if ((v2 || v3) && fields.checksum_type !== JOURNAL_CRC32C) {
    throw unsupported('ext.journal-feature', `the journal uses checksums of the unknown type ${fields.checksum_type}`, { hint: HINT });
  }
  if ((v2 || v3) && crcWithout(bytes, ~0, [JOURNAL_SUPERBLOCK.offsetOf('checksum'), 4]) !== fields.checksum) {
    report.mismatch("the journal's superblock", at * blockSize);
  }
  if (fields.blocksize !== blockSize) throw invalid(`blocks of ${fields.blocksize} bytes instead of ${blockSize}`);
  if (fields.maxlen * blockSize > limits.journalSize) {
    throw limitReached('journalSize', `the journal has ${fields.maxlen} blocks of ${blockSize} bytes`, { hint: HINT });
  }
  if (fields.maxlen * blockSize > source.size) throw invalid(`${fields.maxlen} blocks, the journal's file has ${source.size} bytes`);
  let end = fields.maxlen;
  let fastCommits: number | null = null;
  if ((incompat & JOURNAL_INCOMPAT.FAST_COMMIT) !== 0) {
    const blocks = fields.num_fc_blks === 0 ? DEFAULT_FAST_COMMIT_BLOCKS : fields.num_fc_blks;
    if (end - blocks >= fields.first) end -= blocks;
    // The kernel leaves one block between the log and the fast commits.
    fastCommits = end + 1;
  }
  if (fields.first === 0 || fields.first >= end) throw invalid(`its log begins at block ${fields.first} of ${end}`);
  if (fields.start !== 0 && (fields.start < fields.first || fields.start >= end)) {
    throw invalid(`its log goes on at block ${fields.start}, it is in ${fields.first} to ${end}`);
  }
  return {
    source,
    fields,
    blockSize,
    first: fields.first,
    end,
    fastCommits,
    seed: crc32cRaw(fields.uuid, ~0),
    checksums: v3 ? 3 : v2 ? 2 : v1 ? 1 : 0,
    wide: (incompat & JOURNAL_INCOMPAT['64BIT']) !== 0,
  };
}
