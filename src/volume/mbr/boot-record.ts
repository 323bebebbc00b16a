/** One boot record: the first sector of a disk or of an extended partition, with its four partition records. */
import type { Decoded } from '../../bytes/layout.js';
import type { ByteSource } from '../../source/byte-source.js';
import { ACTIVE, BOOT_RECORD, BOOT_SIGNATURE, PARTITION_RECORD } from './layout.js';

export type PartitionRecord = Decoded<typeof PARTITION_RECORD>;

/** A boot record that has the signature 55 AA. */
export interface BootRecord {
  /** The disk signature, which PARTUUIDs start with; 0 where there is none. */
  readonly diskSignature: number;
  /** The four records, empty ones included. */
  readonly records: readonly PartitionRecord[];
}

/**
 * Reads the boot record at `offset`.
 * @returns null when the sector is not on the disk or has no signature
 */
export async function readBootRecord(disk: ByteSource, offset: number): Promise<BootRecord | null> {
  if (offset + BOOT_RECORD.size > disk.size) return null;
  const sector = BOOT_RECORD.decode(await disk.read(offset, BOOT_RECORD.size));
  if (sector.signature !== BOOT_SIGNATURE) return null;
  const records = [0, 1, 2, 3].map((slot) => PARTITION_RECORD.decode(sector.partition_record, slot * PARTITION_RECORD.size));
  return { diskSignature: sector.unique_mbr_disk_signature, records };
}

/**
 * Whether all boot indicators are 0 or 80h. The boot sectors of FAT, NTFS and the like also end in 55 AA, and boot code of
 * a filesystem on the whole disk stands where the table would be: Linux and GRUB tell them apart by these four bytes.
 */
export function hasBootIndicators(record: BootRecord): boolean {
  return record.records.every((entry) => (entry.boot_indicator & ~ACTIVE) === 0);
}
