/** The table of container formats and the way in. */
import type { ByteSource } from '../source/byte-source.js';
import type { Container, ContainerFormat, ContainerOptions } from './container.js';
import { raw } from './raw.js';

export type { Container, ContainerFormat, ContainerOptions } from './container.js';

/** All formats, in the order in which they are asked. `raw` is last: it takes everything. */
export const CONTAINER_FORMATS: readonly ContainerFormat[] = [raw];

/**
 * Opens the container in a source.
 * @param source the file or device (metadata is read through it, so it should be cached)
 * @returns the container, with the virtual disk as a byte source
 * @throws TygrubError corrupt, unsupported, limit, and what the source throws
 */
export async function openContainer(source: ByteSource, options: ContainerOptions): Promise<Container> {
  for (const format of CONTAINER_FORMATS) {
    if (await format.probe(source)) return format.open(source, options);
  }
  throw new RangeError('the table of containers has no last row that takes everything');
}
