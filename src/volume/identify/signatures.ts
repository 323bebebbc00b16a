/**
 * How things that stand on a disk make themselves known: a few bytes at a fixed place. The types are the names that
 * blkid prints. Order matters: what wraps or covers something else stands before it, because the thing inside is
 * often visible too (a filesystem inside a RAID member, a FAT header under NTFS).
 */

/** Bytes at a place. */
export interface Magic {
  /** Byte offset; negative counts from the end of the volume. */
  readonly at: number;
  /** One character for each byte. */
  readonly bytes: string;
  /** Sizes that offsets from the end are rounded down to first (metadata aligned to that many bytes). */
  readonly align?: number;
}

/** What a volume can be. */
export interface Signature {
  /** blkid's name: `crypto_LUKS`, `swap`. */
  readonly type: string;
  /** For people, a phrase: `LUKS encrypted volume`. */
  readonly description: string;
  /** What it is good for: decides what a person can do about it. */
  readonly kind: 'filesystem' | 'encrypted' | 'member' | 'swap' | 'other';
  /** Any of these is enough. */
  readonly magics: readonly Magic[];
}

const KiB = 1024;

function rows(kind: Signature['kind'], table: readonly (readonly [type: string, description: string, ...magics: Magic[]])[]): Signature[] {
  return table.map(([type, description, ...magics]) => ({ type, description, kind, magics }));
}

function at(offset: number, bytes: string): Magic {
  return { at: offset, bytes };
}

function each(offsets: readonly number[], bytes: string): Magic[] {
  return offsets.map((offset) => at(offset, bytes));
}

/** The end of the first page, for the page sizes that Linux has had. */
const PAGE_ENDS = [4, 8, 16, 32, 64].map((size) => size * KiB - 10);
/** How the name-value list of a ZFS label begins (XDR: sizes, then the pair `version`); there is one in each of two labels in front. */
const ZFS_LABEL = '\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\0\0\x24\0\0\0\x20\0\0\0\x07version';

/** Where the second header of LUKS2 may stand, which counts when the first one is damaged. */
const LUKS2_SECOND_HEADERS = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096].map((size) => size * KiB);

/** DRBD 8 and 9: the metadata are the last 4 KiB, of the device or of its whole pages. */
const DRBD_MAGICS = ['\x83\x74\x02\x67', '\x83\x74\x02\x6b', '\x83\x74\x02\x6c', '\x83\x74\x02\x6d'].flatMap((bytes) => [
  { at: -4 * KiB + 60, bytes },
  { at: -4 * KiB + 60, bytes, align: 4 * KiB },
]);

let signatures: readonly Signature[] | undefined;

/** All signatures, in the order in which they are looked for. Most guests have nothing that has to be looked up here. */
export function allSignatures(): readonly Signature[] {
  signatures ??= makeSignatures();
  return signatures;
}

