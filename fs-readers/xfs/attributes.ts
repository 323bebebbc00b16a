/**
 * Extended attributes: in the inode, or in leaf blocks below a B+tree, with long values in blocks of their own ("XFS
 * Algorithms & Data Structures", Extended Attributes).
 */
import { decodeLatin1, nameText } from '../../src/bytes/text.js';
import { corrupt, limitReached } from '../../src/errors.js';
import { aclForUsers } from './acl.js';
import { type BlockMap, blockMap } from './block-map.js';
import { type Inode, isLocal } from './inode.js';
import {
  ATTR_FLAG,
  ATTR_LEAF_CRC_MAGIC,
  ATTR_LEAF_ENTRY,
  ATTR_LEAF_HEADER_CRC_SIZE,
  ATTR_LEAF_HEADER_SIZE,
  ATTR_LEAF_MAGIC,
  ATTR_LOCAL,
  ATTR_REMOTE,
  ATTR_REMOTE_MAGIC,
  ATTR_SHORTFORM_ENTRY,
  ATTR_SHORTFORM_HEADER,
  DA_BLOCK,
  DA_BLOCK_CRC,
  DA_NODE_CRC_MAGIC,
  DA_NODE_MAGIC,
  NODE_ENTRY,
  REMOTE_HEADER,
} from './layout.js';
import { readMetadata, verify, type XfsVolume } from './volume.js';

/** Where a long value is: its first logical block in the attribute fork. */
interface RemoteValue {
  readonly block: number;
  readonly size: number;
}

interface AttributeEntry {
  readonly flags: number;
  readonly name: Uint8Array;
  readonly value: Uint8Array | RemoteValue;
}

/** Reads the attributes of one inode. */
class AttributeFork {
  private readonly map: BlockMap;

  constructor(
    private readonly volume: XfsVolume,
    private readonly inode: Inode,
    fork: NonNullable<Inode['attributes']>,
  ) {
    this.map = blockMap(volume, inode, fork);
  }

  /** All entries, leaf after leaf. */
  async *entries(): AsyncGenerator<AttributeEntry> {
    const { superblock, limits } = this.volume;
    const { checksums } = superblock;
    const nodeMagic = checksums ? DA_NODE_CRC_MAGIC : DA_NODE_MAGIC;
    const layout = checksums ? DA_BLOCK_CRC : DA_BLOCK;
    let block = 0;
    let current = await this.index(block);
    for (let level = layout.decode(current).level; layout.decode(current).magic === nodeMagic; level--) {
      const node = layout.decode(current);
      if (node.level !== level || level === 0 || level > limits.treeDepth)
        throw this.invalid(`a node says that it is at level ${node.level}`);
      if (node.count === 0) throw this.invalid('a node has no children');
      block = NODE_ENTRY.decode(current, layout.size).before;
      current = await this.index(block);
      if (level === 1 && layout.decode(current).magic === nodeMagic) throw this.invalid('there is a node where leaves should be');
    }
    const seen = new Set<number>();
    for (;;) {
      seen.add(block);
      if (seen.size > limits.treeNodes)
        throw limitReached('treeNodes', `the attributes of inode ${this.inode.number} have more than ${limits.treeNodes} blocks`);
      const { magic, forw, count } = layout.decode(current);
      if (magic !== (checksums ? ATTR_LEAF_CRC_MAGIC : ATTR_LEAF_MAGIC))
        throw this.invalid(`a block has the magic 0x${magic.toString(16)}`);
      yield* this.leaf(current, count);
      if (forw === 0) return;
      if (seen.has(forw)) throw this.invalid(`block ${forw} follows itself`);
      block = forw;
      current = await this.index(block);
    }
  }

  private *leaf(bytes: Uint8Array, count: number): Generator<AttributeEntry> {
    const start = this.volume.superblock.checksums ? ATTR_LEAF_HEADER_CRC_SIZE : ATTR_LEAF_HEADER_SIZE;
    if (start + count * ATTR_LEAF_ENTRY.size > bytes.length) throw this.invalid(`a block has ${count} attributes`);
    for (let i = 0; i < count; i++) {
      const { nameidx, flags } = ATTR_LEAF_ENTRY.decode(bytes, start + i * ATTR_LEAF_ENTRY.size);
      const local = (flags & ATTR_FLAG.LOCAL) !== 0;
      const head = local ? ATTR_LOCAL : ATTR_REMOTE;
      const nameAt = nameidx + head.size;
      if (nameidx < start + count * ATTR_LEAF_ENTRY.size || nameAt > bytes.length)
        throw this.invalid(`attribute ${i} is at byte ${nameidx}`);
      const { namelen, valuelen } = head.decode(bytes, nameidx);
      const valueAt = nameAt + namelen;
      const end = valueAt + (local ? valuelen : 0);
      if (namelen === 0 || end > bytes.length) throw this.invalid(`attribute ${i} is cut off`);
      const name = bytes.slice(nameAt, valueAt);
      if (local) yield { flags, name, value: bytes.slice(valueAt, end) };
      else yield { flags, name, value: { block: ATTR_REMOTE.decode(bytes, nameidx).valueblk, size: valuelen } };
    }
  }

