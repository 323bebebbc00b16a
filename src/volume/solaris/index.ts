/** Solaris x86 labels inside an MBR partition: `msdos1,sunpc1`. */
import type { ByteSource } from '../../source/byte-source.js';
import { partitionVolume } from '../partition.js';
import type { Volume } from '../volume.js';
import { LABEL_SECTOR, SLICE_TABLE_OFFSET, SLICES, V_VERSION, VTOC, VTOC_SANE, VTOC_SLICE } from './layout.js';

/**
 * The volumes of the VTOC in an MBR partition; none when there is no VTOC (type 0x82 is Linux swap far more often).
 * Slices count from the start of the partition.
 * @param slice the MBR partition, on `disk`
 */
export async function readSolarisSlice(disk: ByteSource, slice: Volume, sectorSize: number): Promise<readonly Volume[]> {
  if (slice.start === null) return [];
  const offset = slice.start + LABEL_SECTOR * sectorSize;
  if (offset + VTOC.size > disk.size) return [];
  const bytes = await disk.read(offset, VTOC.size);
  const vtoc = VTOC.decode(bytes);
  if (vtoc.v_sanity !== VTOC_SANE || vtoc.v_version !== V_VERSION) return [];
  const volumes: Volume[] = [];
  const count = vtoc.v_nparts > 8 ? SLICES : 8;
  for (let index = 0; index < count; index++) {
    const entry = VTOC_SLICE.decode(bytes, SLICE_TABLE_OFFSET + index * VTOC_SLICE.size);
    if (entry.s_size === 0) continue;
    const start = slice.start + entry.s_start * sectorSize;
    const type = `0x${entry.s_tag.toString(16).padStart(2, '0')}`;
    volumes.push(partitionVolume(disk, 'sunpc', { name: `${slice.name},sunpc${index + 1}`, start, size: entry.s_size * sectorSize, type }));
  }
  return volumes;
}