const makeSignatures = (): readonly Signature[] => [
  ...rows('encrypted', [
    ['crypto_LUKS', 'LUKS encrypted volume', at(0, 'LUKS\xba\xbe'), ...each(LUKS2_SECOND_HEADERS, 'SKUL\xba\xbe')],
    ['BitLocker', 'BitLocker encrypted volume', at(3, '-FVE-FS-')],
    ['DM_integrity', 'dm-integrity volume', at(0, 'integrt\0')],
    ['DM_verity_hash', 'dm-verity hash tree', at(0, 'verity\0\0')],
  ]),
  ...rows('member', [
    ['LVM2_member', 'LVM2 physical volume', ...each([0x18, 0x218, 0x418, 0x618], 'LVM2 001')],
    ['LVM1_member', 'LVM1 physical volume', at(0, 'HM\x01\0'), at(0, 'HM\x02\0')],
    ['linux_raid_member', 'Linux md member (metadata 1.1)', at(0, '\xfc\x4e\x2b\xa9\x01\0\0\0')],
    ['linux_raid_member', 'Linux md member (metadata 1.2)', at(4 * KiB, '\xfc\x4e\x2b\xa9\x01\0\0\0')],
    ['linux_raid_member', 'Linux md member (metadata 1.0)', { at: -8 * KiB, bytes: '\xfc\x4e\x2b\xa9\x01\0\0\0', align: 4 * KiB }],
    ['linux_raid_member', 'Linux md member (metadata 0.90)', { at: -64 * KiB, bytes: '\xfc\x4e\x2b\xa9\0\0\0\0', align: 64 * KiB }],
    [
      'linux_raid_member',
      'Linux md member (metadata 0.90, big-endian)',
      { at: -64 * KiB, bytes: '\xa9\x2b\x4e\xfc\0\0\0\0', align: 64 * KiB },
    ],
    ['ddf_raid_member', 'DDF RAID member', at(-512, '\xde\x11\xde\x11'), at(-257 * 512, '\xde\x11\xde\x11')],
    ['isw_raid_member', 'Intel RAID member', at(-1024, 'Intel Raid ISM Cfg Sig. ')],
    ['nvidia_raid_member', 'NVIDIA RAID member', at(-1024, 'NVIDIA  ')],
    ['lsi_mega_raid_member', 'LSI MegaRAID member', at(-512, '$XIDE$')],
    [
      'promise_fasttrack_raid_member',
      'Promise FastTrak RAID member',
      ...each(
        [63, 255, 256, 16, 399].map((n) => -n * 512),
        'Promise Technology, Inc.',
      ),
    ],
    ['adaptec_raid_member', 'Adaptec RAID member', at(-512, '\x37\xfc\x4d\x1e')],
    ['hpt37x_raid_member', 'HighPoint RAID member', at(4608, '\xf0\x16\x78\x5a'), at(4608, '\xfd\x16\x78\x5a')],
    ['drbd', 'DRBD device', ...DRBD_MAGICS],
    ['bcache', 'bcache device', at(4 * KiB + 24, '\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81')],
    ['zfs_member', 'ZFS pool member', ...each([16 * KiB, 272 * KiB], ZFS_LABEL)],
    ['vdo', 'VDO volume', at(0, 'dmvdo001')],
    ['stratis', 'Stratis pool member', at(516, '!Stra0tis\x86\xff\x02^\x41rh')],
    ['ceph_bluestore', 'Ceph BlueStore device', at(0, 'bluestore block device')],
    ['VMFS_volume_member', 'VMFS volume member', at(0x100000, '\x0d\xd0\x01\xc0')],
    ['oracleasm', 'Oracle ASM disk', at(32, 'ORCLDISK')],
    ['DM_snapshot_cow', 'device-mapper snapshot store', at(0, 'SnAp')],
  ]),
  ...rows('swap', [
    ['swsuspend', 'hibernation image (TuxOnIce)', at(0, '\xed\xc3\x02\xe9\x98\x56\xe5\x0c')],
    ...PAGE_ENDS.map(
      (end) =>
        [
          'swsuspend',
          'hibernation image in swap space',
          at(end, 'S1SUSPEND'),
          at(end, 'S2SUSPEND'),
          at(end, 'ULSUSPEND'),
          at(end, 'LINHIB0001'),
        ] as const,
    ),
    ...PAGE_ENDS.map((end) => ['swap', 'Linux swap space', at(end, 'SWAPSPACE2'), at(end, 'SWAP-SPACE')] as const),
  ]),
  ...rows('filesystem', [
    ['ntfs', 'NTFS filesystem', at(3, 'NTFS    ')],
    ['exfat', 'exFAT filesystem', at(3, 'EXFAT   ')],
    ['xfs', 'XFS filesystem', at(0, 'XFSB')],
    ['btrfs', 'btrfs filesystem', at(0x10040, '_BHRfS_M')],
    ['bcachefs', 'bcachefs filesystem', at(4 * KiB + 24, '\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef')],
    ['f2fs', 'F2FS filesystem', at(1024, '\x10\x20\xf5\xf2')],
    ['erofs', 'EROFS filesystem', at(1024, '\xe2\xe1\xf5\xe0')],
    ['nilfs2', 'NILFS2 filesystem', at(1024, '\x02\0\0\0\0\0\x34\x34')],
    ['squashfs', 'SquashFS filesystem', at(0, 'hsqs'), at(0, 'sqsh')],
    ['cramfs', 'cramfs filesystem', ...each([0, 512], '\x45\x3d\xcd\x28'), ...each([0, 512], '\x28\xcd\x3d\x45')],
    ['romfs', 'romfs filesystem', at(0, '-rom1fs-')],
    ['jfs', 'JFS filesystem', at(0x8000, 'JFS1')],
    [
      'reiserfs',
      'ReiserFS filesystem',
      ...each([0x2034, 0x10034], 'ReIsErFs'),
      ...each([0x2034, 0x10034], 'ReIsEr2Fs'),
      ...each([0x2034, 0x10034], 'ReIsEr3Fs'),
    ],
    ['reiser4', 'Reiser4 filesystem', at(0x10000, 'ReIsEr4')],
    ['ocfs2', 'OCFS2 filesystem', ...each([1024, 2048, 4096, 8192], 'OCFSV2')],
    ['gfs2', 'GFS or GFS2 filesystem', at(0x10000, '\x01\x16\x19\x70\0\0\0\x01')],
    [
      'ufs',
      'UFS filesystem',
      ...[0, 8, 64, 256].flatMap((n) =>
        ['\x54\x19\x01\0', '\0\x01\x19\x54', '\x19\x01\x54\x19', '\x19\x54\x01\x19'].map((bytes) => at(n * KiB + 0x55c, bytes)),
      ),
    ],
    ['vxfs', 'VxFS filesystem', at(1024, '\xf5\xfc\x01\xa5'), at(8 * KiB, '\xa5\x01\xfc\xf5')],
    ['hfsplus', 'HFS+ filesystem', at(1024, 'H+\0\x04'), at(1024, 'HX\0\x05')],
    ['hfs', 'HFS filesystem', at(1024, 'BD')],
    ['apfs', 'APFS container', at(32, 'NXSB')],
    ['hpfs', 'HPFS filesystem', at(0x2000, '\x49\xe8\x95\xf9')],
    ['befs', 'BeFS filesystem', ...each([32, 544], 'BFS1'), ...each([32, 544], '1SFB')],
    ['qnx4', 'QNX4 filesystem', at(4, 'QNX4FS')],
    ['VMFS', 'VMFS filesystem', at(0x200000, '\x5e\xf1\xab\x2f')],
    ['bfs', 'BFS filesystem', at(0, '\xce\xfa\xad\x1b')],
    ['zonefs', 'zonefs filesystem', at(0, 'SFOZ')],
    ['ubi', 'UBI volume', at(0, 'UBI#')],
    ['ubifs', 'UBIFS filesystem', at(0, '\x31\x18\x10\x06')],
    ['scoutfs_data', 'ScoutFS data device', at(0x10004, '\x8b\x42\x3c\x10')],
    ['scoutfs_meta', 'ScoutFS metadata device', at(0x10004, '\x68\x08\x31\xbc')],
    ['iso9660', 'ISO 9660 filesystem', at(0x8001, 'CD001')],
    ['udf', 'UDF filesystem', ...[0x8001, 0x8801, 0x9001, 0x9801].flatMap((offset) => [at(offset, 'NSR02'), at(offset, 'NSR03')])],
    ['ext', 'ext2, ext3 or ext4 filesystem', at(1080, '\x53\xef')],
    [
      'minix',
      'Minix filesystem',
      ...['\x7f\x13', '\x8f\x13', '\x68\x24', '\x78\x24', '\x13\x7f', '\x13\x8f', '\x24\x68', '\x24\x78'].map((bytes) => at(1040, bytes)),
      ...['\x5a\x4d', '\x4d\x5a'].map((bytes) => at(1048, bytes)),
    ],
    ['vfat', 'FAT filesystem', at(82, 'FAT32   '), at(54, 'FAT16   '), at(54, 'FAT12   '), at(54, 'FAT     ')],
  ]),
  ...rows('other', [['xfs_external_log', 'XFS log device', at(0, '\xfe\xed\xba\xbe')]]),
];