  /** Reads one block of the index. */
  private async index(block: number): Promise<Uint8Array> {
    const what = `block ${block} of the attributes of inode ${this.inode.number}`;
    const offset = await this.place(block, what);
    const bytes = await readMetadata(this.volume, offset, this.volume.superblock.blockSize, what);
    if (this.volume.superblock.checksums) verify(this.volume, DA_BLOCK_CRC, bytes, offset, this.inode.number, what);
    return bytes;
  }

  private async place(block: number, what: string): Promise<number> {
    const { start, offset } = await this.map.find(block);
    if (offset === null) throw this.invalid(`${what} is a hole`);
    return offset + (block - start) * this.volume.superblock.blockSize;
  }

  /** Reads a long value: block by block, each with a header where the filesystem has checksums. */
  async value(entry: AttributeEntry): Promise<Uint8Array> {
    if (entry.value instanceof Uint8Array) return entry.value;
    const { volume, inode } = this;
    const { blockSize, checksums } = volume.superblock;
    const { size, block } = entry.value;
    if (size > volume.limits.attributeSize)
      throw limitReached('attributeSize', `the attribute ${nameText(entry.name)} of inode ${inode.number} has ${size} bytes`);
    const value = new Uint8Array(size);
    const what = `the attribute ${nameText(entry.name)} of inode ${inode.number}`;
    for (let done = 0, at = block; done < size; at++) {
      const offset = await this.place(at, what);
      const bytes = await readMetadata(volume, offset, blockSize, what);
      let piece = bytes;
      if (checksums) {
        const header = REMOTE_HEADER.decode(bytes);
        if (
          header.magic !== ATTR_REMOTE_MAGIC ||
          header.offset !== done ||
          header.bytes === 0 ||
          header.bytes > blockSize - REMOTE_HEADER.size
        ) {
          throw this.invalid(`${what} has no such block`);
        }
        verify(volume, REMOTE_HEADER, bytes, offset, inode.number, what);
        piece = bytes.subarray(REMOTE_HEADER.size, REMOTE_HEADER.size + header.bytes);
      }
      piece = piece.subarray(0, size - done);
      value.set(piece, done);
      done += piece.length;
    }
    return value;
  }

  private invalid(what: string) {
    return damaged(this.inode, what);
  }
}

function damaged(inode: Inode, what: string) {
  return corrupt('xfs.attributes', `the extended attributes of inode ${inode.number} are damaged: ${what}`);
}

/** The attributes that stand in the inode itself. */
function* shortForm(inode: Inode, bytes: Uint8Array): Generator<AttributeEntry> {
  const { totsize, count } = ATTR_SHORTFORM_HEADER.decode(bytes);
  if (totsize > bytes.length) throw damaged(inode, `they take ${totsize} bytes in an inode with room for ${bytes.length}`);
  let at = ATTR_SHORTFORM_HEADER.size;
  for (let i = 0; i < count; i++) {
    if (at + ATTR_SHORTFORM_ENTRY.size > totsize) throw damaged(inode, `attribute ${i} is cut off`);
    const { namelen, valuelen, flags } = ATTR_SHORTFORM_ENTRY.decode(bytes, at);
    const nameAt = at + ATTR_SHORTFORM_ENTRY.size;
    const valueAt = nameAt + namelen;
    at = valueAt + valuelen;
    if (namelen === 0 || at > totsize) throw damaged(inode, `attribute ${i} is cut off`);
    yield { flags, name: bytes.slice(nameAt, valueAt), value: bytes.slice(valueAt, at) };
  }
}

/** Access control lists: as users of the attributes know them, by the names under which XFS keeps them. */
const ACL_NAMES = new Map<string, string>([
  ['SGI_ACL_FILE', 'system.posix_acl_access'],
  ['SGI_ACL_DEFAULT', 'system.posix_acl_default'],
]);

/**
 * All extended attributes of an inode, by their full names; values as `getxattr` gives them. An access control list is
 * there twice, as Linux has it: under its own name and under that of XFS.
 * @throws TygrubError corrupt, limit
 */
export async function extendedAttributes(volume: XfsVolume, inode: Inode): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>();
  const fork = inode.attributes;
  if (fork === null || (fork.extents === 0 && !isLocal(fork))) return all;
  const opened = isLocal(fork) ? null : new AttributeFork(volume, inode, fork);
  for await (const entry of opened === null ? shortForm(inode, fork.bytes) : opened.entries()) {
    // Parent pointers are the filesystem's own; an incomplete attribute is one that was being changed.
    if ((entry.flags & (ATTR_FLAG.PARENT | ATTR_FLAG.INCOMPLETE)) !== 0) continue;
    const root = (entry.flags & ATTR_FLAG.ROOT) !== 0;
    const prefix = root ? 'trusted.' : (entry.flags & ATTR_FLAG.SECURE) !== 0 ? 'security.' : 'user.';
    const name = `${prefix}${nameText(entry.name)}`;
    if (all.has(name)) continue;
    const value = opened === null ? (entry.value as Uint8Array) : await opened.value(entry);
    const acl = root ? ACL_NAMES.get(decodeLatin1(entry.name)) : undefined;
    if (acl !== undefined) all.set(acl, aclForUsers(value));
    all.set(name, value);
  }
  return all;
}
