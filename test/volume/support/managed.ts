/** Writers of LVM2 physical volumes and md members for tests, made with the readers' own layouts. */
import { encodeUtf8 } from '../../../src/bytes/text.js';
import { lvmCrc } from '../../../src/volume/lvm/label.js';
import {
  DISK_LOCN,
  FMTT_MAGIC,
  FMTT_VERSION,
  LABEL_HEADER,
  LABEL_ID,
  LVM2_LABEL,
  MDA_HEADER,
  MDA_HEADER_SIZE,
  PV_HEADER,
  RAW_LOCN,
} from '../../../src/volume/lvm/layout.js';
import {
  DESCRIPTOR_BIG,
  DESCRIPTOR_LITTLE,
  MD_DISK_SYNC,
  MD_RESERVED_BYTES,
  MD_SB_MAGIC,
  SUPERBLOCK_0_BIG,
  SUPERBLOCK_0_LITTLE,
  SUPERBLOCK_1,
} from '../../../src/volume/md/layout.js';

/** Where the writer puts the metadata area, and its size; extents start behind it. */
export const MDA = { offset: 4096, size: 28672 };
export const PE_START = 32768;

/** The UUID of the physical volume with a number, as metadata write it. */
export function pvId(number: number): string {
  return `pvid0${number}-0000-0000-0000-0000-0000-00000${number}`;
}

/**
 * Writes label and metadata of a physical volume.
 * @param text the metadata; null for a volume without a copy of them
 * @param textOffset where in the ring the text starts, to have it wrap around
 */
export function writePhysicalVolume(disk: Uint8Array, number: number, text: string | null, textOffset = MDA_HEADER_SIZE): void {
  const label = disk.subarray(512, 1024);
  LABEL_HEADER.encode(label, { id: LABEL_ID, sector_xl: 1, offset_xl: LABEL_HEADER.size, type: LVM2_LABEL });
  PV_HEADER.encode(label, { pv_uuid: pvId(number).replaceAll('-', ''), device_size_xl: disk.length }, LABEL_HEADER.size);
  let at = LABEL_HEADER.size + PV_HEADER.size;
  for (const area of [{ offset: PE_START, size: 0 }, { offset: 0, size: 0 }, MDA, { offset: 0, size: 0 }]) {
    DISK_LOCN.encode(label, area, at);
    at += DISK_LOCN.size;
  }
  const header = disk.subarray(MDA.offset, MDA.offset + MDA_HEADER_SIZE);
  MDA_HEADER.encode(header, { magic: FMTT_MAGIC, version: FMTT_VERSION, start: MDA.offset, size: MDA.size });
  if (text !== null) {
    const bytes = encodeUtf8(`${text}\0`);
    for (const [i, byte] of bytes.entries()) {
      const inRing = MDA_HEADER_SIZE + ((textOffset - MDA_HEADER_SIZE + i) % (MDA.size - MDA_HEADER_SIZE));
      disk[MDA.offset + inRing] = byte;
    }
    RAW_LOCN.encode(header, { offset: textOffset, size: bytes.length, checksum: lvmCrc(bytes), flags: 0 }, MDA_HEADER.size);
  }
  sealPhysicalVolume(disk);
}

/** Makes the checksums right again after a change, where the structures still lead to what they cover. */
export function sealPhysicalVolume(disk: Uint8Array): void {
  const label = disk.subarray(512, 1024);
  LABEL_HEADER.encode(label, { crc_xl: lvmCrc(label.subarray(LABEL_HEADER.offsetOf('offset_xl'))) });
  const header = disk.subarray(MDA.offset, MDA.offset + MDA_HEADER_SIZE);
  const view = new DataView(header.buffer, header.byteOffset);
  const offset = view.getUint32(MDA_HEADER.size, true);
  const size = view.getUint32(MDA_HEADER.size + RAW_LOCN.offsetOf('size'), true);
  if (offset + size <= MDA.size) {
    const text = disk.subarray(MDA.offset + offset, MDA.offset + offset + size);
    RAW_LOCN.encode(header, { checksum: lvmCrc(text) }, MDA_HEADER.size);
  }
  MDA_HEADER.encode(header, { checksum_xl: lvmCrc(header.subarray(MDA_HEADER.offsetOf('magic'))) });
}

/** The metadata of a group with extents of 4 KiB. */
export function groupText(physicals: number, volumes: string, name = 'vg', seqno = 1): string {
  const pvs = Array.from(
    { length: physicals },
    (_, n) =>
      `pv${n} {\nid = "${pvId(n)}"\ndevice = "/dev/xvd${n}" # hint\nstatus = ["ALLOCATABLE"]\nflags = []\npe_start = ${PE_START / 512}\npe_count = 1000\n}`,
  );
  return `${name} {\nid = "vgid00-0000-0000-0000-0000-0000-000000"\nseqno = ${seqno}\nformat = "lvm2"\nstatus = ["READ"]\nextent_size = 8\nphysical_volumes {\n${pvs.join('\n')}\n}\nlogical_volumes {\n${volumes}\n}\n}\ncontents = "Text Format Volume Group"\nversion = 1\n`;
}

/** A logical volume; each segment is `[extents, rest]`. */
export function volumeText(name: string, segments: readonly (readonly [number, string])[], visible = true): string {
  let start = 0;
  const parts = segments.map(([count, rest], index) => {
    const text = `segment${index + 1} {\nstart_extent = ${start}\nextent_count = ${count}\n${rest}\n}`;
    start += count;
    return text;
  });
  return `${name} {\nid = "${name}"\nstatus = ["READ"${visible ? ', "VISIBLE"' : ''}]\nsegment_count = ${segments.length}\n${parts.join('\n')}\n}`;
}

