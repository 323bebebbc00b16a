/** The contents of descriptor and revoke blocks. */
import type { Decoded } from '../../../src/bytes/layout.js';
import type { Journal } from './journal-superblock.js';
import {
  BLOCK_TAG,
  BLOCK_TAG_HIGH,
  BLOCK_TAG_V3,
  JOURNAL_HEADER,
  JOURNAL_TAIL,
  REVOKE_HEADER,
  TAG_FLAG,
  TAG_UUID_SIZE,
  TAG_V2_EXTRA,
} from './layout.js';

const HIGH = 0x1_0000_0000;

/** What a tag says of one data block. */
export interface Tag {
  /** Where it belongs in the filesystem; not checked, and above 2^53 not exact. */
  readonly block: number;
  readonly escaped: boolean;
  /** 32 bits in version 3, 16 in version 2. */
  readonly checksum: number;
}

/** A logged block and its place in the journal. */
export interface LoggedBlock extends Tag {
  readonly at: number;
}

/** A number as 4 bytes, big-endian. */
export function be32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** The tags of a descriptor block, in the order of the data blocks that follow it. */
export function readTags(block: Uint8Array, journal: Journal): Tag[] {
  const end = block.length - (journal.checksums > 1 ? JOURNAL_TAIL.size : 0);
  const size = tagSize(journal);
  const tags: Tag[] = [];
  for (let at = JOURNAL_HEADER.size; at + size <= end; ) {
    const tag = journal.checksums === 3 ? BLOCK_TAG_V3.decode(block, at) : oldTag(block, at, journal);
    const high = journal.wide ? tag.blocknr_high : 0;
    tags.push({ block: high * HIGH + tag.blocknr, escaped: (tag.flags & TAG_FLAG.ESCAPE) !== 0, checksum: tag.checksum });
    const { flags } = tag;
    at += size + ((flags & TAG_FLAG.SAME_UUID) !== 0 ? 0 : TAG_UUID_SIZE);
    if ((flags & TAG_FLAG.LAST_TAG) !== 0) break;
  }
  return tags;
}

/** A tag before version 3, as if it were one. */
function oldTag(block: Uint8Array, at: number, journal: Journal): Decoded<typeof BLOCK_TAG_V3> {
  const high = journal.wide ? BLOCK_TAG_HIGH.decode(block, at + BLOCK_TAG.size).blocknr_high : 0;
  return { ...BLOCK_TAG.decode(block, at), blocknr_high: high };
}

function tagSize(journal: Journal): number {
  if (journal.checksums === 3) return BLOCK_TAG_V3.size;
  return BLOCK_TAG.size + (journal.wide ? BLOCK_TAG_HIGH.size : 0) + (journal.checksums === 2 ? TAG_V2_EXTRA : 0);
}

/** The block numbers of a revoke block; null when it says that it has more bytes than a block. */
export function readRevokes(block: Uint8Array, journal: Journal): number[] | null {
  const end = REVOKE_HEADER.decode(block).count;
  if (end > block.length - (journal.checksums > 1 ? JOURNAL_TAIL.size : 0)) return null;
  const size = journal.wide ? 8 : 4;
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const revoked: number[] = [];
  for (let at = REVOKE_HEADER.size; at + size <= end; at += size) {
    const high = journal.wide ? view.getUint32(at, false) : 0;
    revoked.push(high * HIGH + view.getUint32(at + size - 4, false));
  }
  return revoked;
}
