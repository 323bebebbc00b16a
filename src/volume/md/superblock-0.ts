/** The superblock of version 0.90: near the end of a member, in either byte order. */
import { corrupt, unsupported } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import {
  DESCRIPTOR_BIG,
  DESCRIPTOR_LITTLE,
  LEVEL_RAID1,
  MD_DISK_FAULTY,
  MD_DISK_SYNC,
  MD_RESERVED_BYTES,
  MD_SB_DISKS,
  MD_SB_MAGIC,
  SUPERBLOCK_0_BIG,
  SUPERBLOCK_0_LITTLE,
} from './layout.js';
import type { MdMember } from './member.js';

/** Where the superblock of a device is: at the start of the last whole 64 KiB but one; null when it is too small. */
function superblockOffset(size: number): number | null {
  const offset = size - (size % MD_RESERVED_BYTES) - MD_RESERVED_BYTES;
  return offset < 0 || offset + SUPERBLOCK_0_LITTLE.size > size ? null : offset;
}

/** Whether the device has such a superblock, to judge by the magic number and the version. */
export async function hasSuperblock0(source: ByteSource): Promise<boolean> {
  const offset = superblockOffset(source.size);
  if (offset === null) return false;
  const head = new DataView((await source.read(offset, 8)).slice().buffer);
  return [true, false].some((little) => head.getUint32(0, little) === MD_SB_MAGIC && head.getUint32(4, little) === 0);
}

/**
 * Reads the superblock of a device that `hasSuperblock0` is true for.
 * @throws TygrubError corrupt when its checksum is wrong or it contradicts itself
 */
export async function readSuperblock0(source: ByteSource, where: string): Promise<MdMember> {
  const offset = superblockOffset(source.size) ?? 0;
  const bytes = await source.read(offset, SUPERBLOCK_0_LITTLE.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getUint32(0, true) === MD_SB_MAGIC;
  const format = little ? SUPERBLOCK_0_LITTLE : SUPERBLOCK_0_BIG;
  const sb = format.decode(bytes);
  if (checksum(view, format.offsetOf('sb_csum'), little) !== sb.sb_csum) {
    throw corrupt('md.superblock-checksum', `the md 0.90 superblock of ${where} does not match its checksum`, { offset });
  }
  const descriptors = little ? DESCRIPTOR_LITTLE : DESCRIPTOR_BIG;
  const self = descriptors.decode(sb.this_disk);
  const stateOf = (number: number): number =>
    number < MD_SB_DISKS ? descriptors.decode(sb.disks, number * descriptors.size).state : MD_DISK_FAULTY;
  const active = (number: number): boolean => (stateOf(number) & (MD_DISK_SYNC | MD_DISK_FAULTY)) === MD_DISK_SYNC;
  const uuid = [sb.set_uuid0, sb.set_uuid1, sb.set_uuid2, sb.set_uuid3].map((word) => word.toString(16).padStart(8, '0')).join('');
  // 0.91 marks an array that is being reshaped.
  const reshaping = unsupported('md.reshape', `the md array of ${where} is being reshaped`, { hint: 'let the guest finish the reshape' });
  return {
    where,
    source,
    version: '0.90',
    arrayUuid: uuid,
    name: String(sb.md_minor),
    level: sb.level,
    layout: sb.layout,
    layoutKnown: false,
    raidDisks: sb.raid_disks,
    chunkSize: sb.chunk_size,
    dataOffset: 0,
    dataSize: offset,
    usedSize: sb.level === LEVEL_RAID1 ? sb.size * 1024 : offset,
    events: sb.events,
    number: self.number,
    role: (self.state & MD_DISK_SYNC) !== 0 && self.raid_disk < sb.raid_disks ? self.raid_disk : null,
    isActive: active,
    rebuilding: false,
    problem: sb.minor_version === 91 ? reshaping : null,
  };
}

/** The sum of all words but the checksum's own, its carries added in at the bottom. */
function checksum(view: DataView, exceptAt: number, little: boolean): number {
  let sum = 0;
  for (let at = 0; at < view.byteLength; at += 4) if (at !== exceptAt) sum += view.getUint32(at, little);
  return ((sum % 0x1_0000_0000) + Math.floor(sum / 0x1_0000_0000)) % 0x1_0000_0000;
}
