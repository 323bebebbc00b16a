/** MBR partition tables: primary, extended and logical partitions, numbered as Linux and GRUB number them. */
import type { Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { readBsdSlice } from '../bsd/index.js';
import { partitionVolume } from '../partition.js';
import { readSolarisSlice } from '../solaris/index.js';
import type { Volume } from '../volume.js';
import { type BootRecord, hasBootIndicators, type PartitionRecord } from './boot-record.js';
import { ACTIVE, BSD_TYPES, EXTENDED_TYPES, GPT_PROTECTIVE, SOLARIS_TYPES } from './layout.js';
import { readLogicalPartitions } from './logical-partitions.js';
import { mbrSectorSize } from './sector-size.js';

export { type BootRecord, readBootRecord } from './boot-record.js';

/** Whether a record says that a GPT describes this disk (protective or hybrid MBR). */
export function protectiveRecord(record: BootRecord): PartitionRecord | undefined {
  return record.records.find((entry) => entry.os_type === GPT_PROTECTIVE);
}

/** Whether the boot record holds a table with at least one partition. */
export function isPartitioned(record: BootRecord): boolean {
  return hasBootIndicators(record) && record.records.some((entry) => entry.size_in_lba !== 0);
}

/** The volumes of an MBR. */
export interface MbrPartitions {
  readonly sectorSize: number;
  readonly volumes: readonly Volume[];
  readonly warnings: readonly Warning[];
}

/**
 * Lists the partitions of a disk whose first sector is `record`, `msdos1` to `msdos4`, then the logical ones from
 * `msdos5`, then what disklabels inside them name (`msdos2,bsd1`).
 */
export async function readMbr(disk: ByteSource, record: BootRecord, limits: Limits): Promise<MbrPartitions> {
  const sectorSize = await mbrSectorSize(disk, record);
  const volumes: Volume[] = [];
  const warnings: Warning[] = [];
  const add = (number: number, entry: PartitionRecord, startingLba: number): Volume => {
    // Like Linux, only the first sectors of an extended partition: no filesystem must be looked for over the chain in it.
    const whole = entry.size_in_lba * sectorSize;
    const size = EXTENDED_TYPES.has(entry.os_type) ? Math.min(whole, Math.max(1024, sectorSize)) : whole;
    const volume = partitionVolume(disk, 'mbr', {
      name: `msdos${number}`,
      start: startingLba * sectorSize,
      size,
      type: `0x${entry.os_type.toString(16).padStart(2, '0')}`,
      active: entry.boot_indicator === ACTIVE,
      uuid: partUuid(record.diskSignature, number),
    });
    volumes.push(volume);
    return volume;
  };
  const nested: { readonly volume: Volume; readonly type: number }[] = [];
  for (const [slot, entry] of record.records.entries()) {
    if (entry.size_in_lba === 0) continue;
    nested.push({ volume: add(slot + 1, entry, entry.starting_lba), type: entry.os_type });
  }
  let number = 5;
  for (const entry of record.records) {
    if (entry.size_in_lba === 0 || !EXTENDED_TYPES.has(entry.os_type)) continue;
    const chain = await readLogicalPartitions(disk, entry, sectorSize, limits, limits.volumes - volumes.length);
    warnings.push(...chain.warnings);
    for (const logical of chain.partitions) {
      nested.push({ volume: add(number, logical.record, logical.startingLba), type: logical.record.os_type });
      number += 1;
    }
  }
  for (const { volume, type } of nested) {
    if (volume.size === 0 || volumes.length >= limits.volumes) continue;
    if (BSD_TYPES.has(type)) volumes.push(...(await readBsdSlice(disk, volume, sectorSize)));
    else if (SOLARIS_TYPES.has(type)) volumes.push(...(await readSolarisSlice(disk, volume, sectorSize)));
  }
  return { sectorSize, volumes, warnings };
}

/** PARTUUID as Linux makes it: the disk signature and the number of the partition, both hexadecimal. */
function partUuid(signature: number, number: number): string | null {
  if (signature === 0) return null;
  return `${signature.toString(16).padStart(8, '0')}-${number.toString(16).padStart(2, '0')}`;
}
