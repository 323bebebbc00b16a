/** Sun disk labels: `sun1` to `sun8`. */
import type { ByteSource } from '../../source/byte-source.js';
import { partitionVolume } from '../partition.js';
import type { Volume } from '../volume.js';
import { SUN_INFO, SUN_LABEL, SUN_LABEL_PARTITIONS, SUN_LABEL_WORDS, SUN_MAGIC, SUN_PARTITION } from './layout.js';

/** @returns null when sector 0 is no Sun label */
export async function readSunDisk(disk: ByteSource): Promise<readonly Volume[] | null> {
  if (disk.size < SUN_LABEL.size) return null;
  const sector = await disk.read(0, SUN_LABEL.size);
  const label = SUN_LABEL.decode(sector);
  if (label.magic !== SUN_MAGIC || SUN_LABEL_WORDS.decode(sector).words.reduce((sum, word) => sum ^ word, 0) !== 0) return null;
  const cylinder = label.ntrks * label.nsect;
  const volumes: Volume[] = [];
  for (let index = 0; index < SUN_LABEL_PARTITIONS; index++) {
    const entry = SUN_PARTITION.decode(label.partitions, index * SUN_PARTITION.size);
    if (entry.num_sectors === 0) continue;
    const { id } = SUN_INFO.decode(label.vtoc_infos, index * SUN_INFO.size);
    volumes.push(
      partitionVolume(disk, 'sun', {
        name: `sun${index + 1}`,
        start: entry.start_cylinder * cylinder * 512,
        size: entry.num_sectors * 512,
        type: `0x${id.toString(16).padStart(2, '0')}`,
      }),
    );
  }
  return volumes;
}
