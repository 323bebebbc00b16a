/** The superblock of version 1: near the end (1.0), at the start (1.1) or 4 KiB after it (1.2). */
import { decodeUtf8, nameText, untilNul } from '../../bytes/text.js';
import { toHex } from '../../bytes/uuid.js';
import { corrupt, type TygrubError, unsupported } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import {
  DEV_ROLE,
  FEATURE_RAID0_LAYOUT,
  FEATURE_RECOVERY_OFFSET,
  FEATURE_REPLACEMENT,
  FEATURE_RESHAPE_ACTIVE,
  MAX_DEVICES,
  MD_SB_MAGIC,
  ROLE_JOURNAL,
  SECTOR,
  SUPERBLOCK_1,
} from './layout.js';
import type { MdMember } from './member.js';

/** A place where the superblock of a minor version is. */
interface Place {
  readonly version: '1.0' | '1.1' | '1.2';
  readonly offset: number;
}

function places(size: number): Place[] {
  const sectors = Math.floor(size / SECTOR);
  const end = (sectors - 16 - (sectors % 8)) * SECTOR;
  const all: Place[] = [
    { version: '1.0', offset: end },
    { version: '1.1', offset: 0 },
    { version: '1.2', offset: 4096 },
  ];
  return all.filter(({ offset }) => offset >= 0 && offset + SUPERBLOCK_1.size <= size);
}

/** Where the device has a superblock that knows its own place; null when there is none. */
async function find(source: ByteSource): Promise<Place | null> {
  for (const place of places(source.size)) {
    const head = await source.read(place.offset, SUPERBLOCK_1.size);
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const at = SUPERBLOCK_1.offsetOf('super_offset');
    if (view.getUint32(0, true) !== MD_SB_MAGIC || view.getUint32(4, true) !== 1) continue;
    if (view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true) === place.offset / SECTOR) return place;
  }
  return null;
}

/** Whether the device has such a superblock. */
export async function hasSuperblock1(source: ByteSource): Promise<boolean> {
  return (await find(source)) !== null;
}

/**
 * Reads the superblock of a device that `hasSuperblock1` is true for.
 * @throws TygrubError corrupt when its checksum is wrong or it contradicts itself
 */
export async function readSuperblock1(source: ByteSource, where: string): Promise<MdMember> {
  const place = await find(source);
  if (place === null) throw corrupt('md.no-superblock', `${where} has no md superblock`);
  const { version, offset } = place;
  const sb = SUPERBLOCK_1.decode(await source.read(offset, SUPERBLOCK_1.size));
  const size = SUPERBLOCK_1.size + sb.max_dev * DEV_ROLE.size;
  if (sb.max_dev > MAX_DEVICES || offset + size > source.size) {
    throw corrupt('md.superblock-size', `the md superblock of ${where} claims ${sb.max_dev} devices`, { offset });
  }
  const bytes = await source.read(offset, size);
  if (checksum(bytes) !== sb.sb_csum) {
    throw corrupt('md.superblock-checksum', `the md ${version} superblock of ${where} does not match its checksum`, { offset });
  }
  const dataOffset = sb.data_offset * SECTOR;
  if (!Number.isSafeInteger(dataOffset) || dataOffset > source.size) {
    throw corrupt('md.data-outside', `the data of the md member ${where} starts at sector ${sb.data_offset}, past its end`, { offset });
  }
  const roleOf = (number: number): number =>
    number < sb.max_dev ? DEV_ROLE.decode(bytes, SUPERBLOCK_1.size + number * DEV_ROLE.size).role : ROLE_JOURNAL;
  const own = roleOf(sb.dev_number);
  const name = untilNul(sb.set_name);
  const text = decodeUtf8(name) ?? nameText(name);
  return {
    where,
    source,
    version,
    arrayUuid: toHex(sb.set_uuid),
    name: text.slice(text.indexOf(':') + 1),
    level: sb.level,
    layout: sb.layout,
    layoutKnown: (sb.feature_map & FEATURE_RAID0_LAYOUT) !== 0,
    raidDisks: sb.raid_disks,
    chunkSize: sb.chunksize * SECTOR,
    dataOffset,
    dataSize: inBytes(sb.data_size),
    usedSize: inBytes(sb.size),
    events: sb.events,
    number: sb.dev_number,
    role: own < ROLE_JOURNAL && own < sb.raid_disks ? own : null,
    isActive: (number) => roleOf(number) < sb.raid_disks,
    // A replacement is a copy in the making of a member that is still there.
    rebuilding:
      (sb.feature_map & FEATURE_REPLACEMENT) !== 0 || ((sb.feature_map & FEATURE_RECOVERY_OFFSET) !== 0 && sb.recovery_offset !== null),
    problem: (sb.feature_map & FEATURE_RESHAPE_ACTIVE) === 0 ? null : reshaping(where),
  };
}

function inBytes(sectors: number): number {
  return Math.min(sectors * SECTOR, Number.MAX_SAFE_INTEGER);
}

function reshaping(where: string): TygrubError {
  return unsupported('md.reshape', `the md array of ${where} is being reshaped`, { hint: 'let the guest finish the reshape' });
}

/** The sum of all 32-bit words but the checksum's own (and of a last half word), its carries added in at the bottom. */
function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const own = SUPERBLOCK_1.offsetOf('sb_csum');
  let sum = 0;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) if (at !== own) sum += view.getUint32(at, true);
  if (at + 2 <= bytes.length) sum += view.getUint16(at, true);
  return ((sum % 0x1_0000_0000) + Math.floor(sum / 0x1_0000_0000)) % 0x1_0000_0000;
}
