/** The superblocks of Linux md: version 0.90 (`mdp_super_t`) and version 1 (`struct mdp_superblock_1`). */
import { array, type ByteOrder, bytes, i32, layout, u8, u16, u32, u64, u64OrNone } from '../../bytes/layout.js';

/** `md_magic` and `magic`. */
export const MD_SB_MAGIC = 0xa92b4efc;

/** Bytes that version 0.90 keeps free at the end of a member, in which its superblock comes first; members are cut to this. */
export const MD_RESERVED_BYTES = 64 * 1024;
/** Places in the table of version 0.90. */
export const MD_SB_DISKS = 27;

/** One entry of `disks`, and `this_disk`. */
const DESCRIPTOR_WORDS = 32;

/** The superblock of version 0.90, in the byte order of the machine that made it: 1024 words of 32 bits. */
function superblock0(order: ByteOrder) {
  const word = (index: number): number => index * 4;
  return layout(`md 0.90 superblock`, 4096, order, {
    md_magic: [word(0), u32],
    major_version: [word(1), u32],
    minor_version: [word(2), u32],
    set_uuid0: [word(5), u32],
    ctime: [word(6), u32],
    level: [word(7), i32],
    size: [word(8), u32],
    nr_disks: [word(9), u32],
    raid_disks: [word(10), u32],
    md_minor: [word(11), u32],
    set_uuid1: [word(13), u32],
    set_uuid2: [word(14), u32],
    set_uuid3: [word(15), u32],
    utime: [word(32), u32],
    state: [word(33), u32],
    sb_csum: [word(38), u32],
    // The two halves of the event count stand in machine order, so that together they are one 64-bit number.
    events: [word(39), u64],
    layout: [word(64), u32],
    chunk_size: [word(65), u32],
    disks: [word(128), bytes(MD_SB_DISKS * DESCRIPTOR_WORDS * 4)],
    this_disk: [word(992), bytes(DESCRIPTOR_WORDS * 4)],
  });
}

export const SUPERBLOCK_0_LITTLE = superblock0('little');
export const SUPERBLOCK_0_BIG = superblock0('big');

function descriptor(order: ByteOrder) {
  return layout('md 0.90 disk descriptor', DESCRIPTOR_WORDS * 4, order, {
    number: [0, u32],
    major: [4, u32],
    minor: [8, u32],
    raid_disk: [12, u32],
    state: [16, u32],
  });
}

export const DESCRIPTOR_LITTLE = descriptor('little');
export const DESCRIPTOR_BIG = descriptor('big');

/** Bits of a descriptor's `state`. */
export const MD_DISK_FAULTY = 1 << 0;
export const MD_DISK_SYNC = 1 << 2;

/** The superblock of version 1, without the table of roles that follows it. */
export const SUPERBLOCK_1 = layout('md 1 superblock', 256, 'little', {
  magic: [0, u32],
  major_version: [4, u32],
  feature_map: [8, u32],
  set_uuid: [16, bytes(16)],
  set_name: [32, bytes(32)],
  ctime: [64, array(2, u32)],
  level: [72, i32],
  layout: [76, u32],
  size: [80, u64],
  chunksize: [88, u32],
  raid_disks: [92, u32],
  data_offset: [128, u64],
  data_size: [136, u64],
  super_offset: [144, u64],
  recovery_offset: [152, u64OrNone],
  dev_number: [160, u32],
  device_uuid: [168, bytes(16)],
  devflags: [184, u8],
  events: [200, u64],
  resync_offset: [208, u64OrNone],
  sb_csum: [216, u32],
  max_dev: [220, u32],
});

/** One entry of `dev_roles`, which follow the superblock. */
export const DEV_ROLE = layout('md device role', 2, 'little', { role: [0, u16] });
/** Entries that fit in the 4 KiB of a superblock. */
export const MAX_DEVICES = (4096 - SUPERBLOCK_1.size) / DEV_ROLE.size;

/** Values of a role from here on say that the device is no active one: journal, faulty, spare. */
export const ROLE_JOURNAL = 0xfffd;

/** Bits of `feature_map` that matter for reading. */
export const FEATURE_RECOVERY_OFFSET = 1 << 1;
export const FEATURE_RESHAPE_ACTIVE = 1 << 2;
export const FEATURE_REPLACEMENT = 1 << 4;
export const FEATURE_RAID0_LAYOUT = 1 << 12;

/** `level` of the personalities. */
export const LEVEL_LINEAR = -1;
export const LEVEL_RAID0 = 0;
export const LEVEL_RAID1 = 1;

/** Values of `layout` of a RAID 0 whose members differ in size. */
export const RAID0_ORIG_LAYOUT = 1;
export const RAID0_ALT_MULTIZONE_LAYOUT = 2;

export const SECTOR = 512;
