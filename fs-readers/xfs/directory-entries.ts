/** Names as they stand in an inode and in blocks of a directory ("XFS Algorithms & Data Structures", Directories). */
import { corrupt } from '../../src/errors.js';
import type { FileType } from '../filesystem.js';
import { DIR_ALIGN, DIR_ENTRY, DIR_FREE_TAG, DIR_TAG_SIZE, DIR_UNUSED, INO32, INO64, SHORTFORM_ENTRY, SHORTFORM_HEADER } from './layout.js';

/** A name and the inode that it stands for. */
export interface RawEntry {
  readonly inode: number;
  /** A part of the block; copy it to keep it. */
  readonly name: Uint8Array;
  readonly type: FileType | null;
}

/** `XFS_DIR3_FT_*`. */
const FILE_TYPES = new Map<number, FileType>([
  [1, 'f'],
  [2, 'd'],
  [3, 'c'],
  [4, 'b'],
  [5, 'p'],
  [6, 's'],
  [7, 'l'],
]);

/** What the decoders have to know of a directory. */
export interface EntryContext {
  /** Its inode number, for messages. */
  readonly inode: number;
  /** Entries have a byte for the type (`ftype`). */
  readonly fileTypes: boolean;
}

function damaged(context: EntryContext, what: string) {
  return corrupt('xfs.directory', `directory inode ${context.inode} is damaged: ${what}`);
}

/**
 * The entries of a short form directory, which stands in its inode; it has neither `.` nor `..`.
 * @param bytes the inode's data fork, as long as the directory
 * @throws TygrubError corrupt `xfs.directory`
 */
export function* shortFormEntries(bytes: Uint8Array, context: EntryContext): Generator<RawEntry> {
  const { count, i8count } = SHORTFORM_HEADER.decode(bytes);
  const number = i8count === 0 ? INO32 : INO64;
  // In old directories that have one large inode number, only `i8count` is above zero; then `count` may be as well.
  let at = SHORTFORM_HEADER.size + number.size;
  for (let i = 0; i < count; i++) {
    const { namelen } = SHORTFORM_ENTRY.decode(bytes, at);
    const nameAt = at + SHORTFORM_ENTRY.size;
    const typeAt = nameAt + namelen;
    if (namelen === 0 || typeAt + 1 > bytes.length) throw damaged(context, `name ${i} in its inode is ${namelen} bytes long`);
    const inodeAt = typeAt + (context.fileTypes ? 1 : 0);
    const type = context.fileTypes ? (FILE_TYPES.get(bytes[typeAt] as number) ?? null) : null;
    yield { inode: number.decode(bytes, inodeAt).ino, name: bytes.subarray(nameAt, typeAt), type };
    at = inodeAt + number.size;
  }
}

/** The end of a used entry whose name has a given length. */
function entrySize(namelen: number, context: EntryContext): number {
  const size = DIR_ENTRY.size + namelen + (context.fileTypes ? 1 : 0) + DIR_TAG_SIZE;
  return Math.ceil(size / DIR_ALIGN) * DIR_ALIGN;
}

/**
 * The used entry at one place of a block.
 * @param at byte offset in the block
 * @param end byte offset in the block where entries end
 * @throws TygrubError corrupt `xfs.directory` when there is none
 */
export function entryAt(block: Uint8Array, at: number, end: number, context: EntryContext): RawEntry & { readonly next: number } {
  if (at + DIR_ENTRY.size > end) throw damaged(context, `a name would be at byte ${at} of a block that ends at ${end}`);
  const { inumber, namelen } = DIR_ENTRY.decode(block, at);
  const next = at + entrySize(namelen, context);
  if (namelen === 0 || next > end) throw damaged(context, `the name at byte ${at} of a block is ${namelen} bytes long`);
  const nameAt = at + DIR_ENTRY.size;
  const typeAt = nameAt + namelen;
  const type = context.fileTypes ? (FILE_TYPES.get(block[typeAt] as number) ?? null) : null;
  return { inode: inumber, name: block.subarray(nameAt, typeAt), type, next };
}

/** Whether space at a place of a block is free. */
export function isFree(block: Uint8Array, at: number): boolean {
  return DIR_UNUSED.decode(block, at).freetag === DIR_FREE_TAG;
}

/**
 * All used entries of a block, `.` and `..` among them.
 * @param start byte offset of the first
 * @param end byte offset where they end
 * @throws TygrubError corrupt `xfs.directory`
 */
export function* blockEntries(block: Uint8Array, start: number, end: number, context: EntryContext): Generator<RawEntry> {
  for (let at = start; at < end; ) {
    if (isFree(block, at)) {
      const { length } = DIR_UNUSED.decode(block, at);
      if (length === 0 || length % DIR_ALIGN !== 0 || at + length > end)
        throw damaged(context, `${length} free bytes at byte ${at} of a block`);
      at += length;
      continue;
    }
    const entry = entryAt(block, at, end, context);
    yield entry;
    at = entry.next;
  }
}
