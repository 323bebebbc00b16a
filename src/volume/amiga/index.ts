/** Amiga rigid disk blocks: `amiga1` and on. */
import { decodeLatin1 } from '../../bytes/text.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { partitionVolume } from '../partition.js';
import type { Volume } from '../volume.js';
import {
  AMIGA_BLOCK,
  BLOCK,
  IDNAME_PARTITION,
  IDNAME_RIGIDDISK,
  LIST_END,
  PARTITION_BLOCK,
  RDB_LOCATION_LIMIT,
  RIGID_DISK_BLOCK,
} from './layout.js';

/** Reads a block of a kind whose checksum is right; null for anything else. */
async function readBlock(disk: ByteSource, number: number, id: string): Promise<Uint8Array | null> {
  const offset = number * BLOCK;
  if (offset + BLOCK > disk.size) return null;
  const bytes = await disk.read(offset, BLOCK);
  const block = AMIGA_BLOCK.decode(bytes);
  if (block.ID !== id || block.SummedLongs > block.longs.length) return null;
  const sum = block.longs.slice(0, block.SummedLongs).reduce((total, long) => (total + long) % 0x1_0000_0000, 0);
  return sum === 0 ? bytes : null;
}

/** @returns null when the disk has no rigid disk block */
export async function readAmigaDisk(disk: ByteSource, limits: Limits): Promise<readonly Volume[] | null> {
  let found: Uint8Array | null = null;
  for (let number = 0; found === null && number < RDB_LOCATION_LIMIT; number++) found = await readBlock(disk, number, IDNAME_RIGIDDISK);
  if (found === null) return null;
  const rigid = RIGID_DISK_BLOCK.decode(found);
  const unit = rigid.rdb_BlockBytes - (rigid.rdb_BlockBytes % BLOCK);
  if (unit === 0) return null;
  const volumes: Volume[] = [];
  const visited = new Set<number>();
  for (let number = rigid.rdb_PartitionList; number !== LIST_END && !visited.has(number) && visited.size < limits.volumes; ) {
    visited.add(number);
    const bytes = await readBlock(disk, number * (unit / BLOCK), IDNAME_PARTITION);
    if (bytes === null) break;
    const partition = PARTITION_BLOCK.decode(bytes);
    const cylinder = partition.de_Surfaces * partition.de_BlocksPerTrack * unit;
    // Names are BCPL strings: a length, then the characters.
    const label = decodeLatin1(partition.pb_DriveName.subarray(1, 1 + Math.min(31, partition.pb_DriveName[0] ?? 0)));
    const start = partition.de_LowCyl * cylinder;
    const size = (partition.de_HighCyl + 1 - partition.de_LowCyl) * cylinder;
    volumes.push(
      partitionVolume(disk, 'amiga', {
        name: `amiga${volumes.length + 1}`,
        start: Number.isSafeInteger(start) ? start : null,
        size: Number.isSafeInteger(size) ? size : null,
        type: `0x${partition.de_DosType.toString(16).padStart(8, '0')}`,
        label: label === '' ? null : label,
      }),
    );
    number = partition.pb_Next;
  }
  return volumes;
}
