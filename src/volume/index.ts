/** The way from a disk to its volumes: partition tables first, then what volume managers make of the partitions. */
import type { Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';
import type { VolumeManager, VolumeTable } from './volume.js';

export type { AssembledVolumes, ManagedMember, TableKind, Volume, VolumeManager, VolumeTable } from './volume.js';

/** All volume managers. A new one is a new file or folder and one new row. */
export const VOLUME_MANAGERS: readonly VolumeManager[] = [];

/**
 * Reads the partition table of a disk.
 * @returns the volumes in table order; one volume `whole` where there is no table
 */
export async function scanVolumes(disk: ByteSource, _limits: Limits): Promise<VolumeTable> {
  const whole = {
    name: 'whole',
    start: 0,
    size: disk.size,
    type: null,
    active: false,
    uuid: null,
    label: null,
    source: disk,
    problem: null,
  };
  return { table: null, sectorSize: 512, volumes: [whole], warnings: [] };
}
