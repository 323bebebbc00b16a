/** Where the backup GPT may be when the primary one is damaged. */
import type { ByteSource } from '../../source/byte-source.js';
import type { GptHeader } from './header.js';

/** The last sector of a range of sectors, the place of a backup header. */
export interface BackupPlace {
  readonly sectorSize: number;
  readonly lba: number;
}

/**
 * The places in the order in which they are likely: where the primary header says (its entries may be what is damaged),
 * the end of the disk, the end of the disk when the protective MBR was written (the disk has grown since), and the
 * end that a VHD's geometry gives, which is all that a guest of Virtual PC saw of its disk.
 * @param primary the primary header, where it could be read
 * @param protectiveSize sectors that the protective MBR covers, after its own
 */
export function backupPlaces(
  disk: ByteSource,
  primary: { header: GptHeader; sectorSize: number } | null,
  protectiveSize: number,
): BackupPlace[] {
  const places: BackupPlace[] = [];
  const add = (lba: number | null, sectorSize: number): void => {
    if (lba === null || lba <= 1 || (lba + 1) * sectorSize > disk.size) return;
    if (!places.some((place) => place.lba === lba && place.sectorSize === sectorSize)) places.push({ lba, sectorSize });
  };
  if (primary !== null) add(primary.header.AlternateLBA, primary.sectorSize);
  for (const sectorSize of [512, 4096]) add(Math.floor(disk.size / sectorSize) - 1, sectorSize);
  for (const sectorSize of [512, 4096]) if (protectiveSize !== 0xffffffff) add(protectiveSize, sectorSize);
  add(geometrySectors(Math.floor(disk.size / 512)) - 1, 512);
  return places;
}

/** Sectors of the cylinders, heads and sectors that the VHD specification's appendix computes for a disk. */
export function geometrySectors(totalSectors: number): number {
  const total = Math.min(totalSectors, 65535 * 16 * 255);
  let sectors: number;
  let heads: number;
  if (total >= 65535 * 16 * 63) {
    sectors = 255;
    heads = 16;
  } else {
    sectors = 17;
    heads = Math.max(4, Math.ceil(Math.floor(total / 17) / 1024));
    if (Math.floor(total / 17) >= heads * 1024 || heads > 16) {
      sectors = 31;
      heads = 16;
    }
    if (Math.floor(total / sectors) >= heads * 1024) {
      sectors = 63;
      heads = 16;
    }
  }
  return Math.floor(Math.floor(total / sectors) / heads) * heads * sectors;
}
