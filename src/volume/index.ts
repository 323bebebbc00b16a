/** The way from a disk to its volumes: partition tables first, then what volume managers make of the partitions. */
import type { VolumeManager } from './volume.js';

export { type Identity, identify } from './identify/index.js';
export { scanVolumes } from './scan.js';
export type { AssembledVolumes, ManagedMember, TableKind, Volume, VolumeManager, VolumeTable } from './volume.js';

/** All volume managers. A new one is a new file or folder and one new row. */
export const VOLUME_MANAGERS: readonly VolumeManager[] = [];
