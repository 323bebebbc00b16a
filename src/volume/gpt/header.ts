/** One GPT: a header with its entry array, both proved by their checksums. */
import { crc32 } from '../../bytes/crc.js';
import type { Decoded } from '../../bytes/layout.js';
import { corrupt, limitReached } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { EFI_PART, GPT_ENTRY, GPT_HEADER } from './layout.js';

export type GptHeader = Decoded<typeof GPT_HEADER>;

/** Whether a GPT header seems to begin at `offset`. */
export async function hasGptSignature(disk: ByteSource, offset: number): Promise<boolean> {
  if (offset < 0 || offset + GPT_HEADER.size > disk.size) return false;
  return GPT_HEADER.decode(await disk.read(offset, GPT_HEADER.size)).Signature === EFI_PART;
}

/**
 * Reads the header in sector `lba` and checks what it says of itself: size, checksum, its own place.
 * @throws TygrubError corrupt
 */
export async function readGptHeader(disk: ByteSource, lba: number, sectorSize: number): Promise<GptHeader> {
  const offset = lba * sectorSize;
  if (offset + sectorSize > disk.size) throw corrupt('gpt.header-outside', `the disk has no sector ${lba} for a GPT header`);
  const sector = await disk.read(offset, sectorSize);
  const header = GPT_HEADER.decode(sector);
  if (header.Signature !== EFI_PART) throw corrupt('gpt.header-signature', `sector ${lba} has no GPT header`, { offset });
  if (header.HeaderSize < GPT_HEADER.size || header.HeaderSize > sectorSize) {
    throw corrupt('gpt.header-size', `the GPT header in sector ${lba} claims ${header.HeaderSize} bytes`, { offset });
  }
  const checked = sector.slice(0, header.HeaderSize);
  GPT_HEADER.encode(checked, { HeaderCRC32: 0 });
  if (crc32(checked) !== header.HeaderCRC32) {
    throw corrupt('gpt.header-checksum', `the GPT header in sector ${lba} does not match its checksum`, { offset });
  }
  if (header.MyLBA !== lba) {
    throw corrupt('gpt.header-place', `the GPT header in sector ${lba} says that it belongs in sector ${header.MyLBA ?? 'nowhere'}`, {
      offset,
    });
  }
  return header;
}

/**
 * Reads the entry array of a header.
 * @returns the array's bytes, `SizeOfPartitionEntry` for each entry
 * @throws TygrubError corrupt; limit when the array is larger than `limits.partitionTableSize`
 */
export async function readGptEntries(disk: ByteSource, header: GptHeader, sectorSize: number, limits: Limits): Promise<Uint8Array> {
  const entrySize = header.SizeOfPartitionEntry;
  if (entrySize < GPT_ENTRY.size || entrySize % 8 !== 0) {
    throw corrupt('gpt.entry-size', `the GPT claims entries of ${entrySize} bytes, ${GPT_ENTRY.size} is the least`);
  }
  const size = header.NumberOfPartitionEntries * entrySize;
  if (size > limits.partitionTableSize) {
    throw limitReached('partitionTableSize', `the GPT claims ${header.NumberOfPartitionEntries} entries of ${entrySize} bytes`);
  }
  const offset = (header.PartitionEntryLBA ?? disk.size) * sectorSize;
  if (header.PartitionEntryLBA === null || offset + size > disk.size) {
    throw corrupt(
      'gpt.entries-outside',
      `the GPT entries in sector ${header.PartitionEntryLBA ?? '(impossible)'} are past the end of the disk`,
    );
  }
  const entries = await disk.read(offset, size);
  if (crc32(entries) !== header.PartitionEntryArrayCRC32) {
    throw corrupt('gpt.entries-checksum', `the GPT entries in sector ${header.PartitionEntryLBA} do not match their checksum`, { offset });
  }
  return entries;
}
