/** Files that a container reads through to: qcow2's backing files, VHDX's parents. Their names come from the disk. */
import { printable } from '../bytes/text.js';
import { limitReached, notFound, unsupported, usageError } from '../errors.js';
import { BlockCache } from '../source/block-cache.js';
import type { Container, ContainerOptions, OpenContainer } from './container.js';

/** A container that was opened because another one named it. */
export interface BackingFile {
  readonly container: Container;
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Opens the container under one of the names that a child gives, under the caller's rules for neighbours.
 * @param names in the order in which they are tried
 * @param format what the child says the file is; null where it does not say. A raw file needs `allowRawParent`: any file
 * of the host is a raw disk to whoever names it
 * @throws TygrubError not-found with the names that were tried, limit (`chainLength`), usage, and what the container throws
 */
export async function openBackingFile(
  names: readonly string[],
  format: string | null,
  options: ContainerOptions,
  openNested: OpenContainer,
): Promise<BackingFile> {
  const openedBy = options.openedBy ?? [];
  if (openedBy.length >= options.limits.chainLength) {
    throw limitReached('chainLength', `${options.path} stands at the end of more than ${options.limits.chainLength} backing files`);
  }
  for (const name of names) {
    const file = name === '' ? null : await options.neighbours.open(name);
    if (file === null) continue;
    const close = async () => file.source.close?.();
    try {
      if (openedBy.includes(file.identity)) {
        throw usageError('backing.cycle', `${options.path} names ${file.path} as its backing file, which leads back to it`);
      }
      const nested: ContainerOptions = {
        limits: options.limits,
        neighbours: file.neighbours,
        path: file.path,
        allowRawParent: options.allowRawParent,
        force: options.force,
        openedBy: [...openedBy, file.identity],
      };
      const container = await openNested(new BlockCache(file.source, options.limits.cacheSize), nested);
      if (container.format === 'raw' && !options.allowRawParent) {
        throw usageError('backing.raw', `${options.path} names the raw file ${file.path} as its backing file`, {
          hint: 'read through to it with --allow-raw-parent',
        });
      }
      if (format !== null && format !== container.format && !(format === 'vpc' && container.format === 'vhd')) {
        throw unsupported(
          'backing.other-format',
          `${options.path} says that ${file.path} is ${printable(format)}, but it is ${container.format}`,
        );
      }
      return {
        container,
        path: file.path,
        async close() {
          await container.close?.();
          await close();
        },
      };
    } catch (error) {
      await close();
      throw error;
    }
  }
  throw notFound('backing.missing', `the backing file of ${options.path} is not there`, {
    attempts: names.map((name) => printable(name)),
    hint: 'put it beside the image, or name its directory with --parent-dir',
  });
}
