/**
 * Extended attributes: behind the fields of a large inode, in one block of their own, or (ea_inode) with values that are
 * whole inodes (Documentation/filesystems/ext4/attributes.rst).
 */
import { crc32cRaw } from '../../src/bytes/crc.js';
import { nameText } from '../../src/bytes/text.js';
import { corrupt, limitReached } from '../../src/errors.js';
import { contentOf } from './block-map.js';
import { crcWithout, le32 } from './checksums.js';
import { INCOMPAT } from './features.js';
import { hasFlag, type Inode, readInode } from './inode.js';
import { INODE_FLAG, XATTR_BLOCK_HEADER, XATTR_ENTRY, XATTR_INODE_HEADER, XATTR_MAGIC } from './layout.js';
import { aclForUsers } from './posix-acl.js';
import { type ExtVolume, readBlock } from './volume.js';

/**
 * `e_name_index`: the part of the name that is not stored. Others are the filesystem's own (inline data, fscrypt's context):
 * the kernel shows them to nobody.
 */
const PREFIXES = new Map<number, string>([
  [1, 'user.'],
  [2, 'system.posix_acl_access'],
  [3, 'system.posix_acl_default'],
  [4, 'trusted.'],
  [6, 'security.'],
  [10, 'gnu.'],
]);
const ACL_INDEXES: readonly number[] = [2, 3];

/** One attribute as its entry has it. */
export interface AttributeEntry {
  readonly prefix: number;
  readonly name: Uint8Array;
  /** Where the value is: bytes of the same structure, or a whole inode. */
  readonly value: Uint8Array | { readonly inode: number; readonly size: number };
}

/** Entries end with four zero bytes, where the next one's lengths would be. */
const END_SIZE = 4;
/** Entries and their names are padded to this. */
const PAD = 4;

/**
 * Decodes a table of attributes.
 * @param bytes the structure that holds entries and values
 * @param first byte offset of the first entry
 * @param valueBase what value offsets count from
 * @throws TygrubError corrupt `ext.attributes`
 */
function readTable(bytes: Uint8Array, first: number, valueBase: number, where: string): AttributeEntry[] {
  const found: AttributeEntry[] = [];
  const invalid = (what: string) => corrupt('ext.attributes', `the extended attributes in ${where} are damaged: ${what}`);
  for (let at = first; ; ) {
    if (at + END_SIZE > bytes.length) throw invalid('their table has no end');
    if (bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 0 && bytes[at + 3] === 0) return found;
    if (at + XATTR_ENTRY.size > bytes.length) throw invalid('an entry is cut off');
    const entry = XATTR_ENTRY.decode(bytes, at);
    const nameAt = at + XATTR_ENTRY.size;
    if (nameAt + entry.name_len > bytes.length) throw invalid('a name is cut off');
    const name = bytes.slice(nameAt, nameAt + entry.name_len);
    if (entry.value_inum !== 0) {
      found.push({ prefix: entry.name_index, name, value: { inode: entry.value_inum, size: entry.value_size } });
    } else {
      const start = valueBase + entry.value_offs;
      if (entry.value_size > 0 && start + entry.value_size > bytes.length) throw invalid(`the value of ${nameText(name)} is cut off`);
      found.push({
        prefix: entry.name_index,
        name,
        value: entry.value_size === 0 ? new Uint8Array(0) : bytes.slice(start, start + entry.value_size),
      });
    }
    at = nameAt + Math.ceil(entry.name_len / PAD) * PAD;
  }
}

/** The attributes that stand in the inode itself. */
export function inodeAttributes(inode: Inode): AttributeEntry[] {
  const { raw, extraEnd } = inode;
  if (extraEnd + XATTR_INODE_HEADER.size + END_SIZE > raw.length) return [];
  if (XATTR_INODE_HEADER.decode(raw, extraEnd).magic !== XATTR_MAGIC) return [];
  const first = extraEnd + XATTR_INODE_HEADER.size;
  return readTable(raw, first, first, `inode ${inode.number}`);
}

async function blockAttributes(volume: ExtVolume, inode: Inode): Promise<AttributeEntry[]> {
  const number = inode.attributeBlock;
  if (number === 0) return [];
  const where = `block ${number} (inode ${inode.number})`;
  const block = await readBlock(volume, number, `inode ${inode.number}`);
  const header = XATTR_BLOCK_HEADER.decode(block);
  if (header.magic !== XATTR_MAGIC || header.blocks !== 1) {
    throw corrupt('ext.attributes', `the extended attributes in ${where} are damaged: the block has no such header`);
  }
  if (volume.superblock.metadataChecksums) {
    let seed = crc32cRaw(le32(number), volume.superblock.checksumSeed);
    seed = crc32cRaw(le32(Math.floor(number / 0x1_0000_0000)), seed);
    if (crcWithout(block, seed, [XATTR_BLOCK_HEADER.offsetOf('checksum'), 4]) !== header.checksum) {
      volume.report.mismatch(`the extended attributes in ${where}`, number * volume.superblock.blockSize);
    }
  }
  return readTable(block, XATTR_BLOCK_HEADER.size, 0, where);
}

async function attributeValue(volume: ExtVolume, entry: AttributeEntry): Promise<Uint8Array> {
  if (entry.value instanceof Uint8Array) return entry.value;
  const { inode: number, size } = entry.value;
  if (!volume.superblock.hasIncompat(INCOMPAT.EA_INODE)) {
    throw corrupt('ext.attributes', `the attribute ${nameText(entry.name)} is in inode ${number}, but the filesystem has no ea_inode`);
  }
  if (size > volume.limits.attributeSize) {
    throw limitReached('attributeSize', `the attribute ${nameText(entry.name)} has ${size} bytes`);
  }
  const inode = await readInode(volume, number);
  if (!hasFlag(inode, INODE_FLAG.EA_INODE) || inode.size !== size || inode.type !== 'f') {
    throw corrupt('ext.attributes', `inode ${number} does not hold the value of the attribute ${nameText(entry.name)}`);
  }
  return contentOf(volume, inode).read(0, size);
}

/** `system.`, of which ext has one attribute, `data`. */
const SYSTEM_PREFIX = 7;

/** Whether this is where inline data goes on behind `i_block`. */
export function isInlineData(entry: AttributeEntry): boolean {
  return entry.prefix === SYSTEM_PREFIX && nameText(entry.name) === 'data';
}

/**
 * All extended attributes of an inode, by their full names; values as `getxattr` gives them.
 * @throws TygrubError corrupt, limit
 */
export async function extendedAttributes(volume: ExtVolume, inode: Inode): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>();
  let total = 0;
  for (const entry of [...inodeAttributes(inode), ...(await blockAttributes(volume, inode))]) {
    const prefix = PREFIXES.get(entry.prefix);
    if (prefix === undefined) continue;
    const name = `${prefix}${nameText(entry.name)}`;
    if (all.has(name)) continue;
    const value = await attributeValue(volume, entry);
    total += value.length;
    if (total > volume.limits.attributesSize) {
      throw limitReached(
        'attributesSize',
        `the extended attributes of inode ${inode.number} have more than ${volume.limits.attributesSize} bytes`,
      );
    }
    all.set(name, ACL_INDEXES.includes(entry.prefix) ? aclForUsers(value) : value);
  }
  return all;
}
