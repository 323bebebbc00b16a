/**
 * The fast commit area: records that say what changed since the last full commit, in a form smaller than whole blocks
 * (Documentation/filesystems/ext4/journal.rst, "Fast Commits"). What counts is what a tail with a good checksum ends.
 */
import { crc32cRaw } from '../../../src/bytes/crc.js';
import { limitReached, unsupported } from '../../../src/errors.js';
import type { Limits } from '../../../src/limits.js';
import { EXTENT, OLD_INODE_SIZE } from '../layout.js';
import type { Journal } from './journal-superblock.js';
import { FC_ADD_RANGE, FC_DEL_RANGE, FC_DENTRY, FC_HEAD, FC_INODE, FC_RECORD, FC_TAG, FC_TAIL } from './layout.js';

/** A record that counts. */
export interface FastCommitRecord {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** All fast commits after the last full one. */
export interface FastCommitRecords {
  readonly commits: number;
  readonly records: readonly FastCommitRecord[];
}

const MAX_NAME = 255;

function lengthIsValid(tag: number, length: number, inodeSize: number): boolean {
  switch (tag) {
    case FC_TAG.ADD_RANGE:
      return length === FC_ADD_RANGE.size + EXTENT.size;
    case FC_TAG.DEL_RANGE:
      return length === FC_DEL_RANGE.size;
    case FC_TAG.CREAT:
    case FC_TAG.LINK:
    case FC_TAG.UNLINK:
      return length > FC_DENTRY.size && length <= FC_DENTRY.size + MAX_NAME;
    case FC_TAG.INODE:
      return length >= FC_INODE.size + OLD_INODE_SIZE && length <= FC_INODE.size + inodeSize;
    case FC_TAG.HEAD:
      return length === FC_HEAD.size;
    case FC_TAG.TAIL:
      return length >= FC_TAIL.size;
    default:
      return tag === FC_TAG.PAD;
  }
}

/**
 * Reads the fast commits that follow a full commit.
 * @param sequence the number that they must carry: that of the transaction after the last full one
 * @returns no records when there are none for that number, as after every full commit
 * @throws TygrubError unsupported for features that are not known, limit `fastCommitRecords`
 */
export async function readFastCommits(journal: Journal, sequence: number, inodeSize: number, limits: Limits): Promise<FastCommitRecords> {
  const { blockSize, source, fields, fastCommits } = journal;
  const records: FastCommitRecord[] = [];
  let good = 0; // records before the last good tail
  let commits = 0;
  const result = (): FastCommitRecords => ({ commits, records: records.slice(0, good) });
  if (fastCommits === null) return result();
  let crc = 0;
  for (let number = fastCommits; number < fields.maxlen; number++) {
    const block = await source.read(number * blockSize, blockSize);
    if (number === fastCommits && FC_RECORD.decode(block).tag !== FC_TAG.HEAD) return result();
    for (let at = 0; at + FC_RECORD.size <= block.length; ) {
      const { tag, len } = FC_RECORD.decode(block, at);
      const start = at + FC_RECORD.size;
      if (start + len > block.length || !lengthIsValid(tag, len, inodeSize)) return result();
      const value = block.subarray(start, start + len);
      at = start + len;
      if (tag === FC_TAG.TAIL) {
        const tail = FC_TAIL.decode(value);
        crc = crc32cRaw(block.subarray(start - FC_RECORD.size, start + FC_TAIL.offsetOf('crc')), crc);
        if (tail.tid !== sequence || tail.crc !== crc) return result();
        good = records.length;
        commits += 1;
        crc = 0;
        continue;
      }
      if (tag === FC_TAG.HEAD) {
        const head = FC_HEAD.decode(value);
        if (head.tid !== sequence) return result();
        if (head.features !== 0) {
          throw unsupported('ext.fast-commit-feature', `the fast commits use unknown features (0x${head.features.toString(16)})`, {
            hint: 'use --no-journal to read what is on the disk without the journal',
          });
        }
      } else if (tag !== FC_TAG.PAD) {
        records.push({ tag, value: value.slice() });
        if (records.length > limits.fastCommitRecords) {
          throw limitReached('fastCommitRecords', `the journal has more than ${limits.fastCommitRecords} fast commit records`);
        }
      }
      crc = crc32cRaw(block.subarray(start - FC_RECORD.size, start + len), crc);
    }
  }
  return result();
}
