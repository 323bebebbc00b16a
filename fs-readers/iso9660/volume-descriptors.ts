/** The set of volume descriptors: which trees of directories there are. */
import { corrupt, unsupported } from '../../src/errors.js';
import type { ByteSource } from '../../src/source/byte-source.js';
import { FIRST_DESCRIPTOR, HIGH_SIERRA_DESCRIPTOR, HIGH_SIERRA_ID, SECTOR, STANDARD_ID, VOLUME_DESCRIPTOR } from './descriptor-id.js';
import {
  JOLIET_LEVELS,
  LAST_DESCRIPTOR,
  PRIMARY_DESCRIPTOR,
  TYPE_END,
  TYPE_PRIMARY,
  TYPE_SUPPLEMENTARY,
  type VolumeDescriptor,
} from './layout.js';

export interface DescriptorSet {
  readonly primary: VolumeDescriptor;
  readonly joliet: VolumeDescriptor | null;
}

/**
 * Reads the descriptors as Linux does: the first primary one counts, the search ends at the first supplementary one of
 * Joliet, at the terminator, or after 84 sectors.
 * @throws TygrubError corrupt `iso9660.descriptors`, unsupported `iso9660.high-sierra`
 */
export async function readDescriptors(source: ByteSource): Promise<DescriptorSet> {
  let primary: VolumeDescriptor | null = null;
  let joliet: VolumeDescriptor | null = null;
  for (let sector = FIRST_DESCRIPTOR; sector <= LAST_DESCRIPTOR && joliet === null; sector++) {
    const at = sector * SECTOR;
    if (at + SECTOR > source.size) break;
    const data = await source.read(at, SECTOR);
    const { id, type } = VOLUME_DESCRIPTOR.decode(data);
    if (id !== STANDARD_ID) {
      if (HIGH_SIERRA_DESCRIPTOR.decode(data).id === HIGH_SIERRA_ID) {
        throw unsupported('iso9660.high-sierra', 'the disc is in the High Sierra format, which came before ISO 9660', { offset: at });
      }
      continue;
    }
    if (type === TYPE_END) break;
    if (type === TYPE_PRIMARY) primary ??= PRIMARY_DESCRIPTOR.decode(data);
    else if (type === TYPE_SUPPLEMENTARY) {
      const descriptor = PRIMARY_DESCRIPTOR.decode(data);
      const [percent, slash, level = 0] = descriptor.escape_sequences;
      if (percent === 0x25 && slash === 0x2f && JOLIET_LEVELS.has(level)) joliet = descriptor;
    }
  }
  primary ??= joliet;
  if (primary === null) {
    throw corrupt('iso9660.descriptors', 'the disc has no primary volume descriptor', { offset: FIRST_DESCRIPTOR * SECTOR });
  }
  return { primary, joliet };
}

/** Bytes of the blocks that extents are counted in. @throws TygrubError corrupt `iso9660.block-size` */
export function blockSize({ logical_block_size: size }: VolumeDescriptor): number {
  if (size === 512 || size === 1024 || size === SECTOR) return size;
  throw corrupt('iso9660.block-size', `logical_block_size is ${size}; 512, 1024 and 2048 are possible`, {
    offset: FIRST_DESCRIPTOR * SECTOR + PRIMARY_DESCRIPTOR.offsetOf('logical_block_size'),
  });
}
