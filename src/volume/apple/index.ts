/** Apple partition maps: `apple1` and on, the map itself and free space included, as Linux numbers them. */
import { decodeLatin1, untilNul } from '../../bytes/text.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { partitionVolume } from '../partition.js';
import type { Volume } from '../volume.js';
import { DRIVER_DESCRIPTOR, DRIVER_SIGNATURE, ENTRY_SIGNATURE, PARTITION_MAP_ENTRY } from './layout.js';

/** @returns null when the disk has no Apple partition map */
export async function readAppleDisk(disk: ByteSource, limits: Limits): Promise<readonly Volume[] | null> {
  if (disk.size < DRIVER_DESCRIPTOR.size) return null;
  const driver = DRIVER_DESCRIPTOR.decode(await disk.read(0, DRIVER_DESCRIPTOR.size));
  const blockSize = driver.sbBlkSize - (driver.sbBlkSize % 512);
  if (driver.sbSig !== DRIVER_SIGNATURE || blockSize === 0) return null;
  const volumes: Volume[] = [];
  let count = 1;
  for (let index = 1; index <= Math.min(count, limits.volumes); index++) {
    const offset = index * blockSize;
    if (offset + PARTITION_MAP_ENTRY.size > disk.size) break;
    const entry = PARTITION_MAP_ENTRY.decode(await disk.read(offset, PARTITION_MAP_ENTRY.size));
    if (entry.pmSig !== ENTRY_SIGNATURE) break;
    // Every entry tells how many there are; the first is believed.
    if (index === 1) count = entry.pmMapBlkCnt;
    const label = decodeLatin1(untilNul(entry.pmPartName));
    volumes.push(
      partitionVolume(disk, 'apple', {
        name: `apple${index}`,
        start: entry.pmPyPartStart * blockSize,
        size: entry.pmPartBlkCnt * blockSize,
        type: decodeLatin1(untilNul(entry.pmParType)),
        label: label === '' ? null : label,
      }),
    );
  }
  return volumes.length === 0 ? null : volumes;
}
