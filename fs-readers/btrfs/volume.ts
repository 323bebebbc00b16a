/** What every part of the reader works with. */
import type { Limits } from '../../src/limits.js';
import type { WarningList } from '../warning-list.js';
import type { VerifiedData } from './data.js';
import type { Storage } from './storage.js';
import type { Subvolumes } from './subvolume.js';
import type { Superblock } from './superblock.js';

/** An opened filesystem: its storage and its trees. */
export interface BtrfsVolume {
  readonly superblock: Superblock;
  readonly storage: Storage;
  readonly subvolumes: Subvolumes;
  readonly data: VerifiedData;
  readonly limits: Limits;
  readonly warnings: WarningList;
}
