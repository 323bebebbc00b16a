/** The table of container formats and the way in. */
import type { ByteSource } from '../source/byte-source.js';
import type { Container, ContainerFormat, ContainerOptions } from './container.js';
import { qcow2 } from './qcow2/index.js';
import { raw } from './raw.js';
import { strandedVhd, vhd } from './vhd/index.js';
import { vhdx } from './vhdx/index.js';
import { vmdk } from './vmdk/index.js';

export type { Container, ContainerFormat, ContainerOptions } from './container.js';

/**
 * All formats, in the order in which they are asked. `vhd` is first: it looks at the end of the file, which the guest of a
 * fixed VHD cannot write, while it could write the magic of any other format at offset 0. `strandedVhd` goes by the file's
 * name, so it comes after all that go by content. `raw` is last: it takes everything.
 */
export const CONTAINER_FORMATS: readonly ContainerFormat[] = [vhd, vhdx, qcow2, vmdk, strandedVhd, raw];

/**
 * Opens the container in a source.
 * @param source the file or device (metadata is read through it, so it should be cached)
 * @returns the container, with the virtual disk as a byte source
 * @throws TygrubError corrupt, unsupported, limit, and what the source throws
 */
export async function openContainer(source: ByteSource, options: ContainerOptions): Promise<Container> {
  for (const format of CONTAINER_FORMATS) {
    if (await format.probe(source, options)) return format.open(source, options, openContainer);
  }
  throw new RangeError('the table of containers has no last row that takes everything');
}
