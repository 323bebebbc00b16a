/**
 * An MBR counts in sectors and does not say how large they are. A virtual disk almost always has 512-byte sectors; a disk
 * image of a 4Kn drive has 4096.
 */
import type { ByteSource } from '../../source/byte-source.js';
import { SliceSource } from '../../source/slice.js';
import { identify } from '../identify/index.js';
import { type BootRecord, readBootRecord } from './boot-record.js';
import { EXTENDED_TYPES } from './layout.js';

/**
 * The size of the sectors that the table counts in: 4096 when every partition fits on the disk counted so, something that
 * we know stands where a partition would then start, and nothing that we know where it would start with 512. Ordinary disks
 * fail the first condition, so nothing is read for them.
 */
export async function mbrSectorSize(disk: ByteSource, record: BootRecord): Promise<512 | 4096> {
  const used = record.records.filter((entry) => entry.size_in_lba !== 0);
  if (disk.size % 4096 !== 0) return 512;
  if (used.some((entry) => entry.starting_lba === 0 || (entry.starting_lba + entry.size_in_lba) * 4096 > disk.size)) return 512;
  const known = async (sectorSize: number): Promise<boolean> => {
    for (const entry of used) {
      const start = entry.starting_lba * sectorSize;
      if (EXTENDED_TYPES.has(entry.os_type)) {
        if ((await readBootRecord(disk, start)) !== null) return true;
      } else if ((await identify(new SliceSource(disk, start, entry.size_in_lba * sectorSize))) !== null) return true;
    }
    return false;
  };
  if (await known(512)) return 512;
  return (await known(4096)) ? 4096 : 512;
}
