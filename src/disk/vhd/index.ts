/** VHD: fixed, dynamic and differencing disks, as one file or as a folder of Xen Orchestra. */
import { printable } from '../../bytes/text.js';
import type { Warning } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { Container, ContainerFormat, ContainerOptions } from '../container.js';
import { type Chain, followChain } from './chain.js';
import { creatorName } from './creators.js';
import { readCopy, readTail } from './find-footer.js';
import { DISK_TYPE_NAMES, FOOTER } from './layout.js';
import { type ChainMember, isAliasName, openFolderMember, openMember } from './member.js';
import { FixedDisk, SparseDisk } from './sparse-disk.js';
import { fileBlocks } from './vhd-file.js';

export { isVhdFolder } from './vhd-folder.js';

/** Files with a footer at the end or its copy at offset 0, VhdDirectories and aliases of either. */
export const vhd: ContainerFormat = {
  name: 'vhd',
  async probe(source, { path, folder }) {
    if (folder !== undefined || isAliasName(path)) return true;
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

/**
 * The leaf of a chain, without its parents.
 * @param scan search for a footer that was left behind
 */
export function openLeaf(source: ByteSource, options: ContainerOptions, scan: boolean): Promise<ChainMember> {
  const { folder, path, neighbours } = options;
  const how = { limits: options.limits, force: options.force, scan };
  if (folder !== undefined) return openFolderMember(folder, { path, neighbours }, how);
  return openMember({ source, path, neighbours, identity: null }, false, how);
}

async function openVhd(source: ByteSource, options: ContainerOptions, scan: boolean): Promise<Container> {
  const leaf = await openLeaf(source, options, scan);
  let chain: Chain | null = null;
  const close = async () => {
    await chain?.close();
    await leaf.close();
  };
  try {
    chain = await followChain(leaf, options);
    if (chain.problem !== null) throw chain.problem;
    const { members } = chain;
    return { format: 'vhd', description: describe(members), disk: chainDisk(members, options), warnings: chainWarnings(members), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The virtual disk of a chain's leaf; the chain must be complete. */
export function chainDisk(members: readonly ChainMember[], options: Pick<ContainerOptions, 'limits'>): ByteSource {
  let disk: ByteSource | null = null;
  for (const { vhd: level } of [...members].reverse()) {
    if (level.layout === 'raw') disk = level.source;
    else if (level.layout === 'folder') disk = new SparseDisk(level.blocks, level.size, disk);
    else if (level.sparse === null) disk = new FixedDisk(level.source, level.size, level.found.sector.offset);
    else disk = new SparseDisk(fileBlocks(level, level.sparse, options.limits), level.size, disk);
  }
  if (disk === null) throw new RangeError('a chain has at least one member');
  return disk;
}

function chainWarnings(members: readonly ChainMember[]): Warning[] {
  return members.flatMap(({ vhd: level, path }, index) => {
    if (level.layout === 'raw') return [];
    return index === 0 ? level.warnings : level.warnings.map((warning) => ({ ...warning, message: `${path}: ${warning.message}` }));
  });
}

function describe(members: readonly ChainMember[]): string {
  const level = members[0]?.vhd;
  if (level === undefined || level.layout === 'raw') return '';
  const blocks = level.layout === 'folder' ? level.blocks.blockSize : level.sparse?.geometry.blockSize;
  const { creatorApplication, diskType } = level.footer;
  const parts = [DISK_TYPE_NAMES.get(diskType) ?? 'unknown'];
  if (blocks !== undefined) parts.push(`${binarySize(blocks)} blocks`);
  parts.push(`created by ${creatorName(creatorApplication) ?? printable(creatorApplication)}`);
  if (level.layout === 'folder') parts.push(`in a folder of Xen Orchestra${level.filter === null ? '' : ` (${level.filter})`}`);
  if (members.length > 1) parts.push(`${members.length - 1} parent${members.length > 2 ? 's' : ''}`);
  return parts.join(', ');
}

function binarySize(bytes: number): string {
  if (bytes % (1024 * 1024) === 0) return `${bytes / (1024 * 1024)} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} byte`;
}
