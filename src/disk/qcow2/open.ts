/** qcow2, versions 2 and 3 (QEMU, docs/interop/qcow2.rst), read-only. */
import { printable } from '../../bytes/text.js';
import { unsupported } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import { type BackingFile, openBackingFile } from '../backing-file.js';
import type { Container, ContainerOptions, OpenContainer } from '../container.js';
import { readHeader } from './header.js';
import { Qcow2Disk } from './mapping.js';

/** Opens a qcow2 image with its backing file. @throws TygrubError corrupt, unsupported, limit */
export async function openQcow2(source: ByteSource, options: ContainerOptions, openNested: OpenContainer): Promise<Container> {
  const header = await readHeader(source, options.limits);
  const backing = header.backingFile === null ? null : await openBacking(header.backingFile, header.backingFormat, options, openNested);
  const parts = [`version ${header.version}`, `${header.clusterSize / 1024} KiB clusters`];
  if (header.extendedL2) parts.push('subclusters');
  if (backing !== null) parts.push(`backed by ${backing.path}`);
  return {
    format: 'qcow2',
    description: parts.join(', '),
    disk: new Qcow2Disk(source, header, backing?.container.disk ?? null, options.limits),
    warnings: [...header.warnings, ...(backing?.container.warnings ?? [])],
    ...(backing === null ? {} : { close: () => backing.close() }),
  };
}

/** QEMU's names may say how a file is reached (`file:`, `nbd:`, `json:`); only files are followed. */
async function openBacking(
  name: string,
  format: string | null,
  options: ContainerOptions,
  openNested: OpenContainer,
): Promise<BackingFile> {
  const protocol = /^([A-Za-z0-9+.-]+):/.exec(name)?.[1];
  if (protocol !== undefined && protocol !== 'file') {
    throw unsupported('qcow2.backing-protocol', `the backing file ${printable(name)} is reached by ${protocol}, which is not read`);
  }
  const path = protocol === 'file' ? name.slice('file:'.length) : name;
  const base = path.slice(path.lastIndexOf('/') + 1);
  return openBackingFile(base === path ? [path] : [path, base], format, options, openNested);
}
