/** The superblock and its copies: the one of the highest generation that is right counts. */
import { equalBytes } from '../../src/bytes/text.js';
import { isZero } from '../../src/bytes/uuid.js';
import { corrupt, TygrubError } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import type { FileSystemOptions } from '../filesystem.js';
import type { WarningList } from '../warning-list.js';
import { type Checksum, checksumOf, matches } from './checksum.js';
import { badSuperblock, checkFeatures, INCOMPAT } from './features.js';
import { CHECKSUM_FIELD, DEV_ITEM, MAX_LEVEL, SUPERBLOCK, SYSTEM_CHUNK_ARRAY_SIZE } from './layout.js';
import { hasMagic, SUPERBLOCK_OFFSETS, superblockBytes } from './magic.js';

type Fields = ReturnType<typeof SUPERBLOCK.decode>;
type DeviceItem = ReturnType<typeof DEV_ITEM.decode>;

/** A superblock that was checked. */
export interface Superblock {
  readonly fields: Fields;
  readonly device: DeviceItem;
  readonly checksum: Checksum;
  /** The UUID that tree blocks carry; differs from `fsid` where that was changed later (metadata_uuid). */
  readonly metadataUuid: Uint8Array;
  /** Byte offset at which it was found. */
  readonly offset: number;
}

const MIN_SECTOR = 512;
const MAX_NODE = 65536;

const isPowerOfTwo = (n: number): boolean => n > 0 && (n & (n - 1)) === 0;

/**
 * Checks one copy.
 * @throws TygrubError corrupt `btrfs.superblock`, `btrfs.checksum`; unsupported
 */
async function checkCopy(bytes: Uint8Array, offset: number, warnings: WarningList | null): Promise<Superblock> {
  if (!hasMagic(bytes)) throw badSuperblock('its magic number is missing', offset);
  const fields = SUPERBLOCK.decode(bytes);
  const checksum = await checksumOf(fields.csum_type);
  if (!matches(checksum, bytes.subarray(CHECKSUM_FIELD), fields.csum)) {
    const message = 'the checksum of the superblock does not match its contents';
    if (warnings === null) {
      throw corrupt('btrfs.checksum', message, { offset, hint: 'use --ignore-checksums to read it all the same' });
    }
    warnings.add('btrfs.checksum', message, offset);
  }
  checkFeatures(fields.incompat_flags);
  if (fields.bytenr !== offset) throw badSuperblock(`it says that it stands at byte ${fields.bytenr}`, offset);
  const { sectorsize, nodesize } = fields;
  if (!isPowerOfTwo(sectorsize) || sectorsize < MIN_SECTOR || sectorsize > MAX_NODE) {
    throw badSuperblock(`its sectors have ${sectorsize} bytes`, offset);
  }
  if (!isPowerOfTwo(nodesize) || nodesize < sectorsize || nodesize > MAX_NODE) {
    throw badSuperblock(`its tree blocks have ${nodesize} bytes`, offset);
  }
  for (const [name, address] of [
    ['root', fields.root],
    ['chunk_root', fields.chunk_root],
    ['log_root', fields.log_root],
  ] as const) {
    if (address % sectorsize !== 0) throw badSuperblock(`${name} is ${address}, which is no multiple of ${sectorsize}`, offset);
  }
  if (Math.max(fields.root_level, fields.chunk_root_level, fields.log_root_level) >= MAX_LEVEL) {
    throw badSuperblock(`a tree has more than ${MAX_LEVEL} levels`, offset);
  }
  if (fields.total_bytes === 0) throw badSuperblock('it says that the filesystem has no bytes', offset);
  if (fields.num_devices === 0) throw badSuperblock('it says that the filesystem has no devices', offset);
  if (fields.sys_chunk_array_size > SYSTEM_CHUNK_ARRAY_SIZE) {
    throw badSuperblock(`its array of system chunks has ${fields.sys_chunk_array_size} bytes`, offset);
  }
  const hasMetadataUuid = (fields.incompat_flags.low & INCOMPAT.METADATA_UUID) !== 0;
  return {
    fields,
    device: DEV_ITEM.decode(fields.dev_item),
    checksum,
    metadataUuid: hasMetadataUuid ? fields.metadata_uuid : fields.fsid,
    offset,
  };
}

/**
 * The superblock of a device.
 * @param warnings told when it is not the first copy that counts; checksum mismatches when they are ignored
 * @throws TygrubError what is wrong with the first copy, when no copy is right
 */
export async function readSuperblock(source: ByteSource, options: FileSystemOptions, warnings: WarningList): Promise<Superblock> {
  let best: Superblock | null = null;
  let primaryError: TygrubError | null = null;
  for (const [copy, offset] of SUPERBLOCK_OFFSETS.entries()) {
    const bytes = await superblockBytes(source, copy);
    if (bytes === null) break;
    try {
      const found = await checkCopy(bytes, offset, options.ignoreChecksums && copy === 0 ? warnings : null);
      // A copy may be left over from a filesystem that was here before.
      if (best !== null && !equalBytes(best.fields.fsid, found.fields.fsid)) continue;
      if (best === null || found.fields.generation > best.fields.generation) best = found;
    } catch (error) {
      if (!(error instanceof TygrubError)) throw error;
      if (error.kind !== 'corrupt' && copy === 0) throw error;
      primaryError ??= error;
    }
  }
  if (best === null) throw primaryError ?? badSuperblock('the volume is too small for one', 0);
  if (best.offset !== SUPERBLOCK_OFFSETS[0]) {
    const why = primaryError === null ? 'the first one is older' : primaryError.message;
    warnings.add('btrfs.backup-superblock', `a copy of the superblock is used: ${why}`, best.offset);
  }
  return best;
}

/**
 * Whether a volume without a first superblock has a right copy: either the first one is there but for its magic number, or the
 * start of the volume was wiped with nothing else put in its place.
 */
export async function hasOnlyBackup(source: ByteSource): Promise<boolean> {
  const primary = await superblockBytes(source, 0);
  const bytes = await superblockBytes(source, 1);
  if (primary === null || bytes === null || hasMagic(primary) || !hasMagic(bytes)) return false;
  try {
    const copy = await checkCopy(bytes, SUPERBLOCK_OFFSETS[1] ?? 0, null);
    if (equalBytes(SUPERBLOCK.decode(primary).fsid, copy.fields.fsid)) return true;
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    return false;
  }
  return isZero(primary) && isZero(await source.read(0, SUPERBLOCK_OFFSETS[0] ?? 0));
}
