/** The checksum of footer, header and batmap: ones' complement of the sum of the bytes. */
import type { Layout } from '../../bytes/layout.js';
import { FOOTER } from './layout.js';

/** The sum of the bytes as an unsigned 32-bit integer. */
export function byteSum(data: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum = (sum + (data[i] as number)) >>> 0;
  return sum;
}

/**
 * The checksum that a structure ought to have.
 * @param structure the bytes of the whole structure; its checksum field is taken as zero
 */
export function structureChecksum<T extends { checksum: number }>(table: Layout<T>, structure: Uint8Array): number {
  const at = table.offsetOf('checksum');
  const field = structure.subarray(at, at + table.sizeOf('checksum'));
  return ~(byteSum(structure) - byteSum(field)) >>> 0;
}

const LEGACY_TAP_VERSIONS: ReadonlySet<number> = new Set([0x0000_0001, 0x0001_0001]);

/**
 * Whether a footer's checksum is right. Early blktap tools set `hidden` without summing again, so for them the sum
 * without that byte is right as well.
 * @param structure 512 bytes
 */
export function footerChecksumHolds(structure: Uint8Array): boolean {
  const footer = FOOTER.decode(structure);
  const sum = structureChecksum(FOOTER, structure);
  if (footer.checksum === sum) return true;
  if (footer.hidden === 0 || footer.creatorApplication !== 'tap\0' || !LEGACY_TAP_VERSIONS.has(footer.creatorVersion)) return false;
  return footer.checksum === (sum + footer.hidden) >>> 0;
}
