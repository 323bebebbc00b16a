/** BSD disklabels: inside an MBR partition (`msdos1,bsd1`) or on the whole disk (`bsd1`). */
import type { Decoded } from '../../bytes/layout.js';
import type { ByteSource } from '../../source/byte-source.js';
import { partitionVolume } from '../partition.js';
import type { Volume } from '../volume.js';
import { DISKLABEL, DISKLABEL_MAGIC, DISKLABEL_PARTITION, FS_UNUSED, LABEL_SECTOR, OSF_LABEL_OFFSET, RAW_PART } from './layout.js';

type Disklabel = Decoded<typeof DISKLABEL>;
type Entry = Decoded<typeof DISKLABEL_PARTITION>;

/**
 * The partitions of a label at `offset`, empty entries included so that an entry's place is its letter.
 * @param checked whether the checksum must be right. Linux does not ask for it inside a slice or in
 * sector 0 (GNU parted writes another sum); in sector 1 of a disk without a table nothing else tells a label from leftovers.
 * @returns null when there is no label
 */
async function readLabel(disk: ByteSource, offset: number, checked: boolean): Promise<readonly Entry[] | null> {
  if (offset + DISKLABEL.size > disk.size) return null;
  const label: Disklabel = DISKLABEL.decode(await disk.read(offset, DISKLABEL.size));
  if (label.d_magic !== DISKLABEL_MAGIC || label.d_magic2 !== DISKLABEL_MAGIC) return null;
  // The label must end in its sector: that is what bounds the number of entries.
  const room = Math.floor((512 - (offset % 512) - DISKLABEL.size) / DISKLABEL_PARTITION.size);
  const count = Math.min(label.d_npartitions, room);
  const size = DISKLABEL.size + count * DISKLABEL_PARTITION.size;
  if (offset + size > disk.size) return null;
  const bytes = await disk.read(offset, size);
  if (checked && checksum(bytes) !== 0) return null;
  return Array.from({ length: count }, (_, index) => DISKLABEL_PARTITION.decode(bytes, DISKLABEL.size + index * DISKLABEL_PARTITION.size));
}

/** The exclusive or of all 16-bit words, `d_checksum` included: 0 when the label is right. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i + 1 < bytes.length; i += 2) sum ^= (bytes[i] as number) | ((bytes[i + 1] as number) << 8);
  return sum;
}

function typeOf(entry: Entry): string {
  return `0x${entry.p_fstype.toString(16).padStart(2, '0')}`;
}

/**
 * The volumes of the disklabel in an MBR partition, by Linux's rules: offsets count from the disk, except in FreeBSD labels
 * whose partition `c` starts at 0; entries that are the whole slice or reach out of it are left out.
 * @param slice the MBR partition, on `disk`
 */
export async function readBsdSlice(disk: ByteSource, slice: Volume, sectorSize: number): Promise<readonly Volume[]> {
  if (slice.start === null) return [];
  const entries = await readLabel(disk, slice.start + LABEL_SECTOR * sectorSize, false);
  if (entries === null) return [];
  const relative = slice.type === '0xa5' && entries[RAW_PART]?.p_offset === 0;
  const base = relative ? slice.start : 0;
  const volumes: Volume[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry.p_fstype === FS_UNUSED || entry.p_size === 0) continue;
    const start = base + entry.p_offset * sectorSize;
    const size = entry.p_size * sectorSize;
    if (start === slice.start && size === slice.size) continue;
    if (start < slice.start || start + size > slice.start + slice.size) continue;
    volumes.push(partitionVolume(disk, 'bsd', { name: `${slice.name},bsd${index + 1}`, start, size, type: typeOf(entry) }));
  }
  return volumes;
}

/**
 * The volumes of a disklabel on a disk without an MBR.
 * @returns null when there is no label
 */
export async function readBsdDisk(disk: ByteSource): Promise<readonly Volume[] | null> {
  const entries = (await readLabel(disk, OSF_LABEL_OFFSET, false)) ?? (await readLabel(disk, LABEL_SECTOR * 512, true));
  if (entries === null) return null;
  const volumes: Volume[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry.p_size === 0) continue;
    const claim = { name: `bsd${index + 1}`, start: entry.p_offset * 512, size: entry.p_size * 512, type: typeOf(entry) };
    volumes.push(partitionVolume(disk, 'bsd', claim));
  }
  return volumes;
}
