/** The boot sector: what kind of FAT it is, and where its parts are. */
import { corrupt } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { ACTIVE_FAT, BOOT_SECTOR, BOOT_SECTOR_FAT16, BOOT_SECTOR_FAT32, DIRECTORY_ENTRY, NO_MIRRORING, SIGNATURE } from './layout.js';

/** Where the parts of a FAT filesystem are; all in bytes from the start of the volume. */
export interface Geometry {
  /** Bits of an entry of the allocation table. */
  readonly bits: 12 | 16 | 32;
  readonly clusterSize: number;
  /** The allocation table that is read. */
  readonly fatStart: number;
  readonly fatSize: number;
  /** FAT12 and FAT16: the root directory's fixed place; its size is 0 on FAT32. */
  readonly rootStart: number;
  readonly rootSize: number;
  /** FAT32: the root directory's first cluster. */
  readonly rootCluster: number;
  /** Where cluster 2 starts. */
  readonly dataStart: number;
  /** Clusters have numbers from 2 to `lastCluster`. */
  readonly lastCluster: number;
  /** The volume's serial number. */
  readonly volumeId: number;
}

/** Clusters that the entries of a table can tell apart; above are the marks for bad clusters and ends. */
const MAX_CLUSTERS = { 12: 0xff4, 16: 0xfff4, 32: 0x0ffffff6 } as const;

/** Names in `BS_OEMName` or `BS_FilSysType` of other filesystems whose boot sector is made to look like FAT's. */
const IMPOSTORS = new Set(['NTFS    ', 'EXFAT   ', 'HPFS    ', 'JFS     ', '-FVE-FS-', 'ReFS    ']);

function powerOfTwo(n: number, from: number, to: number): boolean {
  return n >= from && n <= to && (n & (n - 1)) === 0;
}

/**
 * Why the first 512 bytes cannot be FAT's boot sector; null when they can. The checks are those of the Linux kernel, and,
 * because its parameter block alone is weak evidence, one sign more: a signature, a jump, or the name `FAT`.
 */
export function notFat(sector: Uint8Array): string | null {
  const common = BOOT_SECTOR.decode(sector);
  const { BS_FilSysType: type16 } = BOOT_SECTOR_FAT16.decode(sector);
  const { BS_FilSysType: type32, BPB_FATSz32 } = BOOT_SECTOR_FAT32.decode(sector);
  if (IMPOSTORS.has(common.BS_OEMName) || IMPOSTORS.has(type16)) return `it belongs to ${common.BS_OEMName.trim()}`;
  const jump = common.BS_jmpBoot[0] === 0xe9 || common.BS_jmpBoot[0] === 0xeb;
  if (common.Signature_word !== SIGNATURE && !jump && !type16.startsWith('FAT') && !type32.startsWith('FAT')) {
    return 'it has no signature and no jump';
  }
  if (!powerOfTwo(common.BPB_BytsPerSec, 512, 4096)) return `BPB_BytsPerSec is ${common.BPB_BytsPerSec}`;
  if (!powerOfTwo(common.BPB_SecPerClus, 1, 128)) return `BPB_SecPerClus is ${common.BPB_SecPerClus}`;
  if (common.BPB_RsvdSecCnt === 0) return 'BPB_RsvdSecCnt is 0';
  if (common.BPB_NumFATs === 0) return 'BPB_NumFATs is 0';
  if (common.BPB_Media < 0xf8 && common.BPB_Media !== 0xf0) return `BPB_Media is ${common.BPB_Media}`;
  if (common.BPB_FATSz16 === 0 && BPB_FATSz32 === 0) return 'BPB_FATSz16 and BPB_FATSz32 are 0';
  if (common.BPB_TotSec16 === 0 && common.BPB_TotSec32 === 0) return 'BPB_TotSec16 and BPB_TotSec32 are 0';
  return null;
}

/**
 * Reads the boot sector. The kind of FAT follows Linux and GRUB: FAT32 has no 16-bit size of its tables, FAT12 and FAT16
 * differ by the number of clusters (section 3.5).
 * @throws TygrubError corrupt `fat.boot-sector`
 */
export async function readBootSector(source: ByteSource): Promise<Geometry> {
  const sector = await source.read(0, Math.min(BOOT_SECTOR.size, source.size));
  const boot = BOOT_SECTOR.decode(sector);
  const wrong = notFat(sector);
  if (wrong !== null) throw corrupt('fat.boot-sector', `the boot sector is not FAT's: ${wrong}`, { offset: 0 });
  const sectorSize = boot.BPB_BytsPerSec;
  const clusterSize = sectorSize * boot.BPB_SecPerClus;
  const isFat32 = boot.BPB_FATSz16 === 0;
  const fat32 = BOOT_SECTOR_FAT32.decode(sector);
  const fatSectors = isFat32 ? fat32.BPB_FATSz32 : boot.BPB_FATSz16;
  const firstFat = boot.BPB_RsvdSecCnt * sectorSize;
  const rootStart = firstFat + boot.BPB_NumFATs * fatSectors * sectorSize;
  const rootSize = boot.BPB_RootEntCnt * DIRECTORY_ENTRY.size;
  if (rootSize % sectorSize !== 0) {
    throw corrupt('fat.boot-sector', `the root directory of ${boot.BPB_RootEntCnt} entries does not fill whole sectors`, { offset: 0 });
  }
  const dataStart = rootStart + rootSize;
  const totalSectors = boot.BPB_TotSec16 === 0 ? boot.BPB_TotSec32 : boot.BPB_TotSec16;
  const clusters = Math.floor((totalSectors * sectorSize - dataStart) / clusterSize);
  if (clusters < 0) {
    throw corrupt('fat.boot-sector', `the tables end at byte ${dataStart}, after the ${totalSectors} sectors of the volume`, { offset: 0 });
  }
  const bits = isFat32 ? 32 : clusters > MAX_CLUSTERS[12] ? 16 : 12;
  const entries = Math.floor((fatSectors * sectorSize * 8) / bits);
  const usable = Math.min(clusters, entries - 2);
  if (usable > MAX_CLUSTERS[bits]) {
    throw corrupt('fat.boot-sector', `${usable} clusters are more than FAT${bits} can have`, { offset: 0 });
  }
  // Without mirroring only one table is current; Linux reads the first all the same, GRUB and Windows the current one.
  const active = isFat32 && (fat32.BPB_ExtFlags & NO_MIRRORING) !== 0 ? fat32.BPB_ExtFlags & ACTIVE_FAT : 0;
  if (active >= boot.BPB_NumFATs) {
    throw corrupt('fat.boot-sector', `table ${active} is said to be the current one of ${boot.BPB_NumFATs}`, { offset: 0 });
  }
  return {
    bits,
    clusterSize,
    fatStart: firstFat + active * fatSectors * sectorSize,
    fatSize: fatSectors * sectorSize,
    rootStart,
    rootSize: isFat32 ? 0 : rootSize,
    rootCluster: isFat32 ? fat32.BPB_RootClus : 0,
    dataStart,
    lastCluster: usable + 1,
    volumeId: isFat32 ? fat32.BS_VolID : BOOT_SECTOR_FAT16.decode(sector).BS_VolID,
  };
}
