/** By what a disc of ISO 9660 is recognised. Apart from the other structures, which only such a disc needs. */
import { ascii, layout, u8 } from '../../src/bytes/layout.js';
import type { ByteSource } from '../../src/source/byte-source.js';

/** Bytes of a sector; the volume descriptors start in sector 16 (ECMA-119, 6.2.1). */
export const SECTOR = 2048;
export const FIRST_DESCRIPTOR = 16;

/** What all volume descriptors start with (8.1). */
export const VOLUME_DESCRIPTOR = layout('ISO 9660 volume descriptor', 7, 'little', {
  type: [0, u8],
  id: [1, ascii(5)],
  version: [6, u8],
});

export const STANDARD_ID = 'CD001';
/** The High Sierra format before the standard: its identifier stands nine bytes into the descriptor. */
export const HIGH_SIERRA_DESCRIPTOR = layout('High Sierra volume descriptor', 15, 'little', { id: [9, ascii(5)] });
export const HIGH_SIERRA_ID = 'CDROM';

/** True when the first descriptor has the standard's identifier, or High Sierra's. */
export async function hasDescriptors(source: ByteSource): Promise<boolean> {
  const at = FIRST_DESCRIPTOR * SECTOR;
  if (source.size < at + HIGH_SIERRA_DESCRIPTOR.size) return false;
  const data = await source.read(at, HIGH_SIERRA_DESCRIPTOR.size);
  return VOLUME_DESCRIPTOR.decode(data).id === STANDARD_ID || HIGH_SIERRA_DESCRIPTOR.decode(data).id === HIGH_SIERRA_ID;
}
