/** Recovery: the filesystem as the guest would see it after its next mount. Nothing is written anywhere. */
import type { FileSystemOptions } from '../../filesystem.js';
import type { XfsVolume } from '../volume.js';

/** A filesystem and what its log did to it, in words for people. */
export interface Recovered {
  readonly volume: XfsVolume;
  readonly state: string;
}

export async function recover(volume: XfsVolume, _options: FileSystemOptions): Promise<Recovered> {
  return { volume, state: '' };
}