export const linear = (where: string, extent: number): string =>
  `type = "striped"\nstripe_count = 1\nstripes = [\n"${where}", ${extent}\n]`;

/** What an md member says. Sizes in bytes. */
export interface MdFacts {
  readonly level: number;
  readonly disks: number;
  readonly number: number;
  readonly role?: number;
  readonly roles?: readonly number[];
  readonly events?: number;
  readonly name?: string;
  readonly chunk?: number;
  readonly used?: number;
  readonly layout?: number;
  readonly features?: number;
  readonly dataOffset?: number;
  readonly dataSize?: number;
  readonly seed?: number;
  readonly recoveryOffset?: number;
}

function foldedSum(bytes: Uint8Array, except: number, little: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0n;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) if (at !== except) sum += BigInt(view.getUint32(at, little));
  if (at + 2 <= bytes.length) sum += BigInt(view.getUint16(at, little));
  return Number(((sum & 0xffffffffn) + (sum >> 32n)) & 0xffffffffn);
}

/** Byte offset of the superblock of a version 1 minor. */
export function superblock1Offset(size: number, minor: 0 | 1 | 2): number {
  if (minor === 0) return (Math.floor(size / 512 / 8) * 8 - 16) * 512;
  return minor === 1 ? 0 : 4096;
}

/** Writes a superblock of version 1.`minor`. */
export function writeMd1(disk: Uint8Array, minor: 0 | 1 | 2, facts: MdFacts): void {
  const at = superblock1Offset(disk.length, minor);
  const offset = facts.dataOffset ?? (minor === 0 ? 0 : 8192);
  const size = facts.dataSize ?? (minor === 0 ? at : disk.length - offset);
  const roles = facts.roles ?? Array.from({ length: facts.disks }, (_, i) => i);
  SUPERBLOCK_1.encode(
    disk,
    {
      magic: MD_SB_MAGIC,
      major_version: 1,
      feature_map: facts.features ?? 0,
      set_uuid: new Uint8Array(16).fill(facts.seed ?? 0x5a),
      set_name: encodeUtf8(facts.name ?? 'host:boot'),
      level: facts.level,
      layout: facts.layout ?? 0,
      size: (facts.used ?? size) / 512,
      chunksize: (facts.chunk ?? 0) / 512,
      raid_disks: facts.disks,
      data_offset: offset / 512,
      data_size: size / 512,
      super_offset: at / 512,
      recovery_offset: facts.recoveryOffset ?? null,
      dev_number: facts.number,
      events: facts.events ?? 10,
      resync_offset: null,
      max_dev: roles.length,
    },
    at,
  );
  for (const [i, role] of roles.entries()) new DataView(disk.buffer, disk.byteOffset).setUint16(at + SUPERBLOCK_1.size + i * 2, role, true);
  sealMd1(disk, minor);
}

/** Makes the checksum right again after a change. */
export function sealMd1(disk: Uint8Array, minor: 0 | 1 | 2): void {
  const at = superblock1Offset(disk.length, minor);
  const devices = new DataView(disk.buffer, disk.byteOffset).getUint32(at + SUPERBLOCK_1.offsetOf('max_dev'), true);
  const size = SUPERBLOCK_1.size + Math.min(devices, 1920) * 2;
  if (at + size > disk.length) return;
  const sum = foldedSum(disk.subarray(at, at + size), SUPERBLOCK_1.offsetOf('sb_csum'), true);
  SUPERBLOCK_1.encode(disk, { sb_csum: sum }, at);
}

/** Byte offset of a 0.90 superblock. */
export function superblock0Offset(size: number): number {
  return Math.floor(size / MD_RESERVED_BYTES) * MD_RESERVED_BYTES - MD_RESERVED_BYTES;
}

/** Writes a superblock of version 0.90, in either byte order. */
export function writeMd0(disk: Uint8Array, facts: MdFacts, little = true): void {
  const at = superblock0Offset(disk.length);
  const format = little ? SUPERBLOCK_0_LITTLE : SUPERBLOCK_0_BIG;
  const descriptor = little ? DESCRIPTOR_LITTLE : DESCRIPTOR_BIG;
  const disks = new Uint8Array(27 * 128);
  for (let n = 0; n < facts.disks; n++) descriptor.encode(disks, { number: n, raid_disk: n, state: 2 | MD_DISK_SYNC }, n * 128);
  const self = new Uint8Array(128);
  descriptor.encode(self, { number: facts.number, raid_disk: facts.role ?? facts.number, state: 2 | MD_DISK_SYNC });
  format.encode(
    disk,
    {
      md_magic: MD_SB_MAGIC,
      minor_version: 90,
      set_uuid0: 1,
      set_uuid1: 2,
      set_uuid2: 3,
      set_uuid3: 4,
      level: facts.level,
      size: (facts.used ?? at) / 1024,
      raid_disks: facts.disks,
      md_minor: 7,
      events: facts.events ?? 3,
      chunk_size: facts.chunk ?? 0,
      disks,
      this_disk: self,
    },
    at,
  );
  sealMd0(disk, little);
}

export function sealMd0(disk: Uint8Array, little = true): void {
  const at = superblock0Offset(disk.length);
  const format = little ? SUPERBLOCK_0_LITTLE : SUPERBLOCK_0_BIG;
  format.encode(disk, { sb_csum: foldedSum(disk.subarray(at, at + 4096), format.offsetOf('sb_csum'), little) }, at);
}
