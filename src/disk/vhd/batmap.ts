/**
 * blktap's batmap: one bit for each block that is completely written. It only speeds up writing, so a reader never
 * believes it; its header is read because it takes room after the BAT and says whether the disk is encrypted.
 */
import { toHex } from '../../bytes/uuid.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { PlacedHeader } from './dynamic-header.js';
import { BAT_ENTRY_SIZE, BATMAP_COOKIE, BATMAP_HEADER, type BatmapHeader, SECTOR } from './layout.js';

export interface Batmap {
  readonly header: BatmapHeader;
  /** Byte offset of the header. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Where the BAT ends: its entries, padded to sectors. */
export function tableEnd({ header }: PlacedHeader): number {
  return (header.tableOffset ?? 0) + Math.ceil((header.maxTableEntries * BAT_ENTRY_SIZE) / SECTOR) * SECTOR;
}

/** Reads the batmap's header; null where there is none (its cookie decides: no field of the disk announces it). */
export async function readBatmap(source: ByteSource, placed: PlacedHeader): Promise<Batmap | null> {
  const offset = tableEnd(placed);
  if (offset + BATMAP_HEADER.size > source.size) return null;
  const bytes = await source.read(offset, BATMAP_HEADER.size);
  const header = BATMAP_HEADER.decode(bytes);
  return header.cookie === BATMAP_COOKIE ? { header, offset, bytes } : null;
}

/** The hash of the key of an encrypted disk as hexadecimal digits; null for a disk that is not encrypted. */
export function keyHash(batmap: Batmap | null): string | null {
  return batmap?.header.keyHashCookie === 1 ? toHex(batmap.header.keyHash) : null;
}
