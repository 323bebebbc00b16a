/** Writers of partition tables for tests: disks in memory, made with the readers' own layouts. */
import { crc32 } from '../../../src/bytes/crc.js';
import { GPT_ENTRY, GPT_HEADER } from '../../../src/volume/gpt/layout.js';
import { BOOT_RECORD, BOOT_SIGNATURE, PARTITION_RECORD } from '../../../src/volume/mbr/layout.js';

/** A partition in sectors. */
export interface MbrEntry {
  readonly type: number;
  readonly start: number;
  readonly size: number;
  readonly active?: boolean;
}

/** Writes a boot record with up to four entries at a byte offset. */
export function writeBootRecord(disk: Uint8Array, offset: number, entries: readonly (MbrEntry | null)[], signature = 0): void {
  const records = new Uint8Array(64);
  for (const [slot, entry] of entries.entries()) {
    if (entry === null) continue;
    const values = {
      boot_indicator: entry.active === true ? 0x80 : 0,
      os_type: entry.type,
      starting_lba: entry.start,
      size_in_lba: entry.size,
    };
    PARTITION_RECORD.encode(records, values, slot * PARTITION_RECORD.size);
  }
  BOOT_RECORD.encode(disk, { unique_mbr_disk_signature: signature, partition_record: records, signature: BOOT_SIGNATURE }, offset);
}

/** A GPT partition in sectors, both ends included. */
export interface GptPartition {
  /** From 0; the volume is `gpt${index + 1}`. */
  readonly index: number;
  readonly first: number;
  readonly last: number;
  readonly name?: string;
  readonly bootable?: boolean;
}

export interface GptShape {
  readonly sectorSize?: number;
  readonly entrySize?: number;
  readonly entries?: number;
}

function unique(seed: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => (seed * 16 + i) & 0xff);
}

/** Writes a protective MBR, a GPT and its backup over a whole disk. */
export function writeGpt(disk: Uint8Array, partitions: readonly GptPartition[], shape: GptShape = {}): void {
  const { sectorSize = 512, entrySize = 128, entries = 128 } = shape;
  const sectors = disk.length / sectorSize;
  const arraySectors = Math.ceil((entries * entrySize) / sectorSize);
  writeBootRecord(disk, 0, [{ type: 0xee, start: 1, size: sectors - 1 }]);
  const array = new Uint8Array(entries * entrySize);
  for (const { index, first, last, name = '', bootable = false } of partitions) {
    const text = new Uint8Array(72);
    for (let i = 0; i < name.length; i++) new DataView(text.buffer).setUint16(i * 2, name.charCodeAt(i), true);
    const values = {
      PartitionTypeGUID: unique(7),
      UniquePartitionGUID: unique(index + 1),
      StartingLBA: first,
      EndingLBA: last,
      Attributes: { high: 0, low: bootable ? 4 : 0 },
      PartitionName: text,
    };
    GPT_ENTRY.encode(array, values, index * entrySize);
  }
  for (const [own, other, at] of [
    [1, sectors - 1, 2],
    [sectors - 1, 1, sectors - 1 - arraySectors],
  ] as const) {
    disk.set(array, at * sectorSize);
    GPT_HEADER.encode(
      disk,
      {
        Signature: 'EFI PART',
        Revision: 0x10000,
        HeaderSize: GPT_HEADER.size,
        MyLBA: own,
        AlternateLBA: other,
        FirstUsableLBA: 2 + arraySectors,
        LastUsableLBA: sectors - 2 - arraySectors,
        DiskGUID: unique(9),
        PartitionEntryLBA: at,
        NumberOfPartitionEntries: entries,
        SizeOfPartitionEntry: entrySize,
      },
      own * sectorSize,
    );
  }
  sealGpt(disk, sectorSize);
}

/** Makes the checksums of both copies right again after a change. */
export function sealGpt(disk: Uint8Array, sectorSize = 512): void {
  for (const at of [sectorSize, disk.length - sectorSize]) {
    const header = GPT_HEADER.decode(disk, at);
    const start = (header.PartitionEntryLBA ?? 0) * sectorSize;
    const size = header.NumberOfPartitionEntries * header.SizeOfPartitionEntry;
    const array = start + size <= disk.length ? disk.subarray(start, start + size) : new Uint8Array(0);
    GPT_HEADER.encode(disk, { HeaderCRC32: 0, PartitionEntryArrayCRC32: crc32(array) }, at);
    const length = Math.min(header.HeaderSize, sectorSize);
    GPT_HEADER.encode(disk, { HeaderCRC32: crc32(disk.subarray(at, at + length)) }, at);
  }
}
