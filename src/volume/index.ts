/** The way from a disk to its volumes: partition tables first, then what volume managers make of the partitions. */
import { lvm } from './lvm/index.js';
import { md } from './md/index.js';
import type { VolumeManager } from './volume.js';

export { impression } from './identify/impression.js';
export { type Identity, identify } from './identify/index.js';
export { scanVolumes } from './scan.js';
export type { AssembledVolumes, ManagedMember, TableKind, Volume, VolumeManager, VolumeTable } from './volume.js';

/**
 * All volume managers; each may stand on volumes of those before it. A new one is a new file or folder and one new row.
 */
export const VOLUME_MANAGERS: readonly VolumeManager[] = [md, lvm];
