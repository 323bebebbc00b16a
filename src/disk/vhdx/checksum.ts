import { crc32c } from '../../bytes/crc.js';

/** CRC-32C of a structure with its checksum field, at byte 4, taken as zero (MS-VHDX 2.2.2, 2.2.3, 2.3.1). */
export function checksumOf(structure: Uint8Array): number {
  const zeroed = crc32c(new Uint8Array(4), crc32c(structure.subarray(0, 4)));
  return crc32c(structure.subarray(8), zeroed);
}
