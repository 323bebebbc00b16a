/** Opening an image for the `vhd` commands: the VHD itself, not what is on its disk. */
import { provideNodeCodecs } from '../codec/node-codecs.js';
import type { ContainerOptions } from '../disk/index.js';
import { usageError } from '../errors.js';
import { openImage } from '../open-disk.js';
import { BlockCache } from '../source/block-cache.js';
import type { ByteSource } from '../source/byte-source.js';
import { NO_NEIGHBOURS } from '../source/neighbours.js';
import { guestOptions, limitsOf, type ReadOptions } from './options.js';

/** Opens the image, runs `work` on it and closes it again. */
export async function withVhd<T>(
  image: string,
  options: ReadOptions,
  work: (source: ByteSource, container: ContainerOptions) => Promise<T>,
): Promise<T> {
  if (image === '') throw usageError('cli.empty-path', 'the image has an empty path');
  provideNodeCodecs();
  const limits = limitsOf(options);
  const { source, neighbours, folder, path } = await openImage(image, guestOptions(options));
  try {
    return await work(new BlockCache(source, limits.cacheSize), {
      limits,
      path,
      neighbours: neighbours ?? NO_NEIGHBOURS,
      ...(folder === undefined ? {} : { folder }),
      allowRawParent: options.allowRawParent ?? false,
      force: options.force ?? false,
    });
  } finally {
    await source.close?.();
  }
}
