/** VHD: fixed, dynamic and differencing disks, as one file or as a folder of Xen Orchestra. */
import { printable } from '../../bytes/text.js';
import { TygrubError, unsupported } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { Container, ContainerFormat, ContainerOptions } from '../container.js';
import { keyHash } from './batmap.js';
import { type Chain, chainDisks, chainWarnings, followChain } from './chain.js';
import { creatorName } from './creators.js';
import { readCopy, readTail } from './find-footer.js';
import { DISK_TYPE_NAMES, FOOTER } from './layout.js';
import { type ChainMember, isAliasName, openLeaf } from './member.js';
import { baseName, isVhdName } from './parent-names.js';

export { type CheckOptions, type CheckReport, checkVhd, type Verdict } from './check.js';
export { type DiskMap, type MapCell, mapVhd } from './disk-map.js';
export { type FindFooterOptions, type FooterPlace, type FoundFooter, findFooter } from './find-footer.js';
export { FINDING_KINDS, type Finding, type FindingCode, type Severity } from './findings.js';
export { type VhdInfo, vhdInfo } from './info.js';
export { openLeaf } from './member.js';
export { contentEnd, type Survey, surveyBlocks } from './survey.js';
export { isDifferencing, readVhdFile, type VhdFile } from './vhd-file.js';
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
  probe: async (_source, options) => isVhdName(baseName(options.path)),
  async open(source, options) {
    try {
      return await openVhd(source, options, true);
    } catch (error) {
      if (error instanceof TygrubError && NO_FOOTER.has(error.code)) await refuseSplitDisk(options);
      throw error;
    }
  },
};

const NO_FOOTER = new Set(['vhd.no-footer', 'vhd.too-small']);

/** Virtual PC 2004 and older split disks into `NAME.vhd`, `NAME.v01` ...; the footer is at the end of the last part. */
async function refuseSplitDisk({ path, neighbours }: ContainerOptions): Promise<void> {
  const stem = baseName(path).replace(/\.[^.]*$/, '');
  for (const second of [`${stem}.v01`, `${stem}.V01`]) {
    const part = await neighbours.open(second);
    if (part === null) continue;
    await part.source.close?.();
    throw unsupported('vhd.split', `${path} is the first part of a split disk, which goes on in ${second}`, {
      hint: `join the parts first: cat ${stem}.vhd ${stem}.v01 ${stem}.v02 ... > WHOLE.vhd`,
    });
  }
}

async function openVhd(source: ByteSource, options: ContainerOptions, scan: boolean): Promise<Container> {
  const leaf = await openLeaf(source, options, scan);
  let chain: Chain | null = null;
  const close = async () => {
    await chain?.close();
    await leaf.close();
  };
  try {
    if (leaf.vhd.layout === 'file' && leaf.vhd.found.place === 'start') await refuseSplitDisk(options);
    chain = await followChain(leaf, options);
    if (chain.problem !== null) throw chain.problem;
    const { members } = chain;
    refuseEncrypted(members);
    const [disk] = chainDisks(members, options.limits);
    if (disk === undefined) throw new RangeError('a chain has at least one member');
    return { format: 'vhd', description: describe(members), disk, warnings: chainWarnings(members), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** blktap's encryption: what lies in the blocks is of no use without the key. */
function refuseEncrypted(members: readonly ChainMember[]): void {
  for (const { vhd: level, path } of members) {
    const hash = level.layout === 'file' ? keyHash(level.sparse?.batmap ?? null) : null;
    if (hash === null) continue;
    throw unsupported('vhd.encrypted', `${path === '' ? 'the disk' : path} is encrypted (key hash ${hash})`, {
      hint: 'tygrub has no keys: decrypt it with blktap first',
    });
  }
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
