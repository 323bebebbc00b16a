/** VMDK (VMware's "Virtual Disk Format 5.0"): monolithicSparse, streamOptimized, split and flat disks, read-only. */
import { decodeLatin1, printable } from '../../bytes/text.js';
import { corrupt, notFound, TygrubError, unsupported } from '../../errors.js';
import { BlockCache } from '../../source/block-cache.js';
import { type ByteSource, MappedSource, type Run } from '../../source/byte-source.js';
import { ConcatenatedSource } from '../../source/concatenation.js';
import type { Neighbour } from '../../source/neighbours.js';
import { SliceSource } from '../../source/slice.js';
import type { Container, ContainerOptions } from '../container.js';
import { type Descriptor, type Extent, parseDescriptor } from './descriptor.js';
import { COWD_MAGIC, SECTOR, SPARSE_MAGIC } from './layout.js';
import { readSparseHeader, SparseExtent } from './sparse-extent.js';

/** Bytes of a descriptor file; real ones are below 2 KiB. */
const MAX_DESCRIPTOR = 64 * 1024;

/** Opens a VMDK of one or several files. @throws TygrubError corrupt, unsupported, limit */
export async function openVmdk(source: ByteSource, options: ContainerOptions): Promise<Container> {
  const start = decodeLatin1(await source.read(0, 4));
  if (start !== SPARSE_MAGIC && start !== COWD_MAGIC) {
    if (source.size > MAX_DESCRIPTOR) throw corrupt('vmdk.descriptor-size', `a descriptor of ${source.size} bytes is impossible`);
    return openExtents(parseDescriptor(await source.read(0, source.size), options.limits), options);
  }
  const header = await readSparseHeader(source);
  const disk = new SparseExtent(source, header, options.limits);
  if (header.descriptorOffset === 0 || header.descriptorSize === 0) return container('sparse extent', disk);
  if (header.descriptorSize * SECTOR > MAX_DESCRIPTOR)
    throw corrupt('vmdk.descriptor-size', `a descriptor of ${header.descriptorSize} sectors is impossible`);
  const descriptor = parseDescriptor(await source.read(header.descriptorOffset * SECTOR, header.descriptorSize * SECTOR), options.limits);
  if (descriptor.extents.length === 1) return container(descriptor.createType, disk);
  return openExtents(descriptor, options);
}

function container(createType: string, disk: ByteSource, close?: () => Promise<void>): Container {
  return { format: 'vmdk', description: printable(createType), disk, warnings: [], ...(close === undefined ? {} : { close }) };
}

/** Zeros that are stored nowhere. */
class Zeros extends MappedSource {
  constructor(readonly size: number) {
    super();
  }
  protected map(_offset: number, length: number): Run {
    return { source: null, offset: 0, length };
  }
}

async function openExtents(descriptor: Descriptor, options: ContainerOptions): Promise<Container> {
  const files: Neighbour[] = [];
  const close = async () => {
    for (const file of files) await file.source.close?.();
  };
  try {
    const parts: ByteSource[] = [];
    for (const extent of descriptor.extents) parts.push(await openExtent(extent, options, files));
    return container(descriptor.createType, parts.length === 1 && parts[0] !== undefined ? parts[0] : new ConcatenatedSource(parts), close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Flat extents are raw bytes of whatever file the descriptor names: confined by the neighbours' rules, and to real sizes. */
async function openExtent(extent: Extent, options: ContainerOptions, files: Neighbour[]): Promise<ByteSource> {
  const size = extent.sectors * SECTOR;
  if (!Number.isSafeInteger(size)) throw corrupt('vmdk.extent-size', `an extent of ${extent.sectors} sectors is impossible`);
  if (extent.type === 'ZERO') return new Zeros(size);
  if (extent.type !== 'FLAT' && extent.type !== 'VMFS' && extent.type !== 'SPARSE') {
    throw unsupported('vmdk.extent-type', `extents of type ${printable(extent.type)} are not read`);
  }
  const name = extent.fileName ?? '';
  const file = name === '' ? null : await options.neighbours.open(name);
  if (file === null)
    throw notFound('vmdk.extent-missing', `the extent ${printable(name)} of ${options.path} is not there`, {
      hint: 'put it beside the descriptor',
    });
  files.push(file);
  const cached = new BlockCache(file.source, options.limits.cacheSize);
  try {
    if (extent.type !== 'SPARSE') return new SliceSource(cached, extent.offset * SECTOR, size);
    const disk = new SparseExtent(cached, await readSparseHeader(cached), options.limits);
    return disk.size === size ? disk : new SliceSource(disk, 0, size);
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    throw new TygrubError(error.kind, error.code, `the extent ${file.path}: ${error.summary}`, { cause: error });
  }
}
