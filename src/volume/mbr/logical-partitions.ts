/** The chain of extended boot records inside an extended partition. */
import type { Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { type PartitionRecord, readBootRecord } from './boot-record.js';
import { EXTENDED_TYPES } from './layout.js';

/** A logical partition: its record and where it starts, in sectors of the disk. */
export interface LogicalPartition {
  readonly record: PartitionRecord;
  readonly startingLba: number;
}

/**
 * Follows the chain. Each extended boot record names one logical partition, relative to itself, and the next record,
 * relative to the extended partition; Linux also takes the third and fourth record when they lie inside.
 * A hostile chain runs in a circle or on without end: visited records end it, and so does `limits.volumes`.
 * @param extended the record of the extended partition in the MBR
 * @param room how many partitions may still be listed
 */
export async function readLogicalPartitions(
  disk: ByteSource,
  extended: PartitionRecord,
  sectorSize: number,
  limits: Limits,
  room: number,
): Promise<{ readonly partitions: readonly LogicalPartition[]; readonly warnings: readonly Warning[] }> {
  const partitions: LogicalPartition[] = [];
  const warnings: Warning[] = [];
  const first = extended.starting_lba;
  const end = first + extended.size_in_lba;
  const visited = new Set<number>();
  let here = first;
  let hereSize = extended.size_in_lba;
  for (;;) {
    const offset = here * sectorSize;
    if (visited.has(here)) {
      warnings.push({
        code: 'mbr.extended-loop',
        message: `the chain of logical partitions runs in a circle after ${partitions.length} of them`,
        offset,
      });
      break;
    }
    if (visited.size >= limits.volumes || partitions.length >= room) {
      warnings.push({
        code: 'limit.volumes',
        message: `more logical partitions than ${limits.volumes} are not listed (limit volumes)`,
        offset,
      });
      break;
    }
    visited.add(here);
    const record = await readBootRecord(disk, offset);
    if (record === null) {
      warnings.push({
        code: 'mbr.extended-signature',
        message: 'the chain of logical partitions leads to a sector without a boot record',
        offset,
      });
      break;
    }
    for (const [slot, entry] of record.records.entries()) {
      if (entry.size_in_lba === 0 || EXTENDED_TYPES.has(entry.os_type)) continue;
      const startingLba = here + entry.starting_lba;
      const inside = entry.starting_lba + entry.size_in_lba <= hereSize && startingLba + entry.size_in_lba <= end;
      if (slot < 2 || inside) partitions.push({ record: entry, startingLba });
    }
    const next = record.records.find((entry) => entry.size_in_lba !== 0 && EXTENDED_TYPES.has(entry.os_type));
    if (next === undefined) break;
    here = first + next.starting_lba;
    hereSize = next.size_in_lba;
  }
  return { partitions: partitions.slice(0, room), warnings };
}
