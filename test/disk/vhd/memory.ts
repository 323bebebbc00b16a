/** VHDs in memory, opened with neighbours in memory: chains without a host. */
import { type Container, openContainer } from '../../../src/disk/index.js';
import { DEFAULT_LIMITS, type Limits } from '../../../src/limits.js';
import { BlockCache } from '../../../src/source/block-cache.js';
import { MemorySource } from '../../../src/source/memory.js';
import type { Neighbours } from '../../../src/source/neighbours.js';

/** A flat directory of files. */
export function directory(files: Readonly<Record<string, Uint8Array>>): Neighbours {
  const neighbours: Neighbours = {
    async open(name) {
      const key = name.replace(/^\.\//, '');
      const bytes = files[key];
      return bytes === undefined ? null : { source: new MemorySource(bytes), path: key, identity: key, neighbours };
    },
    list: async () => Object.keys(files),
  };
  return neighbours;
}

export interface MemoryOptions {
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly path?: string;
  readonly force?: boolean;
  readonly allowRawParent?: boolean;
  readonly limits?: Limits;
}

export function containerOptions(options: MemoryOptions = {}) {
  return {
    limits: options.limits ?? DEFAULT_LIMITS,
    neighbours: directory(options.files ?? {}),
    path: options.path ?? 'leaf.vhd',
    allowRawParent: options.allowRawParent ?? false,
    force: options.force ?? false,
  };
}

/** Opens a VHD in memory. */
export function openBytes(bytes: Uint8Array, options: MemoryOptions = {}): Promise<Container> {
  return openContainer(new BlockCache(new MemorySource(bytes)), containerOptions(options));
}
