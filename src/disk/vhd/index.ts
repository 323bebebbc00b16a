/** VHD: fixed, dynamic and differencing disks, as one file or as a folder of Xen Orchestra. */
import { printable } from '../../bytes/text.js';
import { unsupported } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { Container, ContainerFormat, ContainerOptions } from '../container.js';
import { creatorName } from './creators.js';
import { readCopy, readTail } from './find-footer.js';
import { DISK_TYPE_NAMES, FOOTER } from './layout.js';
import { FixedDisk, SparseDisk } from './sparse-disk.js';
import { fileBlocks, isDifferencing, readVhdFile, type VhdFile } from './vhd-file.js';

/** Files with a footer at the end or its copy at offset 0. */
export const vhd: ContainerFormat = {
  name: 'vhd',
  async probe(source) {
    if (source.size < FOOTER.size) return false;
    return (await readTail(source)).footer !== null || (await readCopy(source)).footer !== null;
  },
  open: (source, options) => openVhd(source, options, false),
};

/** Files that are called a VHD, but hold no footer where it belongs: searched for one. */
export const strandedVhd: ContainerFormat = {
  name: 'vhd',
  probe: async (_source, options) => /\.(a?vhd|vud)$/i.test(options.path),
  open: (source, options) => openVhd(source, options, true),
};

async function openVhd(source: ByteSource, options: ContainerOptions, scan: boolean): Promise<Container> {
  const file = await readVhdFile(source, { limits: options.limits, force: options.force, scan, path: options.path });
  if (isDifferencing(file.footer)) throw unsupported('vhd.differencing', 'differencing disks are not read yet');
  const disk =
    file.sparse === null
      ? new FixedDisk(source, file.size, file.found.sector.offset)
      : new SparseDisk(fileBlocks(file, file.sparse, options.limits), file.size, null);
  return { format: 'vhd', description: describe(file), disk, warnings: file.warnings };
}

function describe({ footer, sparse }: VhdFile): string {
  const type = DISK_TYPE_NAMES.get(footer.diskType) ?? 'unknown';
  const blocks = sparse === null ? '' : `, ${binarySize(sparse.geometry.blockSize)} blocks`;
  return `${type}${blocks}, created by ${creatorName(footer.creatorApplication) ?? printable(footer.creatorApplication)}`;
}

function binarySize(bytes: number): string {
  if (bytes % (1024 * 1024) === 0) return `${bytes / (1024 * 1024)} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} byte`;
}
