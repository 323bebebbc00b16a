/** Directory blocks: linear lists of entries (Documentation/filesystems/ext4/directory.rst). */
import { crc32cRaw } from '../../src/bytes/crc.js';
import { corrupt } from '../../src/errors.js';
import type { FileType } from '../filesystem.js';
import { crcWithout } from './checksums.js';
import { INCOMPAT } from './features.js';
import type { Inode } from './inode.js';
import {
  DIRECTORY_ENTRY,
  DIRECTORY_TAIL,
  DIRECTORY_TAIL_TYPE,
  DX_COUNT_LIMIT,
  DX_ENTRY,
  DX_NODE_OFFSET,
  DX_ROOT_INFO,
  DX_ROOT_INFO_OFFSET,
  DX_TAIL,
} from './layout.js';
import type { ExtVolume } from './volume.js';

/** An entry in use. */
export interface RawEntry {
  readonly inode: number;
  readonly name: Uint8Array;
  readonly type: FileType | null;
}

const FILE_TYPES: readonly (FileType | null)[] = [null, 'f', 'd', 'c', 'b', 'p', 's', 'l'];
/** Entries are padded to this, and so are their names. */
const PAD = 4;
/** A length that does not fit 16 bits: the whole block. */
const WHOLE_BLOCK = 0xffff;

/** `rec_len` in bytes; with blocks of 64 KiB its two low bits are the high ones. */
function recordLength(stored: number, blockSize: number): number {
  if (blockSize < 0x10000) return stored;
  if (stored === WHOLE_BLOCK || stored === 0) return blockSize;
  return (stored & 0xfffc) | ((stored & 3) << 16);
}

/** What a directory block is read for: messages, and what its entries may contain. */
export interface BlockPlace {
  readonly volume: ExtVolume;
  readonly directory: Inode;
  /** As a phrase: `block 3`. */
  readonly where: string;
}

/**
 * The entries of a directory block (or of a piece of inline data), `.` and `..` included.
 * @throws TygrubError corrupt `ext.directory` at the first entry that cannot be one
 */
export function* directoryEntries(block: Uint8Array, place: BlockPlace): Generator<RawEntry> {
  const { volume, directory, where } = place;
  const { superblock } = volume;
  const typed = superblock.hasIncompat(INCOMPAT.FILETYPE);
  for (let at = 0; at < block.length; ) {
    const invalid = (what: string) =>
      corrupt('ext.directory', `directory inode ${directory.number} is damaged in ${where}, byte ${at}: ${what}`);
    if (at + DIRECTORY_ENTRY.size > block.length) throw invalid('an entry is cut off');
    const entry = DIRECTORY_ENTRY.decode(block, at);
    const length = recordLength(entry.rec_len, superblock.blockSize);
    if (length < DIRECTORY_ENTRY.size + PAD || length % PAD !== 0 || at + length > block.length)
      throw invalid(`an entry of ${length} bytes`);
    if (DIRECTORY_ENTRY.size + entry.name_len > length) throw invalid(`a name of ${entry.name_len} bytes in ${length}`);
    if (entry.inode > superblock.fields.inodes_count) throw invalid(`inode ${entry.inode} does not exist`);
    if (entry.inode !== 0) {
      const nameAt = at + DIRECTORY_ENTRY.size;
      if (entry.name_len === 0) throw invalid('a name of 0 bytes');
      yield {
        inode: entry.inode,
        name: block.subarray(nameAt, nameAt + entry.name_len),
        type: typed ? (FILE_TYPES[entry.file_type] ?? null) : null,
      };
    }
    at += length;
  }
}

/** Where the count and limit of a block of the hash tree are, or -1 when it is a block of entries. */
export function hashTreeOffset(block: Uint8Array, logical: number, blockSize: number): number {
  const first = DIRECTORY_ENTRY.decode(block);
  if (logical === 0) {
    const dot = recordLength(first.rec_len, blockSize);
    if (dot + DIRECTORY_ENTRY.size > block.length) return -1;
    const dotDot = DIRECTORY_ENTRY.decode(block, dot);
    if (dot !== 12 || recordLength(dotDot.rec_len, blockSize) !== blockSize - dot) return -1;
    const info = DX_ROOT_INFO.decode(block, DX_ROOT_INFO_OFFSET);
    return info.reserved_zero === 0 && info.info_length === DX_ROOT_INFO.size ? DX_ROOT_INFO_OFFSET + DX_ROOT_INFO.size : -1;
  }
  return first.inode === 0 && recordLength(first.rec_len, blockSize) === blockSize ? DX_NODE_OFFSET : -1;
}

/** Whether the checksum of a directory block is right; `offset` is what `hashTreeOffset` gave. */
export function checksumMatches(block: Uint8Array, directory: Inode, offset: number): boolean {
  if (offset < 0) {
    const at = block.length - DIRECTORY_TAIL.size;
    const tail = DIRECTORY_TAIL.decode(block, at);
    if (tail.inode !== 0 || tail.rec_len !== DIRECTORY_TAIL.size || tail.name_len !== 0 || tail.file_type !== DIRECTORY_TAIL_TYPE) {
      return false;
    }
    return crc32cRaw(block.subarray(0, at), directory.seed) === tail.checksum;
  }
  const { count, limit } = DX_COUNT_LIMIT.decode(block, offset);
  const tailAt = offset + limit * DX_ENTRY.size;
  if (count > limit || tailAt + DX_TAIL.size > block.length) return false;
  const tail = block.subarray(tailAt, tailAt + DX_TAIL.size);
  const used = crc32cRaw(block.subarray(0, offset + count * DX_ENTRY.size), directory.seed);
  return crcWithout(tail, used, [DX_TAIL.offsetOf('checksum'), 4]) === DX_TAIL.decode(tail).checksum;
}
