/** SGI disk volume headers: `dvh1` to `dvh16`. */
import type { ByteSource } from '../../source/byte-source.js';
import { partitionVolume } from '../partition.js';
import type { Volume } from '../volume.js';
import { NPARTAB, PARTITION_TABLE_ENTRY, VHMAGIC, VOLUME_HEADER, VOLUME_HEADER_WORDS } from './layout.js';

/** @returns null when sector 0 is no volume header */
export async function readDvhDisk(disk: ByteSource): Promise<readonly Volume[] | null> {
  if (disk.size < VOLUME_HEADER.size) return null;
  const sector = await disk.read(0, VOLUME_HEADER.size);
  const header = VOLUME_HEADER.decode(sector);
  if (header.vh_magic !== VHMAGIC) return null;
  const { words } = VOLUME_HEADER_WORDS.decode(sector);
  if (words.reduce((sum, word) => (sum + word) % 0x1_0000_0000, 0) !== 0) return null;
  const volumes: Volume[] = [];
  for (let index = 0; index < NPARTAB; index++) {
    const entry = PARTITION_TABLE_ENTRY.decode(header.vh_pt, index * PARTITION_TABLE_ENTRY.size);
    if (entry.pt_nblks === 0) continue;
    const type = `0x${entry.pt_type.toString(16).padStart(2, '0')}`;
    const claim = { name: `dvh${index + 1}`, start: entry.pt_firstlbn * 512, size: entry.pt_nblks * 512, type };
    volumes.push(partitionVolume(disk, 'dvh', claim));
  }
  return volumes;
}
